"""A mail is handed over, or refused."""

from itertools import product

import pytest

from portal.mail.smtp import Cause, Network, Result, Session, SmtpFault
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account, outcome_with, scripted
from tests.scripted_smtp import Fault, Play, ScriptedServer
from tests.smtp_server import MailServer


def test_a_mail_arrives_byte_for_byte(network: Network) -> None:
    text = b"Subject: x\r\n\r\n.\r\n..two\r\n.dot\r\n\r\nend"
    with MailServer() as peer, Session.open(account(peer.port), network) as session:
        outcome = session.send(SENDER, RECIPIENT, text)
    assert (outcome.result, outcome.session_lost) == (Result.accepted, False)
    assert outcome.reply
    assert outcome.reply.text == "2.0.0 Ok: queued as 1"
    mail = peer.mails[0]
    assert (mail.envelope_sender, mail.recipients) == (SENDER, (RECIPIENT,))
    assert mail.content == text + b"\r\n"


def test_bare_line_ends_cannot_end_a_mail_early(network: Network) -> None:
    text = b"Subject: x\n\none\n.\nMAIL FROM:<evil@example.test>\r.\rtwo\n"
    with MailServer() as peer, Session.open(account(peer.port), network) as session:
        session.send(SENDER, RECIPIENT, text)
    lines = b"Subject: x||one|.|MAIL FROM:<evil@example.test>|.|two|"
    assert [mail.content for mail in peer.mails] == [lines.replace(b"|", b"\r\n")]


def test_every_mixture_of_line_ends_and_dots_arrives_as_lines(network: Network) -> None:
    pieces = (b"\r", b"\n", b"\r\n", b".", b"a")
    texts = [b"".join(some) for some in product(pieces, repeat=4)]
    with ScriptedServer() as peer, scripted(peer, network) as session:
        for text in texts:
            assert session.send(SENDER, RECIPIENT, text).result is Result.accepted
    for text, mail in zip(texts, peer.mails, strict=True):
        ends = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n") + b"\n"
        assert mail.content == ends.replace(b"\n", b"\r\n"), text


def test_a_large_mail_arrives_whole(network: Network) -> None:
    text = b"Subject: x\r\n\r\n" + b"0123456789abcdef\r\n" * 100_000
    with MailServer() as peer, Session.open(account(peer.port), network) as session:
        assert session.send(SENDER, RECIPIENT, text).result is Result.accepted
    assert peer.mails[0].content == text


@pytest.mark.parametrize(
    "plays",
    [
        {"mail": "451 4.3.0 Later"},
        {"rcpt": "450 4.2.0 Greylisted"},
        {"data": "451 4.3.0 Later"},
        {"dot": "452 4.3.1 Full"},
        {"mail": "553 5.7.1 Not yours"},
        {"rcpt": "550 5.1.1 Nobody"},
        {"data": "554 5.5.1 No"},
        {"dot": "554 5.7.1 Spam"},
    ],
)
def test_a_refusal_is_told_with_its_step_and_the_session_goes_on(
    network: Network, plays: dict[str, Play]
) -> None:
    outcome = outcome_with(network, plays)
    assert (outcome.result, outcome.step) == (Result.refused, next(iter(plays)))
    assert (outcome.cause, outcome.session_lost) == (Cause.rejected, False)
    assert outcome.reply
    assert plays[outcome.step] == f"{outcome.reply.code} {outcome.reply.text}"


def test_a_mail_goes_out_after_a_refused_one(network: Network) -> None:
    with MailServer(refuse={"no@example.test": "550 5.1.1 Nobody"}) as peer:  # noqa: SIM117
        with Session.open(account(peer.port), network) as session:
            first = session.send(SENDER, "no@example.test", MAIL)
            second = session.send(SENDER, RECIPIENT, MAIL)
    assert (first.result, second.result) == (Result.refused, Result.accepted)
    assert (peer.count(RECIPIENT), peer.count("no@example.test")) == (1, 0)


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_421_ends_the_session(network: Network, step: str) -> None:
    outcome = outcome_with(network, {step: "421 4.7.0 Closing"})
    assert (outcome.result, outcome.step) == (Result.refused, step)
    assert outcome.session_lost


@pytest.mark.parametrize(
    "address",
    [
        *("a@b.test\r\nDATA", "a@b.test\nDATA", "a@b.test> SIZE=1", "a b@c.test", ""),
        *("ñ\x85@b.test", "ñ\u2028@b.test", "ñ\u00a0@b.test", "ñ> SIZE=1@b.test", "\ud800@b.test"),
    ],
)
def test_what_is_no_address_never_reaches_a_command(network: Network, address: str) -> None:
    with ScriptedServer() as peer, scripted(peer, network) as session:
        for sender, recipient in ((address, RECIPIENT), (SENDER, address)):
            with pytest.raises(ValueError, match="address"):
                session.send(sender, recipient, MAIL)
        with pytest.raises(ValueError, match="address"):
            session.probe_sender(address)
        assert [command.split()[0] for command in peer.commands] == ["EHLO", "AUTH"]


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_a_sender_refused_at_any_command(network: Network, step: str) -> None:
    with ScriptedServer({step: "553 5.7.1 Not yours"}) as peer:  # noqa: SIM117
        with scripted(peer, network) as session, pytest.raises(SmtpFault) as caught:
            session.probe_sender(SENDER)
    fault = caught.value
    assert (fault.phase, fault.step, fault.cause) == ("sender", step, Cause.rejected)


def test_what_follows_the_accepted_sender_decides_nothing(network: Network) -> None:
    with ScriptedServer({"rset": "500 No such command"}) as peer:  # noqa: SIM117
        with scripted(peer, network) as session:
            session.probe_sender(SENDER)


def test_a_server_that_falls_silent_is_left_at_once(network: Network) -> None:
    with ScriptedServer({"rcpt": Fault.SILENT, "quit": Fault.SILENT}) as peer:
        server = account(peer.port, "none", allow_unencrypted=True)
        with (
            pytest.raises(SmtpFault),
            Session.open(server, network, phase_timeout=0.3) as session,
        ):
            session.probe_sender(SENDER)
        assert peer.commands[-1].startswith("RCPT")


def test_probing_the_sender_sends_no_mail(network: Network) -> None:
    with MailServer() as peer, Session.open(account(peer.port), network) as session:
        session.probe_sender(SENDER)
        assert session.send(SENDER, RECIPIENT, MAIL).result is Result.accepted
    assert len(peer.mails) == 1


def test_what_the_server_said_before_the_final_dot_is_not_its_answer(network: Network) -> None:
    plays: dict[str, Play] = {"data": "354 Go ahead\r\n250 2.0.0 Early", "dot": "554 5.6.0 No"}
    outcome = outcome_with(network, plays)
    assert (outcome.result, outcome.session_lost) == (Result.broken, True)
