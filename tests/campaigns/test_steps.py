"""What can be done with a campaign as it stands, and by whom."""

from collections.abc import Callable

import pytest

from portal.models import CampaignStatus
from tests.campaigns.drafts import steer, write
from tests.conftest import ON_SQLITE
from tests.outbox.line import Line
from tests.people import Visitor

STEPS = ("pause", "resume", "cancel", "retry", "unschedule")


def nothing(_staff: Visitor, _campaign: str) -> None:
    """It runs."""


def paused(staff: Visitor, campaign: str) -> None:
    steer(staff, campaign, "pause")


def cancelled(staff: Visitor, campaign: str) -> None:
    steer(staff, campaign, "cancel")


@ON_SQLITE
@pytest.mark.parametrize(
    ("prepare", "step", "words"),
    [
        (nothing, "resume", "not paused"),
        (nothing, "retry", "No mail of this campaign can be tried again"),
        (nothing, "unschedule", "does not wait for its time"),
        (nothing, "start", "launched already"),
        (paused, "pause", "not running"),
        (cancelled, "pause", "not running"),
        (cancelled, "resume", "not paused"),
        (cancelled, "cancel", "is over"),
        (cancelled, "retry", "No mail of this campaign can be tried again"),
        (cancelled, "launch", "was cancelled"),
        (cancelled, "start", "was cancelled"),
    ],
)
def test_what_does_not_fit_changes_nothing_and_says_so(
    staff: Visitor,
    line: Line,
    campaign: str,
    prepare: Callable[[Visitor, str], None],
    step: str,
    words: str,
) -> None:
    prepare(staff, campaign)
    before = line.campaign().status, line.statuses()
    page = steer(staff, campaign, step)
    assert page.status == 422
    assert words in page.one("[role=alert]").text
    assert (line.campaign().status, line.statuses()) == before


@ON_SQLITE
@pytest.mark.parametrize("step", STEPS)
def test_a_draft_can_only_be_launched(staff: Visitor, line: Line, step: str) -> None:
    draft = write(staff)
    page = steer(staff, draft, step)
    assert page.status == 422
    assert page.has("[role=alert]")
    assert line.campaign().status is CampaignStatus.DRAFT


@ON_SQLITE
def test_a_draft_that_is_to_start_is_called_what_it_is(staff: Visitor, line: Line) -> None:
    page = steer(staff, write(staff), "start")
    assert page.status == 422
    assert "is a draft" in page.one("[role=alert]").text
    assert line.campaign().status is CampaignStatus.DRAFT


@ON_SQLITE
def test_the_page_offers_what_can_be_done(staff: Visitor, line: Line, campaign: str) -> None:
    def offered() -> list[str]:
        return [str(form["action"]).rpartition("/")[2] for form in page.html.select("main form")]

    page = staff.get(campaign)
    assert offered() == ["pause", "cancel"]
    assert page.has("details #cancel-for-good")
    steer(staff, campaign, "pause")
    page = staff.get(campaign)
    assert offered() == ["resume", "cancel"]
    assert not page.has("[hx-trigger]")
    steer(staff, campaign, "cancel")
    page = staff.get(campaign)
    assert offered() == []


@ON_SQLITE
@pytest.mark.parametrize("step", [*STEPS, "start"])
def test_only_those_who_may_send_may_steer(
    viewer: Visitor, stranger: Visitor, admin: Visitor, line: Line, campaign: str, step: str
) -> None:
    before = line.campaign().status
    token = {"csrf_token": viewer.token("/")}
    assert viewer.post(f"{campaign}/{step}", token).status == 403
    token = {"csrf_token": stranger.token("/login")}
    assert stranger.post(f"{campaign}/{step}", token).location.startswith("/login")
    assert line.campaign().status is before
    assert steer(admin, campaign, step).status in (302, 422)
