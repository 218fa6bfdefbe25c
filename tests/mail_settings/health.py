"""A mailbox that has worked, and what time and the sweep do to it."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from jobs import sweep
from portal.models import MailCheck
from tests.conftest import JobRunner
from tests.mail_settings.form import checks
from tests.outbox.line import Line
from tests.people import Visitor

Clock = Callable[[timedelta], None]

WELCOME = "235 2.7.0 Accepted"
SIGN_IN = "535 5.7.8 Username and Password not accepted"
SPAM = "554 5.7.1 Message rejected as spam by content filter"
DAILY_LIMIT = "550 5.4.5 Daily user sending limit exceeded. Try again later."


def sweep_up(line: Line, run_jobs: JobRunner) -> None:
    """One round of the sweep, and what it rang for."""
    with line.app.app_context():
        sweep.run()
    run_jobs()


def warning(line: Line, email: str) -> str:
    return Visitor(line.app).sign_in(email).get("/").one("#mail-warning").text


def latest_check(app: Flask) -> MailCheck:
    return checks(app)[-1]
