"""A session ends."""

import threading
import time

import pytest

from portal.mail import wire
from portal.mail.smtp import Network, Outcome, Result, Security, Session
from tests.mail.smtp_sessions import MAIL, RECIPIENT, SENDER, account, scripted, wait_until
from tests.scripted_smtp import Fault, Play, ScriptedServer


@pytest.mark.parametrize("tls", ["ssl", "none"])
def test_abort_from_another_thread_ends_the_wait_at_once(network: Network, tls: Security) -> None:
    outcomes: list[Outcome] = []
    with ScriptedServer({"dot": Fault.SILENT}, tls) as peer:
        server = account(peer.port, tls, allow_unencrypted=True)
        with Session.open(server, network) as session:
            sending = threading.Thread(
                target=lambda: outcomes.append(session.send(SENDER, RECIPIENT, MAIL))
            )
            sending.start()
            wait_until(lambda: bool(peer.mails))
            session.abort()
            sending.join(5)
    assert outcomes[0].result is Result.unconfirmed


def test_closing_takes_leave(network: Network) -> None:
    with ScriptedServer() as peer:
        scripted(peer, network).close()
        assert peer.commands[-1] == "QUIT"


@pytest.mark.parametrize("play", [Fault.SILENT, Fault.DRIP, Fault.DROP, b"garbage\r\n"])
def test_closing_never_raises_nor_waits_long(
    network: Network, monkeypatch: pytest.MonkeyPatch, play: Play
) -> None:
    monkeypatch.setattr(wire, "COURTESY_SECONDS", 0.2)
    with ScriptedServer({"quit": play}) as peer:
        session = scripted(peer, network)
        start = time.monotonic()
        session.close()
        session.close()
    assert time.monotonic() - start < 2
