"""Checks that no worker begins, or that lost theirs."""

from datetime import timedelta

from flask import Flask

from jobs import sweep
from portal.mail_settings import checks
from portal.models import AccountStatus, CheckState
from tests.conftest import ON_SQLITE, JobRunner
from tests.mail_settings import form
from tests.mail_settings.health import Clock, latest_check, sweep_up
from tests.outbox.line import Line
from tests.people import Visitor
from tests.smtp_server import MailServer


def test_a_check_whose_worker_was_lost_says_nothing_of_a_mailbox_that_works(
    line: Line, run_jobs: JobRunner, clock: Clock
) -> None:
    with line.app.app_context():
        lost = checks.start_check()
        assert lost
        assert checks.begin(lost.id)
    clock(timedelta(minutes=3))
    with line.app.app_context():
        sweep.run()
    assert latest_check(line.app).cause == "check_unfinished"
    assert line.account().status is AccountStatus.WORKING
    clock(timedelta(minutes=2))
    sweep_up(line, run_jobs)
    assert latest_check(line.app).state is CheckState.PASSED, "it was soon done again"


@ON_SQLITE
def test_a_check_that_waits_for_a_worker_has_its_whole_time_once_one_comes(
    app: Flask, admin: Visitor, clock: Clock
) -> None:
    form.save(admin)
    clock(timedelta(seconds=50))
    with app.app_context():
        check = checks.begin(1)
        assert check
    clock(timedelta(seconds=45))
    with app.app_context():
        sweep.run()
    assert admin.get(form.PAGE).one("#check")["data-check-status"] == "running"
    with app.app_context():
        assert checks.passed(check)


@ON_SQLITE
def test_a_check_that_no_worker_began_is_called_unfinished_and_still_rung_for(
    app: Flask, admin: Visitor, run_jobs: JobRunner, clock: Clock
) -> None:
    with MailServer() as server:
        form.save_for(admin, server)
        app.extensions["queue"].flushall()
        clock(timedelta(seconds=61))
        assert admin.get(form.PAGE).one("#check")["data-check-status"] == "failed"
        sweep_up(Line(app), run_jobs)
    [check] = form.checks(app)
    assert check.state is CheckState.PASSED
    assert admin.get(form.PAGE).one("#check")["data-check-status"] == "passed"
