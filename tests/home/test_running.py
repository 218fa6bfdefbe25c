"""What runs, and what waits for a limit, a person or its time, stands on everybody's home page."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from portal.extensions import db
from portal.models import AccountStatus, Campaign, CampaignStatus, MailAccount
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line, launched
from tests.people import STAFF, VIEWER, Page, Visitor

pytestmark = ON_SQLITE

# A Tuesday, 10:00 in Madrid.
START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def line(app: Flask) -> Line:
    """A campaign for two that was launched."""
    return launched(app, "ana", "bea")


def home(line: Line, email: str = STAFF) -> Page:
    with time_machine.travel(START, tick=False):
        return Visitor(line.app).sign_in(email).get("/")


def running(page: Page) -> str:
    return page.texts("#running")[0].replace("\u202f", " ")


def add(line: Line, **values: object) -> None:
    with line.app.app_context():
        db.session.add(Campaign(name="Invierno", subject="s", body="b", **values))
        db.session.commit()


def test_a_running_campaign_tells_when_it_will_be_done(line: Line) -> None:
    assert running(home(line)).endswith("0 of 2 0 / 2 Less than a minute left.")


def test_a_campaign_that_waits_for_a_limit_says_so(line: Line) -> None:
    line.change(MailAccount, campaigns_wait_until=START + timedelta(hours=2))
    told = running(home(line))
    assert "The campaigns' part is used up: they go on from 12:00 PM." in told


def test_a_campaign_that_waits_for_the_mailbox_says_so(line: Line) -> None:
    line.change(MailAccount, status=AccountStatus.FAILING)
    assert "The mails wait until the mailbox works again." in running(home(line))


def test_a_paused_campaign_with_mails_left_is_told(line: Line) -> None:
    line.change(Campaign, status=CampaignStatus.PAUSED)
    page = home(line)
    assert "Otoño · 2 mails wait until it is resumed." in running(page)
    assert page.has("#running a[href='/campaigns/1']")
    line.change(Campaign, queued_count=0, sent_count=2)
    assert "Otoño" not in running(home(line))


def test_scheduled_campaigns_are_told_the_soonest_first(line: Line) -> None:
    for days in (2, 1):
        add(line, status=CampaignStatus.SCHEDULED, scheduled_at=START + timedelta(days=days))
    told = running(home(line))
    first = "Invierno · It starts by itself on Wednesday, December 2, 2026, 10:00 AM."
    second = "Invierno · It starts by itself on Thursday, December 3, 2026, 10:00 AM."
    assert f"{first} {second}" in told


def test_one_that_was_missed_is_not_said_to_start(line: Line) -> None:
    past = START - timedelta(hours=2)
    add(line, status=CampaignStatus.SCHEDULED, scheduled_at=past, missed_at=START)
    assert "Invierno" not in running(home(line))


def test_whoever_can_not_open_a_campaign_reads_of_it_without_a_link(line: Line) -> None:
    line.change(Campaign, status=CampaignStatus.PAUSED)
    page = home(line, VIEWER)
    assert "Otoño · 2 mails wait" in running(page)
    assert not page.has("#running a")
