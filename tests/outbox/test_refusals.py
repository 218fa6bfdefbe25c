"""What becomes of a mail that the server refuses, and of the mailbox."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.models import AccountStatus, Message
from portal.models.base import now
from tests.conftest import ON_SQLITE
from tests.outbox.line import MAILBOX, Line
from tests.scripted_smtp import Fault, ScriptedServer
from tests.smtp_server import MailServer


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "dot"])
def test_a_transient_refusal_is_tried_again_later(
    line: Line, server: ScriptedServer, phase: str
) -> None:
    server.plays[phase] = "451 4.3.0 Try again"
    line.launch()
    line.deliver()
    assert set(line.statuses().values()) == {"deferred"}
    assert not line.is_finished()
    server.plays[phase] = {"data": "354 Go ahead"}.get(phase, "250 2.0.0 OK")
    line.deliver()
    assert set(line.statuses().values()) == {"deferred"}, "not before its time"
    line.time_passes(timedelta(minutes=5))
    line.deliver()
    assert set(line.statuses().values()) == {"sent"}
    assert line.replies() == ["451 4.3.0 Try again"] * 3
    assert line.messages()["ana"].attempts == 2
    assert line.is_finished()
    line.assert_counters_agree()


@ON_SQLITE
@pytest.mark.parametrize(
    ("phase", "reply"), [("rcpt", "450 4.2.1 Busy"), ("dot", "451 4.3.0 Try again")]
)
def test_the_pauses_grow_and_have_an_end(
    line: Line, server: ScriptedServer, phase: str, reply: str
) -> None:
    server.plays[phase] = reply
    line.launch()
    line.deliver()
    minutes = []
    while (message := line.messages()["ana"]).next_attempt_at and message.status == "deferred":
        pause = message.next_attempt_at - message.status_at
        minutes.append(pause.total_seconds() / 60)
        line.time_passes(pause)
        line.deliver()
    assert 0.7 < minutes[0] < 1.3
    assert minutes[:8] == sorted(minutes[:8]), "they grow"
    assert max(minutes) <= 4 * 60 * 1.2, "to four hours"
    assert 20 * 60 < sum(minutes) < 30 * 60, "for about a day"
    assert (message.status, message.reason) == ("failed", "expired")


@ON_SQLITE
@pytest.mark.parametrize("reply", ["550 5.1.1 No such user", "550 No such user", "553 5.1.3 Bad"])
def test_a_recipient_whom_the_server_does_not_know_has_failed_alone(
    line: Line, server: ScriptedServer, reply: str
) -> None:
    server.plays["rcpt"] = reply
    line.launch()
    line.deliver()
    assert set(line.statuses().values()) == {"failed"}
    assert line.messages()["ana"].reply == reply
    assert line.account().status is AccountStatus.WORKING
    assert line.is_finished()
    line.assert_counters_agree()


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("550 5.1.1 No such user here", "failed"),
        ("452 4.2.2 Mailbox full", "deferred"),
        ("450 4.2.0 Greylisted, try again in 5 minutes", "deferred"),
    ],
)
def test_what_concerns_one_recipient_stops_nobody_else(app: Flask, reply: str, status: str) -> None:
    line = Line(app)
    with MailServer(
        tls="none", user=MAILBOX, password="secret words", refuse={"bea@example.com": reply}
    ) as server:
        line.configure(server.port)
        line.add_contacts("ana", "bea", "cleo")
        line.launch()
        line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": status, "cleo": "sent"}
    assert line.messages()["bea"].reply == reply
    assert line.account().status is AccountStatus.WORKING
    line.assert_counters_agree()


def test_a_server_that_leaves_after_an_unknown_recipient_is_no_fault_of_the_account(
    line: Line, server: ScriptedServer
) -> None:
    server.plays |= {"rcpt": "550 5.1.1 No such user", "rset": Fault.DROP}
    line.launch()
    line.deliver()
    assert line.statuses() == {"ana": "failed", "bea": "queued", "cleo": "queued"}
    assert line.account().status is AccountStatus.WORKING
    line.deliver()
    line.deliver()
    assert set(line.statuses().values()) == {"failed"}
    assert line.is_finished()


def test_no_number_of_attempts_fails_a_mail_for_the_accounts_fault(
    line: Line, server: ScriptedServer
) -> None:
    server.plays["dot"] = "554 5.6.0 Looks like spam"
    line.launch()
    line.change(Message, attempts=100)
    line.deliver()
    assert line.statuses() == {"ana": "deferred", "bea": "queued", "cleo": "queued"}


@pytest.mark.parametrize(
    ("phase", "reply"),
    [
        ("mail", "550 5.7.1 Sender not allowed"),
        ("mail", "550 Sender not allowed"),
        ("rcpt", "550 5.7.1 Relaying denied"),
        ("data", "554 No"),
        ("dot", "554 5.6.0 Looks like spam"),
    ],
)
def test_any_other_refusal_is_the_accounts_its_mails_wait_and_everybody_is_warned(
    line: Line, server: ScriptedServer, phase: str, reply: str
) -> None:
    server.plays[phase] = reply
    line.launch()
    line.deliver()
    assert line.statuses() == {"ana": "deferred", "bea": "queued", "cleo": "queued"}
    assert line.account().status is AccountStatus.FAILING
    assert line.account().reply == reply
    line.assert_counters_agree()
    line.time_passes(timedelta(hours=30))
    line.deliver()
    assert "sent" not in line.statuses().values(), "nothing goes while the account fails"
    server.plays[phase] = {"data": "354 Go ahead"}.get(phase, "250 2.0.0 OK")
    line.pass_check_of_active()
    line.deliver()
    assert set(line.statuses().values()) == {"sent"}, "and nothing expired while it waited"


def test_a_lost_sign_in_leaves_every_mail_waiting(line: Line, server: ScriptedServer) -> None:
    server.plays["auth"] = "535 5.7.8 Username and Password not accepted"
    line.launch()
    line.deliver()
    assert set(line.statuses().values()) == {"queued"}
    assert line.account().status is AccountStatus.FAILING
    assert line.account().cause == "password_refused"
    next_check = line.account().next_check_at
    assert next_check
    assert next_check - now() > timedelta(minutes=14), "repeated bad sign-ins lock accounts"


def test_a_server_that_is_away_is_tried_again_by_itself(line: Line, server: ScriptedServer) -> None:
    server.plays["banner"] = "421 4.3.2 Closing for a moment"
    line.launch()
    line.deliver()
    assert set(line.statuses().values()) == {"queued"}
    assert line.account().status is AccountStatus.FAILING
    assert line.account().next_check_at is not None
