"""One session at a time, kept by a lease; what a dead sender leaves; and stopping."""

import itertools
import threading
import time
from typing import Any
from unittest.mock import Mock

import pytest

from jobs import deliver, lease, sending, stopping, sweep
from portal.mail.diagnosis import Diagnosis, Finding
from portal.mail.smtp import Outcome, Session
from portal.models import AccountStatus, MailAccount, Message
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.outbox import claims, leases
from portal.outbox.journal import Journal, Verdict
from portal.outbox.leases import Claim, Overtaken
from portal.outbox.waiting import Lanes
from tests.conftest import JobRunner
from tests.outbox.line import Line
from tests.processes import until
from tests.scripted_smtp import ScriptedServer

FAULT = Diagnosis(Finding.content_refused, None, permanent=True, scope="content")


def test_while_a_sender_holds_the_session_another_does_nothing(
    line: Line, server: ScriptedServer
) -> None:
    line.change(MailAccount, limits={"connections": 1})
    line.launch()
    line.take()
    line.deliver()
    assert server.commands == []
    assert set(line.statuses().values()) == {"queued"}


def test_of_a_dead_sender_the_first_mail_is_in_doubt_and_the_others_go_on(
    line: Line, server: ScriptedServer
) -> None:
    line.launch()
    line.take(messages=2)
    assert line.statuses() == {"ana": "sending", "bea": "sending", "cleo": "queued"}
    line.lease_runs_out()
    line.deliver()
    assert line.statuses() == {"ana": "unconfirmed", "bea": "sent", "cleo": "sent"}
    assert line.messages()["ana"].reason == "sender_died"
    assert line.is_finished()
    line.assert_counters_agree()


def test_a_mail_that_was_deferred_before_waits_again_as_it_did(
    line: Line, server: ScriptedServer
) -> None:
    server.plays["rcpt"] = "450 4.2.1 Busy"
    line.launch()
    line.deliver()
    line.change(Message, next_attempt_at=now())
    line.take(messages=2)
    line.lease_runs_out()
    with line.app.app_context():
        assert claims.recover() == 1
    assert line.statuses() == {"ana": "unconfirmed", "bea": "deferred", "cleo": "deferred"}
    line.assert_counters_agree()


def test_a_sender_that_was_taken_over_can_record_nothing(line: Line) -> None:
    line.launch()
    with line.app.app_context():
        claim = leases.take(1, sessions=1)
        assert claim
        first, *_ = claims.claim_messages(claim, Lanes(), 2)
        line.lease_runs_out()
        claims.recover()
        with Journal(claim, settings_id=1) as journal, pytest.raises(Overtaken):
            journal.write(first, Verdict(Status.SENT, now()))
        assert not leases.renew(claim)
        claims.release(claim)
    assert line.statuses()["ana"] == "unconfirmed"
    line.assert_counters_agree()


def test_a_sender_that_slept_until_it_was_taken_over_claims_nothing(line: Line) -> None:
    line.launch()
    claim = line.take()
    line.lease_runs_out()
    with line.app.app_context():
        claims.recover()
        with pytest.raises(Overtaken):
            claims.claim_messages(claim, Lanes(), 3)
    assert set(line.statuses().values()) == {"queued"}


def test_two_senders_never_hold_one_message(line: Line) -> None:
    """Twelve threads at once want the session and its messages; one gets them."""
    line.add_contacts(*(f"p{number}" for number in range(40)))
    line.launch()
    gate = threading.Barrier(12)
    taken: list[Claim] = []
    claimed: list[int] = []

    def send() -> None:
        with line.app.app_context():
            gate.wait(20)
            if claim := leases.take(1, sessions=1):
                taken.append(claim)
                claimed.extend(row.id for row in claims.claim_messages(claim, Lanes(), 10))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken) == 1
    assert len(claimed) == len(set(claimed)) == 10


def test_the_lease_is_renewed_while_a_reply_is_waited_for(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.1)
    claim = line.take()
    line.lease_runs_out()
    with line.app.app_context(), lease.Lease(claim):
        until(line.is_lease_good, "the lease is good again")


def test_a_sender_whose_lease_got_old_begins_no_other_mail(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease.Lease, "is_held", lambda _held: len(server.mails) < 1)
    line.launch()
    line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "queued", "cleo": "queued"}


def test_a_slice_that_is_over_ends_between_two_mails_and_rings_again(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, run_jobs: JobRunner
) -> None:
    line.launch()
    monkeypatch.setattr(deliver, "SLICE_SECONDS", 0.5)
    send = Session.send

    def send_slowly(session: Session, *mail: Any, **options: Any) -> Outcome:
        time.sleep(0.6)
        return send(session, *mail, **options)

    monkeypatch.setattr(Session, "send", send_slowly)
    run_jobs()
    assert set(line.statuses().values()) == {"sent"}
    begun = [command[:4] for command in server.commands if command[:4] in ("AUTH", "MAIL")]
    assert begun.count("MAIL") == 3
    assert ["MAIL", "MAIL"] not in [list(pair) for pair in itertools.pairwise(begun)]
    line.assert_counters_agree()


def test_told_to_stop_the_sender_ends_after_the_mail_in_hand(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "requested", lambda: len(server.mails) >= 1)
    line.launch()
    line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "queued", "cleo": "queued"}
    line.assert_counters_agree()


def test_what_breaks_before_a_mail_is_handed_over_leaves_none_in_doubt(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.launch()
    with monkeypatch.context() as broken:
        broken.setattr(Journal, "standing", Mock(side_effect=RuntimeError("a fault")))
        with pytest.raises(RuntimeError):
            line.deliver()
    assert set(line.statuses().values()) == {"queued"}
    line.deliver()
    assert set(line.statuses().values()) == {"sent"}


def test_what_breaks_with_a_mail_in_hand_leaves_that_one_in_doubt(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.launch()
    with monkeypatch.context() as broken:
        broken.setattr(Journal, "write", Mock(side_effect=RuntimeError("the disk is full")))
        with pytest.raises(RuntimeError):
            line.deliver()
    line.lease_runs_out()
    line.deliver()
    assert line.statuses() == {"ana": "unconfirmed", "bea": "sent", "cleo": "sent"}
    assert server.count("ana@example.com") == 1


def test_a_fault_of_settings_that_were_replaced_meanwhile_says_nothing(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.launch()
    with ScriptedServer() as other:

        def diagnose_while_somebody_saves(*_: Any) -> Diagnosis:
            line.configure(other.port)
            return FAULT

        monkeypatch.setattr(sending, "diagnose_outcome", diagnose_while_somebody_saves)
        server.plays["dot"] = "554 5.7.1 No"
        line.deliver()
    assert line.account().status is AccountStatus.WORKING


def test_the_sweep_rings_for_what_nobody_rang_for(
    line: Line, server: ScriptedServer, run_jobs: JobRunner, queue_url: str
) -> None:
    line.launch()
    with line.app.app_context():
        line.app.extensions["queue"].flushall()
        sweep.run()
    run_jobs()
    assert set(line.statuses().values()) == {"sent"}


def test_the_sweep_takes_over_from_a_dead_sender(
    line: Line, server: ScriptedServer, run_jobs: JobRunner
) -> None:
    line.launch()
    line.take(messages=3)
    line.lease_runs_out()
    with line.app.app_context():
        sweep.run()
    run_jobs()
    assert line.statuses() == {"ana": "unconfirmed", "bea": "sent", "cleo": "sent"}
