"""Several at once want the account: people who save, checks that end, the sweep, a sender."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import text

from jobs import mail_check
from portal.extensions import db
from portal.mail_settings import accounts, checks, rechecks, service
from portal.mail_settings.accounts import Trouble
from portal.models import AccountStatus, CheckState, MailAccount, MailCheck, SettingsState
from portal.models.base import now
from tests.conftest import ON_SQLITE
from tests.mail_settings import form
from tests.outbox.line import Line
from tests.people import ADMIN, Visitor
from tests.processes import until
from tests.scripted_smtp import ScriptedServer

T = TypeVar("T")

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Crossing:
    """Where the first who comes stays until another one waits for a lock, or is done."""

    def __init__(self, app: Flask, patch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        self._app = app
        self._passes = getattr(module, name)
        self._first = Lock()
        self._came, self._other_is_done = Event(), Event()
        patch.setattr(module, name, self._pass)

    def _pass(self, *arguments: Any, **named: Any) -> Any:
        if self._first.acquire(blocking=False):
            self._came.set()
            until(lambda: self._other_is_done.is_set() or self._somebody_waits(), "the other came")
        return self._passes(*arguments, **named)

    def _somebody_waits(self) -> bool:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with self._app.app_context(), db.engine.connect() as connection:
            return bool(connection.scalar(waiting))

    def meet(self, first: Callable[[], object], other: Callable[[], T]) -> T:
        """Begin with the first, and do the other while it stays here."""
        with ThreadPoolExecutor() as pool:
            begun = pool.submit(first)
            assert self._came.wait(20)
            try:
                return other()
            finally:
                self._other_is_done.set()
                begun.result(20)


def saving(app: Flask, port: int) -> Callable[[], object]:
    visitor = Visitor(app).sign_in(ADMIN)
    return lambda: form.save(visitor, smtp_port=str(port))


def passing(app: Flask, check: MailCheck) -> Callable[[], bool]:
    def passes() -> bool:
        with app.app_context():
            return checks.passed(check)

    return passes


def running(app: Flask) -> list[int]:
    """The settings that are being checked."""
    found = form.checks(app)
    return [check.settings_id for check in found if check.state is CheckState.RUNNING]


def states(app: Flask) -> list[SettingsState]:
    return [saved.state for saved in form.everything_saved(app)]


@ON_POSTGRESQL
def test_of_two_saves_at_once_one_is_the_candidate_and_is_checked(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    Line(app).configure(port=465)
    crossing = Crossing(app, monkeypatch, service, "new_check")
    crossing.meet(saving(app, 2525), saving(app, 2587))
    assert states(app) == [SettingsState.ACTIVE, SettingsState.RETIRED, SettingsState.CANDIDATE]
    assert running(app) == [form.last_saved(app).id]


@ON_POSTGRESQL
def test_a_check_that_ends_while_somebody_saves_was_replaced(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    Line(app).configure(port=465)
    saving(app, 587)()
    ending = passing(app, form.checks(app)[-1])
    crossing = Crossing(app, monkeypatch, service, "new_check")
    assert not crossing.meet(saving(app, 2525), ending)
    assert states(app) == [SettingsState.ACTIVE, SettingsState.RETIRED, SettingsState.CANDIDATE]
    assert running(app) == [form.last_saved(app).id]


@ON_POSTGRESQL
def test_who_saves_while_a_check_ends_saves_after_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    Line(app).configure(port=465)
    saving(app, 587)()
    ending = passing(app, form.checks(app)[-1])
    crossing = Crossing(app, monkeypatch, checks, "works")
    crossing.meet(ending, saving(app, 2525))
    assert states(app) == [SettingsState.RETIRED, SettingsState.ACTIVE, SettingsState.CANDIDATE]
    assert running(app) == [form.last_saved(app).id]
    assert form.account(app).status is AccountStatus.WORKING


@ON_POSTGRESQL
def test_nobody_who_saves_waits_for_the_launch_of_a_campaign(app: Flask) -> None:
    """Its messages refer to the account, and there may be many."""
    Line(app).configure(port=465)
    save = saving(app, 587)
    with ThreadPoolExecutor() as pool, app.app_context(), db.engine.begin() as launch:
        launch.execute(text("SELECT id FROM mail_accounts FOR KEY SHARE"))
        pool.submit(save).result(20)


def test_the_sweep_leaves_a_check_alone_that_was_saved_just_before(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(app)
    line.configure(port=465)
    line.change(MailAccount, next_check_at=now())
    save, recheck = saving(app, 587), rechecks._recheck

    def recheck_after_a_save(due: Any) -> None:
        save()
        recheck(due)

    monkeypatch.setattr(rechecks, "_recheck", recheck_after_a_save)
    with app.app_context():
        rechecks.ring_for_checks()
    assert running(app) == [form.last_saved(app).id]


def test_a_sender_that_meets_a_fault_knows_what_others_wrote_since_it_began(app: Flask) -> None:
    line = Line(app)
    line.configure(port=465)
    limit = Trouble("sending_limit", permanent=False, wait=timedelta(hours=5))
    with app.app_context():
        used = accounts.active_settings(1)
        assert used
        as_it_was = accounts.account()
        assert as_it_was
        db.session.commit()
        with app.app_context():
            accounts.stopped_working(used, limit)
        assert as_it_was.limited_until is None
        accounts.stopped_working(used, Trouble("connection_refused", "smtp_port"))
    assert line.account().status is AccountStatus.FAILING
    assert line.account().limited_until is None


@ON_SQLITE
def test_a_check_whose_place_was_taken_goes_no_further(app: Flask) -> None:
    go_on = Event()
    with ScriptedServer({"connect": go_on}, "none") as server, ThreadPoolExecutor() as pool:
        admin = Visitor(app).sign_in(ADMIN)
        here = {"smtp_server": "127.0.0.1", "smtp_port": str(server.port), "security": "none"}
        form.save(admin, allow_unencrypted="y", **here)
        begun = pool.submit(run_check, app, 1)
        until(lambda: "connect" in form.checks(app)[0].phases, "it waits for the greeting")
        form.save(admin, allow_unencrypted="y", **here)
        go_on.set()
        begun.result(20)
        assert [command.split()[0] for command in server.commands] == ["EHLO"]
    assert form.checks(app)[0].state is CheckState.REPLACED


def run_check(app: Flask, check_id: int) -> None:
    with app.app_context():
        mail_check.run(check_id)
