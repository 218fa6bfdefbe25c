"""Sessions with the tests' servers."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from portal.mail.smtp import Network, Outcome, Security, Server, Session, SmtpFault
from tests.scripted_smtp import Plays, ScriptedServer
from tests.smtp_server import HOST, PASSWORD, USER, MailServer

SENDER = "clinic@example.test"
RECIPIENT = "ana@example.test"
MAIL = b"Subject: Hello\r\n\r\nHello Ana\r\n"


def account(port: int, security: Security = "ssl", **changes: Any) -> Server:
    values = {"host": HOST, "username": USER, "password": PASSWORD} | changes
    return Server(port=port, security=security, **values)


def scripted(peer: ScriptedServer, network: Network) -> Session:
    return Session.open(account(peer.port, "none", allow_unencrypted=True), network)


def fault_of(peer: MailServer | ScriptedServer, network: Network, **changes: Any) -> SmtpFault:
    """Open a session that fails; give the fault."""
    options = {k: changes.pop(k) for k in ("phase_timeout", "deadline") if k in changes}
    with pytest.raises(SmtpFault) as caught:
        Session.open(account(peer.port, **({"security": peer.tls} | changes)), network, **options)
    return caught.value


def outcome_with(network: Network, plays: Mapping[str, Plays]) -> Outcome:
    with ScriptedServer(plays) as peer, scripted(peer, network) as session:
        return session.send(SENDER, RECIPIENT, MAIL)


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again, for 5 seconds."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
