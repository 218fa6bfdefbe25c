"""Where the server offers PIPELINING, a mail's envelope goes out at once."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from portal.mail import transaction
from portal.mail.smtp import TIMEOUTS, Cause, Network, Result, Session
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account
from tests.scripted_smtp import Fault, Play, Plays, ScriptedServer

OFFER = {"ehlo": "250-mail.example.test\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN"}
LARGE = b"Subject: x\r\n\r\n" + b"x" * 20_000_000  # more than a socket takes unread
SILENCE = 0.3


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "PIPELINED_SECONDS", SILENCE)


@contextmanager
def session_with(
    network: Network,
    plays: Mapping[str, Plays] | None = None,
    *,
    pipelining: bool = True,
    **options: Any,
) -> Iterator[tuple[Session, ScriptedServer]]:
    with ScriptedServer(OFFER | dict(plays or {}), **options) as peer:
        server = account(peer.port, peer.tls, allow_unencrypted=True)
        with Session.open(server, network, pipelining=pipelining) as session:
            yield session, peer


def verbs(peer: ScriptedServer) -> list[str]:
    return [command.split()[0] for command in peer.commands[2:]]  # after EHLO and AUTH


@pytest.mark.parametrize("tls", ["ssl", "none"])
def test_the_envelope_waits_for_no_reply(network: Network, tls: str) -> None:
    replies = b"250 2.1.0 OK\r\n250 2.1.5 OK\r\n"
    plays: dict[str, Plays] = {"mail": b"", "rcpt": b"", "data": replies.decode() + "354 Go"}
    with session_with(network, plays, tls=tls) as (session, peer):
        assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
        assert peer.mails[0].content == MAIL


def test_without_the_offer_each_command_waits(network: Network) -> None:
    with ScriptedServer(discards=True) as peer:
        server = account(peer.port, "none", allow_unencrypted=True)
        with Session.open(server, network) as session:
            assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted


@pytest.mark.parametrize(
    "plays",
    [
        {"mail": b"", "rcpt": "250 2.1.0 OK\r\n250 2.1.5 OK"},
        {"rcpt": b"", "data": "250 2.1.5 OK\r\n354 Go ahead"},
        {"mail": "250-2.1.0 The sender\r\n250 2.1.0 is OK", "dot": "250-Ok\r\n250 queued"},
        {"mail": b"250 2.1", "rcpt": b".0 OK\r\n250 2.1.5", "data": " OK\r\n354 Go ahead"},
        {"mail": b"250 OK\n", "rcpt": b"250\r\n"},
    ],
)
@pytest.mark.parametrize("byte_by_byte", [True, False])
def test_replies_may_be_cut_in_any_way(
    network: Network, plays: dict[str, Plays], byte_by_byte: bool
) -> None:
    with session_with(network, plays, byte_by_byte=byte_by_byte) as (session, peer):
        outcomes = [session.send(SENDER, RECIPIENT, MAIL) for _ in range(2)]
        assert [outcome.result for outcome in outcomes] == [Result.accepted] * 2
        assert peer.count(RECIPIENT) == 2


@pytest.mark.parametrize(
    ("plays", "step"),
    [
        ({"rcpt": "450 4.2.0 Greylisted"}, "rcpt"),
        ({"rcpt": "550 5.1.1 Nobody", "data": "554 5.5.1 No valid recipients"}, "rcpt"),
        ({"rcpt": "550 5.1.1 Nobody", "data": "503 5.5.1 Need RCPT"}, "rcpt"),
        ({"mail": "451 4.3.0 Later", "rcpt": "503 No MAIL", "data": "503 No RCPT"}, "mail"),
        ({"mail": "550 5.7.1 Not yours", "data": "554 5.5.1 No"}, "mail"),
        ({"mail": "550 5.7.1 Not yours", "rcpt": "550 Nobody", "data": "354 Go"}, "mail"),
        ({"data": "451 4.3.0 Later"}, "data"),
        ({"dot": "554 5.7.1 Spam"}, "dot"),
    ],
)
def test_a_refusal_is_that_of_the_first_command_refused(
    network: Network, plays: dict[str, str], step: str
) -> None:
    with session_with(network, plays) as (session, peer):
        outcome = session.send(SENDER, RECIPIENT, MAIL)
        assert (outcome.result, outcome.step) == (Result.refused, step)
        assert outcome.reply
        assert f"{outcome.reply.code} {outcome.reply.text}" == plays[step]
        assert (outcome.cause, outcome.session_lost) == (Cause.rejected, False)
        assert verbs(peer) == ["MAIL", "RCPT", "DATA", "RSET"]
        assert not session.distrusts_pipelining


def test_a_text_asked_for_after_a_refused_recipient_is_ended_empty(network: Network) -> None:
    with session_with(network, {"rcpt": "450 4.2.0 Greylisted"}) as (session, peer):
        session.send(SENDER, "first@example.test", MAIL)
        peer.plays["rcpt"] = "250 2.1.5 OK"
        assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
        assert peer.orphans == [b""]
        assert [mail.recipients for mail in peer.mails] == [(RECIPIENT,)]


def test_nobody_gets_an_empty_mail_of_a_refused_sender(network: Network) -> None:
    with session_with(network, {"mail": "550 5.7.1 Not yours"}) as (session, peer):
        outcome = session.send(SENDER, RECIPIENT, MAIL)
        assert (outcome.result, outcome.step) == (Result.refused, "mail")
        assert outcome.session_lost
    assert peer.mails == []


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_421_at_any_step_ends_the_session(network: Network, step: str) -> None:
    with session_with(network, {step: "421 4.7.0 Closing"}) as (session, _):
        outcome = session.send(SENDER, RECIPIENT, MAIL)
        assert (outcome.result, outcome.step) == (Result.refused, step)
        assert outcome.session_lost
        assert not session.distrusts_pipelining


LIES: list[dict[str, Plays]] = [
    {"rcpt": Fault.SILENT},
    {"rcpt": b"", "data": b""},
    {"data": Fault.SILENT},
    {"rcpt": Fault.DRIP},
    {"mail": "503 5.5.1 Bad sequence of commands"},
    {"rcpt": "503 5.5.1 Need MAIL command"},
    {"data": "503 5.5.1 Need RCPT command"},
    {"mail": "554 SMTP synchronization error"},
    {"data": "554 5.5.0 Error: improper use of SMTP command pipelining"},
    {"rcpt": b"garbage\r\n"},
    {"data": "250 2.0.0 What?"},
    {"mail": "250 2.1.0 OK\r\n250 2.1.0 OK"},
    {"data": "250 2.1.5 OK\r\n354 Go ahead"},
    {"mail": Fault.DROP},
    {"rcpt": Fault.DROP},
    {"data": Fault.DROP},
]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("plays", LIES, ids=str)
def test_a_server_that_cannot_do_what_it_offers_gets_no_text_and_is_found_out(
    network: Network, plays: dict[str, Plays]
) -> None:
    with session_with(network, plays) as (session, peer):
        outcome = session.send(SENDER, RECIPIENT, MAIL)
        assert (outcome.result, outcome.session_lost) == (Result.broken, True)
        assert session.distrusts_pipelining
    assert peer.mails == []


@pytest.mark.usefixtures("impatient")
def test_a_mail_lost_in_thrown_away_commands_goes_out_one_by_one(network: Network) -> None:
    with session_with(network, discards=True) as (session, peer):
        outcome = session.send(SENDER, RECIPIENT, MAIL)
        assert (outcome.result, outcome.step) == (Result.broken, "rcpt")
        assert (outcome.cause, session.distrusts_pipelining) == (Cause.timeout, True)
        server = account(peer.port, "none", allow_unencrypted=True)
        with Session.open(server, network, pipelining=False) as careful:
            assert careful.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
            assert not careful.distrusts_pipelining
        assert peer.count(RECIPIENT) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("play", [Fault.SILENT, Fault.DROP, b"garbage\r\n"])
@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_a_refusal_stands_whatever_becomes_of_the_commands_behind_it(
    network: Network, step: str, play: Play
) -> None:
    with session_with(network, {step: "550 5.7.1 No", "data": play}) as (session, _):
        outcome = session.send(SENDER, RECIPIENT, MAIL)
        assert (outcome.result, outcome.step) == (Result.refused, step)
        assert outcome.session_lost
        assert session.distrusts_pipelining


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_server_that_took_envelopes_at_once_may_hang_up(network: Network, step: str) -> None:
    with session_with(network) as (session, peer):
        assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
        peer.plays[step] = Fault.DROP
        outcome = session.send(SENDER, RECIPIENT, MAIL)
        assert (outcome.result, outcome.cause) == (Result.broken, Cause.dropped)
        assert not session.distrusts_pipelining


@pytest.mark.usefixtures("impatient")
def test_a_server_that_begins_to_swallow_commands_is_found_out_too(network: Network) -> None:
    with session_with(network) as (session, peer):
        assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
        peer.plays["rcpt"] = Fault.SILENT
        assert session.send(SENDER, RECIPIENT, MAIL).result is Result.broken
        assert session.distrusts_pipelining


@pytest.mark.parametrize(("step", "pipelining"), [("mail", True), ("rcpt", False)])
def test_what_was_not_pipelined_is_waited_for_in_full(
    network: Network, monkeypatch: pytest.MonkeyPatch, step: str, pipelining: bool
) -> None:
    monkeypatch.setattr(transaction, "PIPELINED_SECONDS", 0.01)
    monkeypatch.setitem(TIMEOUTS, step, 0.4)
    with session_with(network, {step: Fault.SILENT}, pipelining=pipelining) as (session, _):
        start = time.monotonic()
        outcome = session.send(SENDER, RECIPIENT, MAIL)
        assert time.monotonic() - start >= 0.4
    assert (outcome.result, outcome.step) == (Result.broken, step)


def test_the_deadline_ends_the_wait_for_a_pipelined_reply(network: Network) -> None:
    with session_with(network, {"rcpt": Fault.SILENT}) as (session, _):
        start = time.monotonic()
        outcome = session.send(SENDER, RECIPIENT, MAIL, deadline=start + 0.3)
        assert time.monotonic() - start < 3
    assert (outcome.result, outcome.cause) == (Result.broken, Cause.timeout)


@pytest.mark.parametrize(("text", "result"), [(MAIL, Result.unconfirmed), (LARGE, Result.broken)])
def test_a_drop_is_in_doubt_only_after_the_final_dot(
    network: Network, text: bytes, result: Result
) -> None:
    step = "dot" if result is Result.unconfirmed else "text"
    with session_with(network, {step: Fault.DROP}) as (session, _):
        outcome = session.send(SENDER, RECIPIENT, text)
    assert (outcome.result, outcome.cause) == (result, Cause.dropped)
