"""What becomes of a mail, by what the server answers and when the connection breaks."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from jobs import deliver
from portal.mail.compose import Mail
from portal.models import AccountStatus, Contact, Purpose
from portal.outbox.rendering import Renderer
from portal.outbox.service import record
from tests.conftest import JobRunner
from tests.outbox.line import Line
from tests.scripted_smtp import Fault, ScriptedServer


def test_each_mail_is_accepted_and_the_campaign_finishes(
    line: Line, server: ScriptedServer
) -> None:
    line.launch()
    line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "sent", "cleo": "sent"}
    assert [mail.recipients for mail in server.mails] == [
        ("ana@example.com",),
        ("bea@example.com",),
        ("cleo@example.com",),
    ]
    assert line.is_finished()
    assert line.messages()["ana"].reply == "250 2.0.0 Ok: queued"
    line.assert_counters_agree()


def test_the_mails_of_a_slice_go_over_one_signed_in_session(
    line: Line, server: ScriptedServer
) -> None:
    line.launch()
    line.deliver()
    assert sum(command.startswith("AUTH") for command in server.commands) == 1


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


def test_the_pauses_grow_and_have_an_end(line: Line, server: ScriptedServer) -> None:
    server.plays["rcpt"] = "450 4.2.1 Busy"
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
    ("phase", "reply"),
    [
        ("mail", "550 5.7.1 Sender not allowed"),
        ("mail", "550 Sender not allowed"),
        ("rcpt", "550 5.7.1 Relaying denied"),
        ("rcpt", "552 5.2.2 Over quota"),
        ("data", "554 No"),
        ("dot", "554 5.6.0 Looks like spam"),
        ("dot", "550 5.1.1 Odd"),
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
    assert line.account().next_check_at is None, "signing in again would not help"


def test_a_server_that_is_away_is_tried_again_by_itself(line: Line, server: ScriptedServer) -> None:
    server.plays["banner"] = "421 4.3.2 Closing for a moment"
    line.launch()
    line.deliver()
    assert set(line.statuses().values()) == {"queued"}
    assert line.account().status is AccountStatus.FAILING
    assert line.account().next_check_at is not None


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data"])
def test_broken_before_the_final_dot_is_safe_to_try_again(
    line: Line, server: ScriptedServer, phase: str
) -> None:
    server.plays[phase] = Fault.DROP
    line.launch()
    line.deliver()
    assert line.statuses() == {"ana": "deferred", "bea": "queued", "cleo": "queued"}
    assert server.mails == []
    line.assert_counters_agree()


def test_a_server_that_was_away_for_a_moment_is_not_the_end_of_the_campaign(line: Line) -> None:
    line.configure(port=1)  # nobody listens there
    line.launch()
    line.deliver()
    assert line.account().cause == "connection_refused"
    assert line.account().next_check_at is not None


def test_a_session_that_gets_nothing_through_is_the_accounts_fault(
    line: Line, server: ScriptedServer
) -> None:
    server.plays["mail"] = "421 4.7.0 Too many connections"
    line.launch()
    line.deliver()
    assert line.statuses() == {"ana": "deferred", "bea": "queued", "cleo": "queued"}
    assert line.account().status is AccountStatus.FAILING
    assert line.account().next_check_at is not None
    assert sum(command.startswith("AUTH") for command in server.commands) == 1


def test_a_session_that_ends_after_some_mails_waits_for_the_sweep(
    line: Line, server: ScriptedServer, run_jobs: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers limit the mails of a session: that is no fault, and no reason for a storm."""
    line.launch()
    compose = Renderer.compose

    def compose_and_close_after_the_first(*arguments: Any) -> Mail:
        server.plays["mail"] = "421 4.3.2 Enough" if server.mails else "250 2.1.0 OK"
        return compose(*arguments)

    monkeypatch.setattr(Renderer, "compose", compose_and_close_after_the_first)
    line.app.extensions["queue"].flushall()
    line.deliver()
    run_jobs()  # nothing was rung for
    assert line.statuses() == {"ana": "sent", "bea": "deferred", "cleo": "queued"}
    assert line.account().status is AccountStatus.WORKING
    assert sum(command.startswith("AUTH") for command in server.commands) == 1


def test_a_mail_that_could_not_be_recorded_at_once_is_recorded_when_the_database_is_free(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.launch()
    busy = [OperationalError("UPDATE", {}, Exception("database is locked"))]

    def record_when_free(*arguments: Any) -> Any:
        if busy:
            raise busy.pop()
        return record(*arguments)

    monkeypatch.setattr(deliver, "record", record_when_free)
    line.deliver()
    assert set(line.statuses().values()) == {"sent"}
    assert server.count("ana@example.com") == 1


def test_broken_after_the_final_dot_is_unconfirmed_and_never_sent_again(
    line: Line, server: ScriptedServer
) -> None:
    server.plays["dot"] = Fault.DROP
    line.launch()
    line.deliver()
    assert line.statuses()["ana"] == "unconfirmed"
    server.plays["dot"] = "250 2.0.0 Ok: queued"
    line.time_passes(timedelta(hours=30))
    line.deliver()
    assert line.statuses() == {"ana": "unconfirmed", "bea": "sent", "cleo": "sent"}
    assert server.count("ana@example.com") <= 1
    assert line.is_finished()
    line.assert_counters_agree()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"privacy_consent": False}, "no_privacy_consent"),
        ({"marketing_consent": False}, "no_marketing_consent"),
        ({"email": "neu@example.com", "email_key": "neu@example.com"}, "address_changed"),
    ],
)
def test_what_changed_since_the_launch_is_read_before_the_envelope(
    line: Line, server: ScriptedServer, change: dict[str, object], reason: str
) -> None:
    line.launch()
    line.change(Contact, **change)
    line.deliver()
    assert set(line.statuses().values()) == {"skipped"}
    assert line.messages()["ana"].reason == reason
    assert server.mails == []
    assert line.is_finished()
    line.assert_counters_agree()


def test_who_unsubscribed_since_the_launch_gets_nothing(line: Line, server: ScriptedServer) -> None:
    line.launch()
    line.suppress("bea@example.com", Purpose.MARKETING)
    line.deliver()
    assert line.statuses() == {"ana": "sent", "bea": "skipped", "cleo": "sent"}
    assert line.messages()["bea"].reason == "unsubscribed"
