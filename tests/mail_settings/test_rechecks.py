"""When the mailbox is checked again without anybody asking."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from jobs import sweep
from portal.extensions import db
from portal.mail_settings import accounts
from portal.mail_settings.accounts import Trouble
from portal.models import AccountStatus, CheckState
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings import form
from tests.mail_settings.health import (
    DAILY_LIMIT,
    SIGN_IN,
    SPAM,
    Clock,
    latest_check,
    sweep_up,
    warning,
)
from tests.outbox.line import Line
from tests.people import VIEWER, Visitor
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import MailServer

NO_ANSWER = Trouble("connection_refused", "smtp_port")
REFUSED = Trouble("password_refused", "password", SIGN_IN)
BUSY = Trouble("try_later", None, "451 4.3.0 Try again later", permanent=False)


def limit(wait: timedelta) -> Trouble:
    return Trouble("try_later", None, DAILY_LIMIT, permanent=False, wait=wait)


def pauses(line: Line, trouble: Trouble, failures: int) -> list[int]:
    """The minutes until the next check after each failure in a row."""
    found = []
    for _ in range(failures):
        with line.app.app_context():
            accounts.fails(1, trouble)
            db.session.commit()
        due = line.account().next_check_at
        found.append(round((due - datetime.now(UTC)) / timedelta(minutes=1)) if due else 0)
    return found


@ON_SQLITE
@pytest.mark.parametrize(
    ("wait", "paused"),
    [
        (timedelta(0), timedelta(minutes=1)),
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(days=400), timedelta(days=1)),
    ],
)
def test_a_limit_is_asked_about_once_a_minute_at_most_and_once_a_day_at_least(
    line: Line, wait: timedelta, paused: timedelta
) -> None:
    with line.app.app_context():
        accounts.fails(1, limit(wait))
        db.session.commit()
    until = line.account().limited_until
    assert until
    assert abs(until - datetime.now(UTC) - paused) < timedelta(seconds=30)


@ON_SQLITE
@pytest.mark.parametrize(
    ("trouble", "minutes"),
    [
        (NO_ANSWER, [1, 2, 4, 8, 16, 32, 60, 60]),
        (BUSY, [1, 2, 4, 8, 16, 32, 60, 60]),
        (accounts.PASSWORD_UNREADABLE, [1, 2, 4, 8, 16, 32, 60, 60]),
        (REFUSED, [15, 30, 60, 120, 240, 480, 960, 1440, 1440]),
    ],
)
def test_a_mailbox_that_worked_is_checked_again_with_growing_pauses(
    line: Line, trouble: Trouble, minutes: list[int]
) -> None:
    assert pauses(line, trouble, len(minutes)) == minutes


@ON_SQLITE
@pytest.mark.parametrize(
    ("trouble", "minutes"), [(NO_ANSWER, [1, 2]), (BUSY, [1, 2]), (REFUSED, [0, 0])]
)
def test_settings_that_never_worked_are_checked_again_only_if_the_trouble_may_pass(
    app: Flask, admin: Visitor, trouble: Trouble, minutes: list[int]
) -> None:
    form.save(admin)
    assert pauses(Line(app), trouble, len(minutes)) == minutes


@ON_SQLITE
def test_new_settings_that_met_a_busy_server_pass_by_themselves(
    app: Flask, admin: Visitor, run_jobs: JobRunner, clock: Clock
) -> None:
    with MailServer(refuse={form.FIELDS["email"]: "451 4.3.0 Try again later"}) as server:
        form.save_for(admin, server)
        run_jobs()
        assert form.account(app).status is AccountStatus.FAILING
        server.refuse.clear()
        clock(timedelta(minutes=2))
        sweep_up(Line(app), run_jobs)
    assert form.account(app).status is AccountStatus.WORKING


@ON_SQLITE
def test_a_working_mailbox_is_checked_every_day(
    line: Line, run_jobs: JobRunner, clock: Clock
) -> None:
    for days in range(1, 3):
        clock(timedelta(hours=23))
        sweep_up(line, run_jobs)
        assert len(form.checks(line.app)) == days
        clock(timedelta(hours=1, minutes=1))
        sweep_up(line, run_jobs)
        assert len(form.checks(line.app)) == days + 1
        assert latest_check(line.app).state is CheckState.PASSED
    assert line.account().status is AccountStatus.WORKING


@ON_SQLITE
def test_the_daily_check_finds_what_broke_before_a_mail_does(
    line: Line,
    server: ScriptedServer,
    run_jobs: JobRunner,
    clock: Clock,
) -> None:
    run_jobs()
    server.plays["auth"] = SIGN_IN
    clock(timedelta(hours=25))
    sweep_up(line, run_jobs)
    assert line.account().status is AccountStatus.FAILING
    assert "has stopped working" in warning(line, VIEWER)


@ON_SQLITE
@pytest.mark.parametrize("trouble", [None, NO_ANSWER, limit(timedelta(minutes=1))])
def test_a_recheck_whose_place_new_settings_take_is_soon_made_up_for(
    line: Line, admin: Visitor, run_jobs: JobRunner, clock: Clock, trouble: Trouble | None
) -> None:
    if trouble:
        pauses(line, trouble, 1)
    clock(timedelta(hours=25))
    with line.app.app_context():
        sweep.run()  # and before a worker comes:
    form.save(admin, smtp_server="127.0.0.1", smtp_port="1")
    run_jobs()
    assert [check.state for check in form.checks(line.app)[-2:]] == [
        CheckState.REPLACED,
        CheckState.FAILED,
    ]
    clock(timedelta(minutes=1, seconds=1))
    sweep_up(line, run_jobs)
    assert latest_check(line.app).state is CheckState.PASSED
    assert line.account().status is AccountStatus.WORKING


@ON_SQLITE
def test_who_saves_begins_with_short_pauses_again(line: Line, admin: Visitor) -> None:
    assert pauses(line, NO_ANSWER, 4)[-1] == 8
    form.save(admin)
    assert pauses(line, NO_ANSWER, 1) == [1]


@ON_SQLITE
def test_a_mailbox_that_still_fails_has_failed_since_the_first_time(line: Line) -> None:
    pauses(line, REFUSED, 1)
    since = line.account().status_since
    pauses(line, NO_ANSWER, 1)
    assert line.account().status_since == since
    assert line.account().cause == NO_ANSWER.cause


@ON_SQLITE
def test_content_that_is_refused_again_and_again_is_tried_less_and_less(
    line: Line, server: ScriptedServer, run_jobs: JobRunner, clock: Clock
) -> None:
    """Each check goes well, since a check has no content."""
    server.plays["dot"] = SPAM
    run_jobs()
    waited = []
    for _ in range(4):
        here = line.account()
        assert here.status is AccountStatus.FAILING
        assert here.next_check_at
        pause = here.next_check_at - datetime.now(UTC)
        waited.append(round(pause / timedelta(minutes=1)))
        clock(pause + timedelta(seconds=10))
        sweep_up(line, run_jobs)
    assert waited == [15, 30, 60, 120]
    assert set(line.statuses().values()) <= {"queued", "deferred"}


@ON_SQLITE
def test_a_fault_that_a_check_saw_is_forgotten_once_one_goes_well(
    line: Line, server: ScriptedServer, run_jobs: JobRunner, clock: Clock
) -> None:
    pauses(line, NO_ANSWER, 3)
    server.plays["banner"] = "421 4.3.2 Closing for a moment"
    clock(timedelta(minutes=5))
    sweep_up(line, run_jobs)
    server.plays["banner"] = "220 mail.example.test ESMTP"
    clock(timedelta(minutes=20))
    sweep_up(line, run_jobs)
    assert line.account().status is AccountStatus.WORKING
    assert line.account().failures == 0
