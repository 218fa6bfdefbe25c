"""What becomes of a mail that is accepted, whose connection breaks, or that must not go out."""

from datetime import timedelta
from typing import Any

import pytest

from portal.models import AccountStatus, Contact, Purpose
from portal.outbox.journal import Journal, Unavailable
from portal.outbox.rendering import Renderer
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
    server.plays["mail"] = "421 4.3.2 Service shutting down"
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
    render = Renderer.render

    def render_and_close_after_the_first(*arguments: Any) -> bytes:
        server.plays["mail"] = "421 4.3.2 Enough" if server.mails else "250 2.1.0 OK"
        return render(*arguments)

    monkeypatch.setattr(Renderer, "render", render_and_close_after_the_first)
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
    busy, write = [Unavailable("database is locked")], Journal.write

    def write_when_free(*arguments: Any) -> None:
        if busy:
            raise busy.pop()
        write(*arguments)

    monkeypatch.setattr(Journal, "write", write_when_free)
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
