"""A campaign that was launched, in the hands of people: paused, resumed, cancelled, tried again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event

import pytest
from flask import Flask

from jobs.campaigns import retry
from portal.campaigns import steering
from portal.models import Campaign, CampaignStatus
from tests.campaigns.drafts import status, steer
from tests.conftest import ON_SQLITE, JobRunner
from tests.outbox.line import Line
from tests.people import STAFF, Visitor
from tests.processes import until
from tests.scripted_smtp import ScriptedServer

UNKNOWN = "550 5.1.1 No such person here"


@pytest.fixture
def line(app: Flask, server: ScriptedServer) -> Line:
    """A mailbox that works and three people who may be written to: ana, bea and cleo."""
    line = Line(app)
    line.configure(server.port)
    line.add_contacts("ana", "bea", "cleo")
    return line


@contextmanager
def mail_in_hand(line: Line, server: ScriptedServer) -> Iterator[None]:
    """While the server has the first mail's text before it; the slice is over afterwards."""
    go_on = Event()
    server.plays["text"] = go_on
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(line.deliver)
        try:
            until(lambda: "DATA" in server.commands, "a mail is handed over")
            yield
        finally:
            go_on.set()
        sending.result(30)


def at_once(app: Flask, path: str, campaign: str) -> list[int]:
    """Two people press the same button; returns what each is answered."""
    visitors = [Visitor(app).sign_in(STAFF) for _ in range(2)]
    tokens = [visitor.token(campaign) for visitor in visitors]
    gate = Barrier(2)

    def press(visitor: Visitor, token: str) -> int:
        gate.wait(20)
        return visitor.post(path, {"csrf_token": token}).status

    with ThreadPoolExecutor() as pool:
        return sorted(pool.map(press, visitors, tokens))


def finish_cancelling(line: Line) -> None:
    with line.app.app_context():
        steering.finish_cancelling()


def test_a_pause_holds_the_next_mail_and_resuming_sends_the_rest(
    staff: Visitor, line: Line, server: ScriptedServer, campaign: str, run_jobs: JobRunner
) -> None:
    with mail_in_hand(line, server):
        assert steer(staff, campaign, "pause").location == campaign
        assert status(staff.get(campaign)) == "paused"
    assert line.statuses() == {"ana": "sent", "bea": "queued", "cleo": "queued"}
    line.deliver()
    run_jobs()
    assert len(server.mails) == 1
    assert steer(staff, campaign, "resume").location == campaign
    run_jobs()
    assert set(line.statuses().values()) == {"sent"}
    assert len(server.mails) == 3
    assert line.is_finished()
    line.assert_counters_agree()


def test_a_cancellation_stops_what_waits_and_leaves_what_has_gone(
    staff: Visitor, line: Line, server: ScriptedServer, campaign: str, run_jobs: JobRunner
) -> None:
    with mail_in_hand(line, server):
        assert steer(staff, campaign, "cancel").location == campaign
        assert status(staff.get(campaign)) == "cancelled"
    finish_cancelling(line)  # what the sender had claimed and put back
    assert line.statuses() == {"ana": "sent", "bea": "cancelled", "cleo": "cancelled"}
    line.deliver()
    run_jobs()
    assert len(server.mails) == 1
    page = staff.get(campaign)
    assert "1 mail had gone out. 2 were stopped." in page.text
    assert not page.has("[hx-trigger]")
    assert line.campaign().status is CampaignStatus.CANCELLED
    line.assert_counters_agree()


def test_a_paused_campaign_can_be_cancelled(staff: Visitor, line: Line, campaign: str) -> None:
    steer(staff, campaign, "pause")
    assert steer(staff, campaign, "cancel").status == 302
    assert set(line.statuses().values()) == {"cancelled"}
    line.assert_counters_agree()


def test_a_large_campaign_is_cancelled_in_portions_by_a_job(
    staff: Visitor,
    line: Line,
    campaign: str,
    run_jobs: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steering, "PORTION", 1)
    steer(staff, campaign, "cancel")
    page = staff.get(campaign)
    assert status(page) == "cancelled"
    assert "0 mails had gone out. 1 was stopped." in page.text
    assert page.has("[hx-trigger]")
    run_jobs()
    assert set(line.statuses().values()) == {"cancelled"}
    line.assert_counters_agree()


@ON_SQLITE
def test_the_sweep_goes_on_where_a_cancellation_was_interrupted(
    staff: Visitor, line: Line, campaign: str
) -> None:
    line.change(Campaign, status=CampaignStatus.CANCELLED)
    finish_cancelling(line)
    assert set(line.statuses().values()) == {"cancelled"}


def test_only_what_failed_is_tried_again(
    staff: Visitor, line: Line, server: ScriptedServer, campaign: str, run_jobs: JobRunner
) -> None:
    with mail_in_hand(line, server):
        steer(staff, campaign, "pause")
    server.plays["rcpt"] = UNKNOWN
    steer(staff, campaign, "resume")
    run_jobs()
    assert line.statuses() == {"ana": "sent", "bea": "failed", "cleo": "failed"}
    assert line.is_finished()
    server.plays["rcpt"] = "250 2.1.5 OK"
    assert steer(staff, campaign, "retry").location == campaign
    assert line.campaign().status is CampaignStatus.RUNNING
    run_jobs()
    assert set(line.statuses().values()) == {"sent"}
    assert [server.count(f"{name}@example.com") for name in ("ana", "bea", "cleo")] == [1, 1, 1]
    assert line.messages()["bea"].attempts == 2
    assert line.replies() == [UNKNOWN, UNKNOWN]
    assert line.is_finished()
    line.assert_counters_agree()


def test_many_failures_are_tried_again_in_portions(
    staff: Visitor,
    line: Line,
    server: ScriptedServer,
    campaign: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.plays["rcpt"] = UNKNOWN
    line.deliver()
    assert set(line.statuses().values()) == {"failed"}
    monkeypatch.setattr(steering, "PORTION", 1)
    assert steer(staff, campaign, "retry").status == 302
    assert line.rung("transactional") == ["jobs.campaigns.retry"], "the rest is a job's"
    with line.app.app_context():
        retry(line.campaign().id)
    assert set(line.statuses().values()) == {"queued"}
    line.assert_counters_agree()


@pytest.mark.parametrize(
    ("step", "prepare", "becomes"),
    [
        ("pause", "", CampaignStatus.PAUSED),
        ("resume", "pause", CampaignStatus.RUNNING),
        ("cancel", "", CampaignStatus.CANCELLED),
    ],
)
def test_two_people_at_once_do_it_once(
    app: Flask,
    staff: Visitor,
    line: Line,
    campaign: str,
    step: str,
    prepare: str,
    becomes: CampaignStatus,
) -> None:
    if prepare:
        steer(staff, campaign, prepare)
    assert at_once(app, f"{campaign}/{step}", campaign) == [302, 422]
    assert line.campaign().status is becomes
    line.assert_counters_agree()


def test_two_people_at_once_try_again_each_mail_once(
    app: Flask, line: Line, server: ScriptedServer, campaign: str, run_jobs: JobRunner
) -> None:
    server.plays["rcpt"] = UNKNOWN
    line.deliver()
    server.plays["rcpt"] = "250 2.1.5 OK"
    assert at_once(app, f"{campaign}/retry", campaign) == [302, 422]
    run_jobs()
    assert [server.count(f"{name}@example.com") for name in ("ana", "bea", "cleo")] == [1, 1, 1]
    line.assert_counters_agree()


@ON_SQLITE
def test_a_cancelled_campaign_tells_while_its_last_mails_are_stopped(
    staff: Visitor, line: Line, campaign: str
) -> None:
    line.change(Campaign, status=CampaignStatus.CANCELLED)
    page = staff.get(campaign)
    assert "The last ones are being stopped." in page.one("#progress").text
    assert page.has("#progress [hx-trigger*='every']")
    finish_cancelling(line)
    page = staff.get(campaign)
    assert "being stopped" not in page.text
    assert not page.has("#progress [hx-trigger*='every']")
