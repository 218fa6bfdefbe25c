"""Settling one mail in doubt: as sent, or by sending it again, once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from portal.extensions import db
from portal.models import Campaign, CampaignStatus, User
from portal.models import MessageStatus as Status
from portal.outbox import unconfirmed
from tests.conftest import ON_SQLITE, JobRunner
from tests.outbox.doubtful import (
    LIST,
    all_doubts,
    follow,
    names,
    press,
)
from tests.outbox.line import Line
from tests.people import Visitor
from tests.scripted_smtp import Fault, ScriptedServer


def test_sent_after_all_counts_as_sent(three: Line, staff: Visitor) -> None:
    assert "1 mail counts as sent now" in follow(staff, press(staff, "Sent after all")).text
    assert three.statuses() == {"ana": "sent", "bea": "unconfirmed", "cleo": "unconfirmed"}
    three.assert_counters_agree()
    settled, *others = all_doubts(three)
    assert (settled.settled_as, settled.settled_by_id) == (Status.SENT, 2)
    assert settled.settled_at
    assert not any(doubt.settled_at for doubt in others)
    assert names(staff.get(LIST)) == ["cleo", "bea"]


def test_send_again_sends_once_more_and_keeps_the_number_of_attempts(
    three: Line, staff: Visitor, server: ScriptedServer, run_jobs: JobRunner
) -> None:
    assert "1 mail will be sent again" in follow(staff, press(staff, "Send again")).text
    ana = three.messages()["ana"]
    assert (ana.status, ana.attempts, ana.next_attempt_at) == (Status.QUEUED, 1, None)
    assert three.campaign().status is CampaignStatus.RUNNING
    assert three.campaign().finished_at is None
    three.assert_counters_agree()
    run_jobs()  # nobody but the settling has rung
    assert [mail.recipients for mail in server.mails] == [("ana@example.com",)]
    assert three.is_finished()
    assert three.messages()["ana"].message_id == ana.message_id


def test_two_people_who_send_the_same_mail_again_send_it_once(
    three: Line, staff: Visitor, admin: Visitor, server: ScriptedServer, run_jobs: JobRunner
) -> None:
    stale = admin.get(LIST).one("form[action^='/sent/unconfirmed/1']")
    fields = {"csrf_token": str(stale.select("input")[0]["value"]), "settle": "queued"}
    press(staff, "Send again")
    run_jobs()
    answer = follow(admin, admin.post(str(stale["action"]), fields))
    assert "somebody has settled this already" in answer.text
    run_jobs()
    assert server.count("ana@example.com") == 1
    assert all_doubts(three)[0].settled_by_id == 2


def test_of_two_at_the_same_moment_one_settles_it(three: Line) -> None:
    both_ready = threading.Barrier(2)

    def settle_first(target: Status) -> int:
        with three.app.app_context():
            by = db.session.get_one(User, 2)
            db.session.commit()
            both_ready.wait(10)
            return unconfirmed.settle(1, target, by).number

    with ThreadPoolExecutor(2) as pool:
        numbers = list(pool.map(settle_first, (Status.QUEUED, Status.SENT)))
    assert sorted(numbers) == [0, 1]
    winner = (Status.QUEUED, Status.SENT)[numbers.index(1)]
    assert three.messages()["ana"].status is winner is all_doubts(three)[0].settled_as
    three.assert_counters_agree()


@ON_SQLITE
def test_a_stale_page_settles_no_newer_doubt_of_the_same_mail(
    three: Line, staff: Visitor, server: ScriptedServer
) -> None:
    stale = staff.token(LIST)
    press(staff, "Send again")
    server.plays["dot"] = Fault.DROP
    three.deliver()
    assert three.statuses()["ana"] == "unconfirmed"
    assert staff.post(f"{LIST}/1", {"csrf_token": stale, "settle": "queued"}).status == 302
    assert three.statuses()["ana"] == "unconfirmed"


@ON_SQLITE
def test_what_was_settled_stays_settled_whatever_is_pressed_later(
    three: Line, staff: Visitor
) -> None:
    token = staff.token(LIST)
    press(staff, "Sent after all")
    staff.post(f"{LIST}/1", {"csrf_token": token, "settle": "queued"})
    assert three.statuses()["ana"] == "sent"


def test_a_mail_of_a_cancelled_campaign_is_not_sent_again(three: Line, staff: Visitor) -> None:
    three.change(Campaign, status=CampaignStatus.CANCELLED)
    page = staff.get(LIST)
    assert "can't be sent again, because its campaign was cancelled" in page.text
    assert page.texts("#list section form button") == ["Sent after all"] * 3
    forced = {"csrf_token": staff.token(LIST), "settle": "queued", "newest": "3", "count": "3"}
    answer = follow(staff, staff.post(f"{LIST}/1", forced))
    assert "1 mail can't be sent again" in answer.text
    answer = follow(staff, staff.post(LIST, forced))
    assert "3 mails can't be sent again" in answer.text
    assert set(three.statuses().values()) == {"unconfirmed"}
    assert three.campaign().status is CampaignStatus.CANCELLED
    press(staff, "Sent after all", 0)
    assert set(three.statuses().values()) == {"sent"}


@ON_SQLITE
def test_a_paused_campaign_stays_paused(three: Line, staff: Visitor) -> None:
    three.change(Campaign, status=CampaignStatus.PAUSED)
    said = follow(staff, press(staff, "Send again")).text
    assert "1 mail will be sent again once its campaign is resumed." in said
    assert three.statuses()["ana"] == "queued"
    assert three.campaign().status is CampaignStatus.PAUSED
    assert "1 mail counts as sent now." in follow(staff, press(staff, "Sent after all", 2)).text


@ON_SQLITE
def test_settling_as_something_else_is_refused(three: Line, staff: Visitor) -> None:
    for path in (LIST, f"{LIST}/1"):
        assert staff.send(path, {"settle": "failed"}, LIST).status == 400
    assert staff.send(f"{LIST}/99", {"settle": "sent"}, LIST).status == 404
