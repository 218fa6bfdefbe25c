"""What a server offers beyond plain SMTP is used, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from portal.mail.diagnosis import Diagnosis, Finding, diagnose, diagnose_outcome
from portal.mail.smtp import Cause, Network, Outcome, Result, Session, SmtpFault
from tests.mail.played import reply
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import MailServer

ALL = ("SIZE 1000", "8BITMIME", "SMTPUTF8", "DSN")
NEW = "peña@example.test"
BODY_8BIT = "Subject: x\r\n\r\nMañana\r\n".encode()
HEADER_8BIT = "Subject: Mañana\r\n\r\nx\r\n".encode()


@contextmanager
def offering(network: Network, *extensions: str) -> Iterator[tuple[Session, ScriptedServer]]:
    """Give a session with a server that offers these."""
    lines = ["250-mail.example.test", *(f"250-{offer}" for offer in extensions), "250 AUTH PLAIN"]
    with ScriptedServer({"ehlo": "\r\n".join(lines)}) as peer:
        server = account(peer.port, "none", allow_unencrypted=True)
        with Session.open(server, network) as session:
            yield session, peer


def test_a_server_that_offers_nothing_gets_plain_commands(network: Network) -> None:
    with offering(network) as (session, peer):
        session.send(SENDER, RECIPIENT, MAIL, envelope_id="17")
        assert peer.commands[2:5] == [f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RECIPIENT}>", "DATA"]


def test_a_server_that_offers_all_gets_what_the_mail_needs(network: Network) -> None:
    with offering(network, "PIPELINING", *ALL) as (session, peer):
        session.send(SENDER, RECIPIENT, MAIL, envelope_id="17")
        assert peer.commands[2:5] == [
            f"MAIL FROM:<{SENDER}> SIZE={len(MAIL)} RET=HDRS ENVID=17",
            f"RCPT TO:<{RECIPIENT}> NOTIFY=FAILURE",
            "DATA",
        ]


@pytest.mark.parametrize(
    ("recipient", "message", "parameters"),
    [
        (NEW, MAIL, " SMTPUTF8"),
        (RECIPIENT, BODY_8BIT, " BODY=8BITMIME"),
        (RECIPIENT, HEADER_8BIT, " BODY=8BITMIME SMTPUTF8"),
        (RECIPIENT, MAIL, ""),
    ],
)
def test_other_letters_are_announced(
    network: Network, recipient: str, message: bytes, parameters: str
) -> None:
    with offering(network, "8BITMIME", "SMTPUTF8") as (session, peer):
        assert session.send(SENDER, recipient, message).result is Result.accepted
        assert peer.commands[2:4] == [f"MAIL FROM:<{SENDER}>{parameters}", f"RCPT TO:<{recipient}>"]
        assert peer.mails[0].content == message


@pytest.mark.parametrize(
    ("sender", "recipient", "message", "offered", "cause"),
    [
        (SENDER, NEW, MAIL, "8BITMIME", Cause.smtputf8_missing),
        (NEW, RECIPIENT, MAIL, "8BITMIME", Cause.smtputf8_missing),
        (SENDER, RECIPIENT, HEADER_8BIT, "8BITMIME", Cause.smtputf8_missing),
        (SENDER, RECIPIENT, BODY_8BIT, "SMTPUTF8", Cause.eight_bit_missing),
        (SENDER, RECIPIENT, MAIL, f"SIZE {len(MAIL) - 1}", Cause.too_large),
    ],
)
def test_what_a_server_does_not_offer_to_take_is_not_sent(
    network: Network, sender: str, recipient: str, message: bytes, offered: str, cause: Cause
) -> None:
    with offering(network, offered) as (session, peer):
        outcome = session.send(sender, recipient, message)
        assert outcome == Outcome(Result.refused, "mail", None, cause, session_lost=False)
        small = b"Subject: x\r\n\r\n"
        assert session.send(SENDER, RECIPIENT, small).result is Result.accepted
        assert [mail.content for mail in peer.mails] == [small]


@pytest.mark.parametrize("offered", ["SIZE", "SIZE 0", "SIZE many", f"SIZE {len(MAIL)}"])
def test_a_size_that_is_not_exceeded_stops_no_mail(network: Network, offered: str) -> None:
    with offering(network, offered) as (session, _):
        assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted


def test_the_size_has_whole_line_ends_and_no_doubled_dots(network: Network) -> None:
    with offering(network, "SIZE") as (session, peer):
        session.send(SENDER, RECIPIENT, b".\n..\n.end")
        assert peer.commands[2].endswith(f" SIZE={len(b'.|..|.end|') + 3}")
        assert peer.mails[0].content == b".\r\n..\r\n.end\r\n"


@pytest.mark.parametrize(
    ("envelope_id", "sent"),
    [
        ("<17.x@example.test>", " ENVID=<17.x@example.test>"),
        ("1+1=2 or so", " ENVID=1+2B1+3D2+20or+20so"),
        ("x" * 100, " ENVID=" + "x" * 100),
        ("x" * 101, ""),
        (None, ""),
    ],
)
def test_the_envelope_id_is_written_so_that_it_comes_back(
    network: Network, envelope_id: str | None, sent: str
) -> None:
    with offering(network, "DSN") as (session, peer):
        session.send(SENDER, RECIPIENT, MAIL, envelope_id=envelope_id)
        assert peer.commands[2] == f"MAIL FROM:<{SENDER}> RET=HDRS{sent}"


@pytest.mark.parametrize("envelope_id", ["a\r\nRSET", "ñ", "\x7f"])
def test_an_envelope_id_that_is_no_printable_ascii_reaches_no_command(
    network: Network, envelope_id: str
) -> None:
    with offering(network, "DSN") as (session, peer):
        with pytest.raises(ValueError, match="envelope id"):
            session.send(SENDER, RECIPIENT, MAIL, envelope_id=envelope_id)
        assert len(peer.commands) == 2


def test_the_sender_is_tried_as_mails_will_be_sent(network: Network) -> None:
    with offering(network, "SIZE 1000", "SMTPUTF8", "DSN") as (session, peer):
        session.probe_sender(NEW)
        assert peer.commands[2:4] == [
            f"MAIL FROM:<{NEW}> SMTPUTF8 RET=HDRS",
            f"RCPT TO:<{NEW}> NOTIFY=FAILURE",
        ]


def test_a_sender_with_letters_that_the_server_does_not_take(network: Network) -> None:
    with offering(network) as (session, peer):
        with pytest.raises(SmtpFault) as caught:
            session.probe_sender(NEW)
        assert len(peer.commands) == 2
    fault = caught.value
    assert (fault.phase, fault.cause) == ("sender", Cause.smtputf8_missing)
    assert diagnose(fault, account(465), "other").field == "email"


def test_a_server_that_others_wrote_understands(network: Network) -> None:
    with MailServer() as peer, Session.open(account(peer.port), network) as session:
        assert session.send(SENDER, RECIPIENT, BODY_8BIT).result is Result.accepted
        assert session.send(SENDER, RECIPIENT, b"x" * 40_000_000).cause is Cause.too_large
        assert [mail.content for mail in peer.mails] == [BODY_8BIT]


@pytest.mark.parametrize(
    ("cause", "finding", "scope"),
    [
        (Cause.too_large, Finding.too_large, "content"),
        (Cause.eight_bit_missing, Finding.eight_bit_missing, "content"),
        (Cause.smtputf8_missing, Finding.smtputf8_missing, "recipient"),
    ],
)
def test_what_was_not_sent_says_whom_it_concerns(
    cause: Cause, finding: Finding, scope: str
) -> None:
    outcome = Outcome(Result.refused, "mail", None, cause, session_lost=False)
    found = diagnose_outcome(outcome, "other")
    assert (found.cause, found.scope, found.permanent) == (finding, scope, True)


def test_a_no_in_the_middle_of_the_text_is_understood_as_one_to_the_text() -> None:
    refusal = reply("554 Transaction failed")
    outcome = Outcome(Result.refused, "body", refusal, Cause.rejected, session_lost=True)
    assert diagnose_outcome(outcome, "other") == Diagnosis(
        Finding.content_refused, None, permanent=True, scope="content"
    )


def test_a_server_is_reached_over_ipv6(network: Network) -> None:
    with ScriptedServer(host="::1") as peer:
        server = account(peer.port, "none", host="::1", allow_unencrypted=True)
        with Session.open(server, network) as session:
            assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
        assert peer.commands[0] == "EHLO [IPv6:::1]"
        assert peer.count(RECIPIENT) == 1
