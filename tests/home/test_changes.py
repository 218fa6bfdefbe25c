"""What a provider is about to change stands on the administrators' home page, in time."""

from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask

from portal.models import MailSettings
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line
from tests.people import ADMIN, STAFF, VIEWER, Visitor

pytestmark = ON_SQLITE

NOTICE = "Microsoft"


def home(app: Flask, provider: str, server: str, day: tuple[int, int, int], email: str) -> str:
    """The home page on a day, with a mailbox at work there."""
    line = Line(app)
    line.configure(port=587)
    line.change(MailSettings, provider=provider, smtp_server=server)
    with time_machine.travel(datetime(*day, 12, tzinfo=UTC), tick=True):
        return Visitor(app).sign_in(email).get("/").one("main").text


@pytest.mark.parametrize(
    ("provider", "server", "day", "told"),
    [
        ("microsoft365", "smtp.office365.com", (2026, 11, 22), True),
        ("microsoft365", "smtp.office365.com", (2026, 9, 2), True),
        ("microsoft365", "smtp.office365.com", (2026, 9, 1), False),
        ("microsoft365", "smtp.office365.com", (2026, 12, 30), True),
        ("microsoft365", "smtp.office365.com", (2026, 12, 31), False),
        ("other", "smtp.office365.com", (2026, 11, 22), True),
        ("other", "smtp.clinica.example.com", (2026, 11, 22), False),
        ("gmail", "smtp.gmail.com", (2026, 11, 22), False),
    ],
)
def test_the_last_120_days_before_it_those_whom_it_touches_are_told(
    app: Flask, provider: str, server: str, day: tuple[int, int, int], told: bool
) -> None:
    assert (NOTICE in home(app, provider, server, day, ADMIN)) is told


@pytest.mark.parametrize("email", [STAFF, VIEWER])
def test_nobody_but_administrators_is_told(app: Flask, email: str) -> None:
    page = home(app, "microsoft365", "smtp.office365.com", (2026, 11, 22), email)
    assert NOTICE not in page


def test_it_is_told_in_the_readers_language(app: Flask, admin: Visitor) -> None:
    admin.send("/language", {"language": "es"}, form_at="/")
    page = home(app, "microsoft365", "smtp.office365.com", (2026, 11, 22), ADMIN)
    assert "diciembre" in page


def test_before_a_mailbox_works_there_is_nothing_to_tell(app: Flask) -> None:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=True):
        page = Visitor(app).sign_in(ADMIN).get("/")
        assert page.has("#mail-warning")
        assert NOTICE not in page.one("main").text
