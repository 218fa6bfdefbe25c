"""A campaign with a time of its own: it starts by itself then, once, or asks when it is late."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from flask import Flask

from jobs import campaigns as jobs
from portal.campaigns import steering
from portal.models import AccountStatus, Campaign, CampaignStatus, Contact, MailAccount
from portal.models.base import now
from tests.campaigns.drafts import DRAFT, launch, local, messages, status, steer, write
from tests.conftest import ON_SQLITE, JobRunner
from tests.outbox.line import Line
from tests.people import Visitor

TOMORROW = timedelta(days=1)


@pytest.fixture
def february() -> Iterator[None]:
    """It is the first of February 2026."""
    with time_machine.travel(datetime(2026, 2, 1, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def scheduled(staff: Visitor, line: Line) -> str:
    """The address of a campaign that waits for tomorrow."""
    campaign = write(staff, scheduled_at=local(now() + TOMORROW))
    assert launch(staff, campaign).location == campaign
    return campaign


def time_comes(line: Line, *, late_by: timedelta = timedelta()) -> None:
    line.change(Campaign, scheduled_at=now() - late_by)


def sweep(line: Line) -> None:
    with line.app.app_context():
        steering.start_due()


def test_launching_with_a_time_sends_nothing_yet(
    staff: Visitor, line: Line, scheduled: str, run_jobs: JobRunner
) -> None:
    sweep(line)
    run_jobs()
    page = staff.get(scheduled)
    assert status(page) == "scheduled"
    assert "It starts by itself on" in page.one("#scheduled").text
    assert "that is 2 people" in page.one("#scheduled").text
    assert messages(line.app) == []


@ON_SQLITE
def test_the_number_is_confirmed_for_a_later_start_too(staff: Visitor, line: Line) -> None:
    campaign = write(staff, scheduled_at=local(now() + TOMORROW))
    assert "It starts by itself on" in staff.get(campaign).one("#launch").text
    page = launch(staff, campaign, confirm="3")
    assert page.status == 422
    assert "number of recipients has changed" in page.text
    assert status(page) == "draft"


def test_it_starts_at_its_time_for_those_who_may_get_it_then(
    staff: Visitor, line: Line, scheduled: str, run_jobs: JobRunner
) -> None:
    line.add_contacts("cleo")
    time_comes(line)
    line.configure(port=1)  # what starts is seen, nothing goes out
    sweep(line)
    run_jobs()
    assert len(messages(line.app)) == 3
    assert status(staff.get(scheduled)) == "running"
    line.assert_counters_agree()


def test_rung_for_several_times_at_once_it_starts_once(
    app: Flask, line: Line, scheduled: str
) -> None:
    time_comes(line)
    gate = Barrier(4)

    def start() -> None:
        gate.wait(20)
        with app.app_context():
            jobs.start(1)

    with ThreadPoolExecutor() as pool:
        for started in [pool.submit(start) for _ in range(4)]:
            started.result(60)
    assert len(messages(app)) == 2
    assert line.campaign().status is CampaignStatus.RUNNING
    line.assert_counters_agree()


def test_found_more_than_an_hour_late_it_asks_instead(
    staff: Visitor, line: Line, scheduled: str, run_jobs: JobRunner
) -> None:
    time_comes(line, late_by=timedelta(minutes=61))
    sweep(line)
    with line.app.app_context():
        jobs.start(1)  # a bell that rang late
    run_jobs()
    assert messages(line.app) == []
    page = staff.get(scheduled)
    assert status(page) == "scheduled"
    assert "It was to start on" in page.one("#scheduled").text
    number = str(page.one("input[name=confirm]")["value"])
    started = staff.send(f"{scheduled}/start", {"confirm": number}, form_at=scheduled)
    assert started.location == scheduled
    assert status(staff.get(scheduled)) == "running"
    assert len(messages(line.app)) == 2


@ON_SQLITE
def test_in_the_list_it_asks_too_once_its_time_was_missed(
    staff: Visitor, line: Line, scheduled: str
) -> None:
    def listed() -> str:
        return staff.get("/campaigns").one("#list tr:has([data-status=scheduled])").text

    assert "It was to start on" not in listed()
    time_comes(line, late_by=timedelta(minutes=61))
    sweep(line)
    asked = staff.get(scheduled).one("#scheduled .verdict-wait").text.strip()
    assert "Start it now, or choose another time." in asked
    assert asked in listed()


@ON_SQLITE
def test_within_the_hour_it_still_starts(line: Line, scheduled: str, run_jobs: JobRunner) -> None:
    time_comes(line, late_by=timedelta(minutes=59))
    sweep(line)
    run_jobs()
    assert len(messages(line.app)) == 2


@ON_SQLITE
@pytest.mark.parametrize("hindrance", ["mailbox", "nobody"])
def test_what_hinders_its_start_does_not_lose_it(
    line: Line, scheduled: str, run_jobs: JobRunner, hindrance: str
) -> None:
    if hindrance == "mailbox":
        line.change(MailAccount, status=AccountStatus.FAILING)
    else:
        line.change(Contact, marketing_consent=False)
    time_comes(line)
    sweep(line)
    run_jobs()
    assert line.campaign().status is CampaignStatus.SCHEDULED
    assert messages(line.app) == []
    line.change(MailAccount, status=AccountStatus.WORKING)
    line.change(Contact, marketing_consent=True)
    sweep(line)
    run_jobs()
    assert len(messages(line.app)) == 2


def test_it_can_be_started_before_its_time(staff: Visitor, line: Line, scheduled: str) -> None:
    fields = {"csrf_token": staff.token(scheduled), "confirm": "2"}
    assert staff.post(f"{scheduled}/start", fields).status == 302
    again = staff.post(f"{scheduled}/start", fields)
    assert again.status == 422
    assert "launched already" in again.text
    assert len(messages(line.app)) == 2


@ON_SQLITE
def test_a_second_launch_does_not_start_what_is_scheduled(
    staff: Visitor, line: Line, scheduled: str
) -> None:
    fields = {"csrf_token": staff.token(scheduled), "confirm": "2"}
    page = staff.post(f"{scheduled}/launch", fields)
    assert page.status == 422
    assert "scheduled already" in page.one("[role=alert]").text
    assert status(page) == "scheduled"
    assert messages(line.app) == []


@ON_SQLITE
def test_back_in_the_draft_it_waits_for_another_time(
    staff: Visitor, line: Line, scheduled: str, run_jobs: JobRunner
) -> None:
    time_comes(line, late_by=timedelta(hours=2))
    sweep(line)
    assert steer(staff, scheduled, "unschedule").location == scheduled
    page = launch(staff, scheduled)
    assert page.status == 422
    assert "has passed" in page.one("[role=alert]").text
    staff.send(scheduled, {**DRAFT, "scheduled_at": local(now() + TOMORROW)})
    launch(staff, scheduled)
    assert status(staff.get(scheduled)) == "scheduled"
    time_comes(line)
    sweep(line)
    run_jobs()
    assert len(messages(line.app)) == 2


@ON_SQLITE
def test_cancelled_before_its_time_it_never_starts(
    staff: Visitor, line: Line, scheduled: str, run_jobs: JobRunner
) -> None:
    assert steer(staff, scheduled, "cancel").location == scheduled
    time_comes(line)
    sweep(line)
    run_jobs()
    page = staff.get(scheduled)
    assert status(page) == "cancelled"
    assert "cancelled before it started" in page.text
    assert "0 of 0" not in page.text
    assert not page.has("progress, .numbers, #progress a")
    assert messages(line.app) == []


@pytest.mark.usefixtures("february")
@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-12-01T09:30", datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        ("2026-07-01T09:30", datetime(2026, 7, 1, 7, 30, tzinfo=UTC)),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # shown twice: the first
        ("2026-07-01T09:30:00", datetime(2026, 7, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_the_practices_and_kept_in_utc(
    staff: Visitor, line: Line, given: str, stored: datetime
) -> None:
    campaign = write(staff, scheduled_at=given)
    assert line.campaign().scheduled_at == stored
    assert staff.get(campaign).one("#scheduled_at")["value"] == given[:16]


@ON_SQLITE
@pytest.mark.usefixtures("february")
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("2026-01-31T09:30", "has passed"),
        ("0001-01-01T00:00", "has passed"),
        ("2027-03-01T09:30", "within the next twelve months"),
        ("9999-12-31T23:59", "within the next twelve months"),
        ("2026-03-29T02:30", "clocks go forward"),
        ("tomorrow", "a day and a time"),
        ("2026-13-01T09:30", "a day and a time"),
    ],
)
def test_a_time_that_cannot_be_is_said_on_its_field(
    staff: Visitor, line: Line, given: str, words: str
) -> None:
    page = staff.send("/campaigns/new", {**DRAFT, "scheduled_at": given})
    assert page.status == 422
    assert words in page.error("scheduled_at")
    assert page.one("#scheduled_at")["value"] == given


@ON_SQLITE
def test_the_list_tells_when_it_starts_and_no_numbers_yet(staff: Visitor, scheduled: str) -> None:
    write(staff, name="Borrador")
    page = staff.get("/campaigns")
    assert page.texts("td[data-label=Recipients]") == ["–", "–"]
    assert page.texts("td[data-label=Accepted]") == ["–", "–"]
    draft, waiting = page.texts("td[data-label=Name]")
    starts = staff.get(scheduled).texts("#scheduled > p")[1]
    assert (draft, waiting) == ("Borrador", f"Otoño {starts}")
    assert page.has(".chip-info[data-status=scheduled]")


@ON_SQLITE
def test_one_that_was_missed_looks_like_waiting_for_a_decision(
    staff: Visitor, line: Line, scheduled: str
) -> None:
    time_comes(line, late_by=timedelta(hours=2))
    sweep(line)
    for path in ("/campaigns", scheduled):
        page = staff.get(path)
        assert page.has(".chip-warning[data-status=scheduled]")
        assert "It starts by itself" not in page.text
