"""One SMTP session: find the server, connect, encrypt, greet, sign in, send.

The commands are written here rather than left to smtplib, which cannot sign in with a non-ASCII
password, waits without end for a server that drips bytes, hides a time-out behind a lost
connection, and hands over text and final dot in one piece.
"""

import base64
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from portal.mail.faults import (
    PHASES,
    Cause,
    Outcome,
    OutOfStepError,
    Reply,
    Result,
    SmtpFault,
    words,
)
from portal.mail.network import Network, connect, parse_address, resolve, tls_context
from portal.mail.transaction import TIMEOUTS, Transaction, checked_path
from portal.mail.wire import Phases, Wire

__all__ = [
    "PHASES",
    "TIMEOUTS",
    "Cause",
    "Network",
    "Outcome",
    "Reply",
    "Result",
    "Security",
    "Server",
    "Session",
    "SmtpFault",
    "words",
]

Security = Literal["ssl", "tls", "none"]


@dataclass(frozen=True)
class Server:
    """A mail server and the account on it."""

    host: str
    port: int
    security: Security
    username: str
    password: str = field(repr=False)
    allow_unencrypted: bool = False


class Session:
    """A signed-in session with a mail server; made by `open`, closed by `close` or `with`."""

    def __init__(self, server: Server, wire: Wire, phases: Phases) -> None:
        self._server = server
        self._wire = wire
        self._phases = phases
        self._features: dict[str, str] = {}

    @classmethod
    def open(
        cls,
        server: Server,
        network: Network,
        *,
        deadline: float | None = None,
        phase_timeout: float = 10.0,
        on_phase: Callable[[str, float], None] | None = None,
    ) -> Self:
        """Find, connect, secure, greet and sign in; raise SmtpFault naming the phase that failed.

        No phase takes longer than `phase_timeout` seconds nor goes past `deadline`
        (time.monotonic). `on_phase` gets each phase that ended well, with its seconds; `tls` is
        missing where the connection stays unencrypted.
        """
        context = tls_context(network.trusted_ca)
        phases = Phases(phase_timeout, deadline, on_phase)
        with phases.limit("dns") as limit:
            addresses = network.permitted_addresses(server.host, resolve(server.host, limit))
        phases.end("dns")
        with phases.limit("connect") as limit:
            addresses = network.addresses_for_port(server.host, server.port, addresses)
            wire = Wire(connect(addresses, server.port, limit))
        session = cls(server, wire, phases)
        try:
            phases.end("connect")
            session._greet(context)
            session._sign_in()
        except BaseException:
            session.abort()
            session.close()
            raise
        return session

    def probe_sender(self, address: str) -> None:
        """Offer a mail from `address` to itself without sending one; SmtpFault when refused.

        RCPT is part of it, since many servers refuse a foreign sender only there.
        """
        path = checked_path(address)
        with self._phase("sender"):
            self._positive("sender", self._wire.command(f"MAIL FROM:<{path}>"))
            self._positive("sender", self._wire.command(f"RCPT TO:<{path}>"))
            self._positive("sender", self._wire.command("RSET"))
        self._phases.end("sender")

    def send(self, envelope_sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand over one mail (7-bit content) to one recipient.

        Raises ValueError, with nothing sent, for an address that is no plain ASCII one. Any other
        exception comes from outside (an interrupted process): then the mail is in doubt, and the
        session lost.
        """
        return Transaction(self._wire).send(envelope_sender, recipient, message)

    def close(self) -> None:
        """Take leave and close the connection; never raises."""
        if not self._wire.lost:
            self._wire.courtesy("QUIT")
        self._wire.sock.close()

    def abort(self) -> None:
        """Break the connection at once, from any thread; whoever waits for a reply stops."""
        self._wire.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        with self._phases.limit(name) as limit:
            self._wire.limit = limit
            yield

    def _greet(self, context: ssl.SSLContext) -> None:
        if self._server.security == "ssl":
            with self._phase("tls"):
                self._wire.encrypt(context, self._server.host)
            self._phases.end("tls")
        with self._phase("greeting"):
            self._positive("greeting", self._wire.read())
            self._hello()
        if self._wants_starttls():
            self._start_tls(context)
        self._phases.end("greeting")

    def _wants_starttls(self) -> bool:
        offered = "STARTTLS" in self._features
        if self._server.security == "tls" and not offered:
            raise SmtpFault("tls", Cause.starttls_missing)
        return offered and not self._wire.encrypted

    def _start_tls(self, context: ssl.SSLContext) -> None:
        with self._phase("tls"):
            self._positive("tls", self._wire.command("STARTTLS"))
            self._wire.encrypt(context, self._server.host)
        self._phases.end("tls")
        with self._phase("greeting"):
            self._hello()

    def _hello(self) -> None:
        """Greet with an address literal: a practice's computer has no name that the world knows."""
        address = parse_address(self._wire.sock.getsockname()[0])
        literal = f"IPv6:{address}" if address.version == 6 else str(address)
        self._positive("greeting", self._wire.command(f"EHLO [{literal}]"))
        self._features = {}
        for line in self._wire.lines[1:]:
            keyword, _, values = line.upper().replace("=", " ", 1).partition(" ")  # AUTH=LOGIN
            self._features[keyword] = f"{self._features.get(keyword, '')} {values}"

    def _sign_in(self) -> None:
        offered = self._features.get("AUTH", "").split()
        mechanism = next((m for m in ("PLAIN", "LOGIN") if m in offered), None)
        if mechanism is None:
            raise SmtpFault("auth", Cause.auth_missing)
        if not self._wire.encrypted and not self._server.allow_unencrypted:
            raise SmtpFault("auth", Cause.unencrypted)
        with self._phase("auth"):
            self._authenticate(mechanism)
        self._phases.end("auth")

    def _authenticate(self, mechanism: str) -> None:
        """Speak SASL PLAIN (RFC 4616) or the older LOGIN, in UTF-8."""
        username, password = self._server.username, self._server.password
        plain = _base64(f"\0{username}\0{password}")
        self._wire.secrets = (plain, _base64(password), password)
        steps = {
            "PLAIN": (f"AUTH PLAIN {plain}",),
            "LOGIN": ("AUTH LOGIN", _base64(username), _base64(password)),
        }[mechanism]
        for step in steps[:-1]:
            self._positive("auth", self._wire.command(step), 3)
        self._positive("auth", self._wire.command(steps[-1]))

    @staticmethod
    def _positive(phase: str, reply: Reply, expected: int = 2) -> None:
        kind = reply.code // 100
        if kind in (4, 5):
            raise SmtpFault(phase, Cause.rejected, reply)
        if kind != expected:
            raise OutOfStepError


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
