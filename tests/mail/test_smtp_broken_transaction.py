"""A transaction breaks: is the mail sent again, or in doubt?"""

import signal
import time
from collections.abc import Iterator

import pytest

from portal.mail.smtp import TIMEOUTS, Cause, Network, Outcome, Result, Session
from portal.mail.transaction import Transaction
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account, outcome_with, scripted
from tests.scripted_smtp import Fault, Play, ScriptedServer
from tests.smtp_server import MailServer


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize(
    ("play", "cause"),
    [
        (Fault.DROP, Cause.dropped),
        (b"garbage\r\n", Cause.not_smtp),
        ("399 What?", Cause.not_smtp),
    ],
)
def test_what_breaks_before_the_text_is_tried_again(
    network: Network, step: str, play: Play, cause: Cause
) -> None:
    if step == "data" and play == "399 What?":
        play = "250 What?"
    outcome = outcome_with(network, {step: play})
    assert (outcome.result, outcome.step) == (Result.broken, step)
    assert (outcome.cause, outcome.session_lost) == (cause, True)


@pytest.mark.parametrize(
    ("play", "cause"),
    [
        (Fault.DROP, Cause.dropped),
        (b"garbage\r\n", Cause.not_smtp),
        (b"250\xff\r\n", Cause.not_smtp),
        ("354 What?", Cause.not_smtp),
        (b"250-Ok\r\n550 No\r\n", Cause.not_smtp),
    ],
)
def test_what_breaks_after_the_final_dot_is_never_certain(
    network: Network, play: Play, cause: Cause
) -> None:
    outcome = outcome_with(network, {"dot": play})
    assert (outcome.result, outcome.step) == (Result.unconfirmed, "dot")
    assert (outcome.cause, outcome.session_lost) == (cause, True)


@pytest.mark.parametrize(
    ("step", "result"),
    [
        ("mail", Result.broken),
        ("rcpt", Result.broken),
        ("data", Result.broken),
        ("dot", Result.unconfirmed),
    ],
)
@pytest.mark.parametrize("play", [Fault.SILENT, Fault.DRIP])
def test_no_step_waits_longer_than_its_time(
    network: Network,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    result: Result,
    play: Fault,
) -> None:
    monkeypatch.setitem(TIMEOUTS, step, 0.2)
    outcome = outcome_with(network, {step: play})
    assert (outcome.result, outcome.step) == (result, step)
    assert (outcome.cause, outcome.session_lost) == (Cause.timeout, True)


@pytest.mark.parametrize(
    ("step", "mail", "result"),
    [
        ("mail", MAIL, Result.broken),
        ("text", b"x" * 20_000_000, Result.broken),
        ("dot", MAIL, Result.unconfirmed),
    ],
)
def test_no_step_waits_past_the_deadline(
    network: Network, step: str, mail: bytes, result: Result
) -> None:
    with ScriptedServer({step: Fault.SILENT}) as peer, scripted(peer, network) as session:
        start = time.monotonic()
        outcome = session.send(SENDER, RECIPIENT, mail, deadline=start + 0.5)
    assert (outcome.result, outcome.cause) == (result, Cause.timeout)
    assert time.monotonic() - start < 3


def test_the_waiting_times_are_the_standards() -> None:
    minutes = {step: seconds / 60 for step, seconds in TIMEOUTS.items()}
    assert minutes == {"mail": 5, "rcpt": 5, "data": 2, "body": 3, "dot": 10}


def test_a_server_that_stops_reading_gets_no_final_dot(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TIMEOUTS, "body", 0.3)
    with ScriptedServer({"text": Fault.SILENT}) as peer, scripted(peer, network) as session:
        outcome = session.send(SENDER, RECIPIENT, b"x" * 20_000_000)
    assert (outcome.result, outcome.step) == (Result.broken, "body")
    assert (outcome.cause, outcome.session_lost) == (Cause.timeout, True)


def test_a_server_that_hangs_up_during_the_text_has_no_mail(network: Network) -> None:
    with ScriptedServer({"text": Fault.DROP}) as peer, scripted(peer, network) as session:
        outcome = session.send(SENDER, RECIPIENT, b"x" * 20_000_000)
    assert (outcome.result, outcome.step) == (Result.broken, "body")
    assert (outcome.cause, outcome.session_lost) == (Cause.dropped, True)


def test_a_no_in_the_middle_of_the_text_is_a_refusal_and_ends_the_session(
    network: Network,
) -> None:
    text = b"552 5.3.4 Too big\r\n"
    with ScriptedServer({"text": text}) as peer, scripted(peer, network) as session:
        outcome = session.send(SENDER, RECIPIENT, b"x" * 20_000_000)
    assert (outcome.result, outcome.step) == (Result.refused, "body")
    assert outcome.reply
    assert (outcome.reply.code, outcome.session_lost) == (552, True)
    assert peer.mails == []


def test_a_yes_in_the_middle_of_the_text_accepts_nothing(network: Network) -> None:
    text = b"250 2.0.0 Early\r\n"
    with ScriptedServer({"text": text}) as peer, scripted(peer, network) as session:
        outcome = session.send(SENDER, RECIPIENT, b"x" * 20_000_000)
    assert (outcome.result, outcome.session_lost) == (Result.broken, True)
    assert peer.mails == []


def test_a_lost_session_says_so_again(network: Network) -> None:
    with MailServer(drop_after_dot=1) as peer:  # noqa: SIM117
        with Session.open(account(peer.port), network) as session:
            first = session.send(SENDER, RECIPIENT, MAIL)
            second = session.send(SENDER, RECIPIENT, MAIL)
    assert (first.result, second.result) == (Result.unconfirmed, Result.broken)
    assert second.session_lost
    assert peer.count(RECIPIENT) == 1


def test_an_interruption_after_the_dot_leaves_the_mail_unconfirmed(
    network: Network, interrupted_read: type[Exception]
) -> None:
    with ScriptedServer({"dot": Fault.SILENT}) as peer, scripted(peer, network) as session:
        outcome = session.send(SENDER, RECIPIENT, MAIL)
    assert (outcome.result, outcome.cause) == (Result.unconfirmed, None)
    assert outcome.session_lost


@pytest.fixture
def interrupted_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Exception]]:
    """Raise from outside, by a real signal, once the reply to the dot is awaited."""

    class JobTimeout(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise JobTimeout

    before = signal.signal(signal.SIGALRM, interrupt)
    finish = Transaction._finish

    def finish_interrupted(transaction: Transaction) -> Outcome:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        return finish(transaction)

    monkeypatch.setattr(Transaction, "_finish", finish_interrupted)
    yield JobTimeout
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
