"""A permission that is about to end stands on the administrators' home page, in time."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from portal.models import MailGrant
from portal.models.base import now
from tests.conftest import ON_SQLITE
from tests.oauth.provider import MAILBOX, Issuer, sign_in
from tests.oauth_server import OAuthServer
from tests.outbox.line import Line
from tests.people import ADMIN, STAFF, Visitor

pytestmark = ON_SQLITE
NOTICE = f"The permission to send from {MAILBOX}"
DAY = 86400


def needs(app: Flask, days: int, who: str = ADMIN) -> str:
    """What the home page says some days later."""
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
        return Visitor(app).sign_in(who).get("/").text


@pytest.mark.parametrize(("days", "told"), [(22, False), (24, True)])
def test_one_that_ends_whatever_happens_is_told_a_week_ahead(
    app: Flask, admin: Visitor, provider: OAuthServer, days: int, told: bool
) -> None:
    provider.refresh_expires_in = 30 * DAY
    sign_in(admin, "google")
    Line(app).pass_check()
    assert (NOTICE in needs(app, days)) is told


@pytest.mark.parametrize(
    ("issuer", "days", "told"),
    [
        ("google", 165, False),
        ("google", 167, True),
        ("microsoft", 75, False),
        ("microsoft", 77, True),
    ],
)
def test_one_that_ends_unless_it_is_used_is_told_two_weeks_ahead(
    app: Flask, admin: Visitor, provider: OAuthServer, issuer: Issuer, days: int, told: bool
) -> None:
    sign_in(admin, issuer)
    Line(app).pass_check()
    assert (NOTICE in needs(app, days)) is told


def test_it_is_the_administrators_to_mend(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    sign_in(admin, "microsoft")
    Line(app).pass_check()
    assert NOTICE not in needs(app, 80, STAFF)


def test_one_that_has_ended_is_left_to_the_warning(
    app: Flask, admin: Visitor, provider: OAuthServer
) -> None:
    sign_in(admin, "microsoft")
    line = Line(app)
    line.pass_check()
    line.change(MailGrant, ended_at=now(), ended_cause="oauth_withdrawn")
    assert NOTICE not in needs(app, 80)
