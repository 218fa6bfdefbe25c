"""Settling all mails in doubt that a person was shown."""

import time

import pytest

from portal.extensions import db
from portal.models import Campaign, CampaignStatus, Message
from portal.outbox import unconfirmed
from tests.conftest import ON_SQLITE
from tests.outbox.doubtful import (
    LIST,
    all_doubts,
    cancel_campaign,
    follow,
    make_doubts,
    names,
    press,
    put_in_doubt,
)
from tests.outbox.line import Line
from tests.people import Visitor


@pytest.mark.parametrize(
    ("words", "status"), [("Sent after all", "sent"), ("Send again", "queued")]
)
def test_all_are_settled_at_once_in_portions(
    three: Line, staff: Visitor, monkeypatch: pytest.MonkeyPatch, words: str, status: str
) -> None:
    monkeypatch.setattr(unconfirmed, "PORTION", 2)
    assert "3 mails" in follow(staff, press(staff, words, 0)).text
    assert set(three.statuses().values()) == {status}
    assert {str(doubt.settled_as) for doubt in all_doubts(three)} == {status}
    three.assert_counters_agree()
    assert "No mail is unconfirmed" in staff.get(LIST).text


def test_nothing_is_settled_that_came_after_the_page_was_shown(line: Line, staff: Visitor) -> None:
    line.launch()
    put_in_doubt(line, 2)
    with line.app.app_context():
        shown = unconfirmed.seen(None)
    put_in_doubt(line, 1)
    fields = {"newest": shown.newest, "count": shown.count, "settle": "sent"}
    assert staff.send(LIST, fields, LIST).status == 302
    assert line.statuses() == {"ana": "sent", "bea": "sent", "cleo": "unconfirmed"}


@ON_SQLITE
@pytest.mark.parametrize(
    "change", [{"count": "2"}, {"count": ""}, {"newest": "x"}, {"newest": "2"}]
)
def test_a_number_that_is_not_what_there_is_settles_nothing(
    three: Line, staff: Visitor, change: dict[str, str]
) -> None:
    fields = {"newest": "3", "count": "3", "settle": "queued", **change}
    answer = staff.send(LIST, fields, LIST)
    assert answer.status == 422
    assert "has changed in the meantime" in answer.one("[role=alert]").text
    assert set(three.statuses().values()) == {"unconfirmed"}


def test_the_filter_narrows_the_list_and_what_is_settled_at_once(
    two_campaigns: Line, staff: Visitor
) -> None:
    of_one = f"{LIST}?campaign=1"
    assert names(staff.get(of_one)) == ["cleo", "ana"]
    assert names(staff.get(f"{LIST}?campaign=2")) == ["bea"]
    press(staff, "Sent after all", 0, of_one)
    assert two_campaigns.statuses() == {"ana": "sent", "bea": "unconfirmed", "cleo": "sent"}
    assert names(staff.get(LIST)) == ["bea"]


def test_sending_again_is_offered_for_those_whose_campaign_was_not_cancelled(
    two_campaigns: Line, staff: Visitor
) -> None:
    cancel_campaign(two_campaigns, 1)
    page = staff.get(LIST)
    assert page.texts("#settle-all button") == ["Sent after all (3)", "Send again (1)"]
    told = page.texts("#settle-all p")
    assert told[0].endswith("sends mails once more; who got theirs already gets it twice.")
    assert told[1].startswith("2 mails can't be sent again")
    said = follow(staff, press(staff, "Send again", 0)).text
    assert "1 mail will be sent again. 2 mails can't be sent again" in said
    assert two_campaigns.statuses() == {
        "ana": "unconfirmed",
        "bea": "queued",
        "cleo": "unconfirmed",
    }


@ON_SQLITE
def test_those_of_a_paused_campaign_are_told_apart(two_campaigns: Line, staff: Visitor) -> None:
    with two_campaigns.app.app_context():
        db.session.get_one(Campaign, 1).status = CampaignStatus.PAUSED
        db.session.commit()
    said = follow(staff, press(staff, "Send again", 0)).text
    assert (
        "1 mail will be sent again. 2 mails will be sent again once their campaign is resumed."
        in said
    )


@ON_SQLITE
def test_where_every_campaign_was_cancelled_nothing_is_said_of_sending_again(
    two_campaigns: Line, staff: Visitor
) -> None:
    cancel_campaign(two_campaigns, 1)
    page = staff.get(f"{LIST}?campaign=1")
    assert page.texts("#settle-all button") == ["Sent after all (2)"]
    assert "who got it already gets it twice" not in page.text
    other = staff.get(f"{LIST}?campaign=2")
    assert other.texts("#settle-all button") == ["Sent after all (1)", "Send again (1)"]
    assert "can't be sent again" not in other.text


@ON_SQLITE
def test_mails_without_a_campaign_are_settled_too(three: Line, staff: Visitor) -> None:
    three.change(Message, campaign_id=None, campaign_name="")
    three.change(Campaign, unconfirmed_count=0)
    home = staff.get("/")
    assert "3 mails to single persons may or may not have gone out" in home.text
    assert home.one("main a[href^='/sent/unconfirmed']")["href"] == LIST
    press(staff, "Send again", 0)
    assert set(three.statuses().values()) == {"queued"}


def test_thousands_are_settled_in_one_request(line: Line, staff: Visitor) -> None:
    """In many portions; the time is generous."""
    line.launch()
    make_doubts(line, 3000)
    start = time.monotonic()
    assert "3,000 mails will be sent again" in follow(staff, press(staff, "Send again", 0)).text
    assert time.monotonic() - start < 20
    assert line.campaign().queued_count == 3003
