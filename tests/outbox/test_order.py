"""What goes first, how often, and until when."""

import time
from datetime import timedelta
from typing import Any

import pytest

from jobs import deliver, sending, stopping
from portal.mail import transaction
from portal.mail.smtp import Session
from portal.models import AccountStatus, MailAccount, Message
from portal.models.base import now
from portal.outbox.rendering import Renderer
from tests.conftest import JobRunner
from tests.outbox.line import Line
from tests.scripted_smtp import Fault, ScriptedServer


def recipients(server: ScriptedServer) -> list[str]:
    return [mail.recipients[0].partition("@")[0] for mail in server.mails]


def test_a_reminder_goes_before_a_campaign(line: Line, server: ScriptedServer) -> None:
    line.launch()
    line.remind("cleo")
    line.deliver()
    assert recipients(server) == ["cleo", "ana", "bea", "cleo"]


def test_a_reminder_overtakes_a_campaign_at_the_next_mail(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.launch()
    send = Session.send

    def send_and_remind(session: Session, *mail: object, **options: object) -> object:
        if not server.mails:
            line.remind("cleo")
        return send(session, *mail, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "send", send_and_remind)
    line.deliver()
    assert recipients(server) == ["ana", "cleo", "bea", "cleo"]
    assert sum(command.startswith("AUTH") for command in server.commands) == 1
    line.assert_counters_agree()


def test_what_a_slow_server_leaves_of_a_claim_is_put_back(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.add_contacts(*(f"p{number}" for number in range(6)))
    line.launch()
    monkeypatch.setattr(sending, "LONGEST_CLAIM_SECONDS", 0.2)
    held = []
    send = Session.send

    def send_slowly(session: Session, *mail: object, **options: object) -> object:
        held.append(list(line.statuses().values()).count("sending"))
        time.sleep(0.3 if len(held) == 1 else 0)
        return send(session, *mail, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "send", send_slowly)
    line.deliver()
    assert held[:2] == [9, sending.SMALLEST_CLAIM]
    assert len(set(recipients(server))) == len(server.mails) == 9


def test_a_worker_without_bulk_sends_reminders_alone(line: Line, server: ScriptedServer) -> None:
    line.launch()
    line.remind("bea")
    with line.app.app_context():
        deliver.transactional(1)
    assert recipients(server) == ["bea"]
    assert line.campaign().queued_count == 3


def test_a_reminder_is_rung_for_where_no_campaign_is_in_the_way(
    line: Line, server: ScriptedServer, run_jobs: JobRunner
) -> None:
    line.remind("ana")
    line.ring()
    assert line.rung("transactional") == ["jobs.deliver.transactional"]
    run_jobs()
    assert line.reminders() == ["sent"]


def test_a_reminder_never_goes_out_after_the_visit(line: Line, server: ScriptedServer) -> None:
    line.remind("ana", expires_at=now() - timedelta(seconds=1))
    line.remind("bea", expires_at=now() + timedelta(hours=1))
    line.deliver()
    assert line.reminders() == ["failed", "sent"]
    assert recipients(server) == ["bea"]


def test_a_reminder_that_could_only_be_tried_again_after_the_visit_has_failed(
    line: Line, server: ScriptedServer
) -> None:
    server.plays["rcpt"] = "450 4.2.1 Busy"
    line.remind("ana", expires_at=now() + timedelta(seconds=30))
    line.deliver()
    assert line.reminders() == ["failed"]


def test_a_reminder_in_doubt_goes_out_once_more_and_only_once(
    line: Line, server: ScriptedServer
) -> None:
    server.plays["dot"] = Fault.DROP
    line.remind("ana")
    line.deliver()
    assert line.reminders() == ["deferred"]
    line.time_passes(timedelta(minutes=2))
    line.deliver()
    assert line.reminders() == ["unconfirmed"]


def test_what_a_dead_sender_had_in_hand_goes_out_once_more_where_that_is_chosen(
    line: Line, server: ScriptedServer
) -> None:
    line.remind("ana")
    line.take(messages=1)
    line.lease_runs_out()
    line.deliver()
    assert line.reminders() == ["deferred"]
    line.time_passes(timedelta(minutes=2))
    line.deliver()
    assert line.reminders() == ["sent"]
    line.change(Message, status="queued", next_attempt_at=None)
    line.take(messages=1)
    line.lease_runs_out()
    line.deliver()
    assert line.reminders() == ["unconfirmed"], "a second doubt is a person's"


def test_whether_a_kind_is_repeated_is_the_practices_choice(
    line: Line, server: ScriptedServer
) -> None:
    line.change(MailAccount, repeated_kinds={"appointment_reminder": False, "campaign": True})
    server.plays["dot"] = Fault.DROP
    line.remind("ana")
    line.deliver()
    line.launch()
    line.deliver()
    assert line.reminders() == ["unconfirmed"]
    assert line.campaign().deferred_count == 1


def test_a_connection_that_fails_is_tried_again_before_the_account_fails(
    line: Line, server: ScriptedServer
) -> None:
    server.plays["banner"] = Fault.DROP
    line.launch()
    line.deliver()
    assert server.connections == 3
    assert line.account().status is AccountStatus.FAILING
    line.deliver()
    assert server.connections == 3, "the circuit is open: only a check closes it"


def test_a_connection_that_comes_back_at_once_is_no_trouble(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, server.plays["banner"] = server.plays["banner"], Fault.DROP
    monkeypatch.setattr(time, "sleep", lambda _seconds: server.plays.update(banner=usual))
    line.launch()
    line.deliver()
    assert set(line.statuses().values()) == {"sent"}
    assert line.account().status is AccountStatus.WORKING


def test_a_server_that_ends_sessions_after_enough_mails_gets_another_at_once(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "WORTH_ANOTHER", 2)
    enough, render = ["421 4.3.2 Enough"], Renderer.render

    def render_and_close_after_two(*arguments: Any) -> bytes:
        closes = len(server.mails) == 2 and enough
        server.plays["mail"] = enough.pop() if closes else "250 2.1.0 OK"
        return render(*arguments)

    monkeypatch.setattr(Renderer, "render", render_and_close_after_two)
    line.launch()
    line.deliver()
    assert recipients(server) == ["ana", "bea", "cleo"]
    assert set(line.statuses().values()) == {"sent"}
    line.assert_counters_agree()


def test_a_session_is_renewed_after_as_many_mails_as_the_provider_likes(
    line: Line, server: ScriptedServer
) -> None:
    line.change(MailAccount, limits={"messages_per_connection": 2})
    line.launch()
    line.deliver()
    assert set(line.statuses().values()) == {"sent"}
    assert sum(command.startswith("AUTH") for command in server.commands) == 2
    assert sum(command == "QUIT" for command in server.commands) == 2


def test_a_server_that_loses_commands_sent_in_groups_gets_them_one_by_one_from_then_on(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "PIPELINED_SECONDS", 0.2)
    offer = {"ehlo": "250-mail.example.test\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN"}
    with ScriptedServer(offer, discards=True) as liar:
        line.configure(liar.port)
        line.launch()
        line.deliver()
        assert sorted(recipients(liar)) == ["ana", "bea", "cleo"]
        assert liar.connections == 2
        line.remind("ana")
        line.deliver()
        assert liar.connections == 3, "it is not tried again"
    assert set(line.statuses().values()) == {"sent"}
    assert line.account().status is AccountStatus.WORKING
    line.configure(port=1)
    assert line.account().pipelining, "another server is believed"


def test_a_server_that_loses_mail_after_mail_is_not_given_a_whole_campaign(
    line: Line, server: ScriptedServer
) -> None:
    line.add_contacts("dora", "elio")
    server.plays["dot"] = Fault.DROP
    line.launch()
    for _ in range(5):
        line.deliver()
    assert line.campaign().unconfirmed_count == 3
    assert line.account().status is AccountStatus.FAILING
    line.assert_counters_agree()


def test_told_to_stop_the_break_is_our_own_and_says_nothing_of_the_server(
    line: Line, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.plays["rcpt"] = Fault.DROP
    monkeypatch.setattr(stopping, "requested", lambda: any("RCPT" in c for c in server.commands))
    line.launch()
    line.deliver()
    assert line.statuses() == {"ana": "deferred", "bea": "queued", "cleo": "queued"}
    assert line.account().status is AccountStatus.WORKING
    assert line.account().pipelining


def test_a_mail_whose_text_is_cut_off_again_is_not_the_mailboxs_fault(
    line: Line, server: ScriptedServer
) -> None:
    server.plays["text"] = Fault.DROP
    # More than the sockets on the way hold: whoever wrote all of it could not tell.
    line.remind("ana", "${nombre}", template_values={"first_name": "Ana " * 1_000_000})
    line.deliver()
    assert line.account().status is AccountStatus.FAILING, "the first time nobody can know"
    line.pass_check_of_active()
    line.time_passes(timedelta(hours=1))
    line.deliver()
    assert line.reminders() == ["deferred"]
    assert line.account().status is AccountStatus.WORKING


def test_a_repeated_reminder_that_is_too_late_may_still_have_gone_out(
    line: Line, server: ScriptedServer
) -> None:
    line.remind("ana", expires_at=now() - timedelta(seconds=1), repeats=1)
    line.deliver()
    assert line.reminders() == ["unconfirmed"]
