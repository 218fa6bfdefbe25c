"""One SMTP session: find the server, connect, encrypt, greet, sign in, send.

The commands are written here rather than left to smtplib, which cannot sign in with a non-ASCII
password, waits without end for a server that drips bytes, hides a time-out behind a lost
connection, and hands over text and final dot in one piece.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from portal.mail.envelope import Envelope
from portal.mail.extensions import Extensions
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
from portal.mail.network import (
    Network,
    Place,
    Security,
    address_literal,
    connect,
    resolve,
    tls_context,
)
from portal.mail.sign_in import authenticate, mechanism_of, missing
from portal.mail.transaction import TIMEOUTS, Pipelining, Transaction
from portal.mail.wire import Phases, Wire

__all__ = [
    "PHASES",
    "TIMEOUTS",
    "Cause",
    "Network",
    "Outcome",
    "Place",
    "Reply",
    "Result",
    "Security",
    "Server",
    "Session",
    "SmtpFault",
    "words",
]


@dataclass(frozen=True)
class Server:
    """A mail server and the account on it; with an access token (OAuth 2.0), no password."""

    host: str
    port: int
    security: Security
    username: str
    password: str = field(repr=False)
    allow_unencrypted: bool = False
    access_token: str | None = field(default=None, repr=False)


class Session:
    """A session with a mail server, closed by `close` or `with`; `open` gives a signed-in one."""

    def __init__(self, place: Place, wire: Wire, phases: Phases) -> None:
        self._place = place
        self._wire = wire
        self._phases = phases
        self._offered = Extensions()
        self._pipelining = Pipelining()

    @classmethod
    def open(
        cls,
        server: Server,
        network: Network,
        *,
        deadline: float = math.inf,
        phase_timeout: float = 10.0,
        on_phase: Callable[[str, float], None] | None = None,
        pipelining: bool = True,
    ) -> Self:
        """Find, connect, secure, greet and sign in; raise SmtpFault naming the phase that failed.

        No phase takes longer than `phase_timeout` seconds nor goes past `deadline`
        (time.monotonic). `on_phase` gets each phase that ended well, with its seconds; `tls` is
        missing where the connection stays unencrypted. Without `pipelining` each command waits for
        the reply to the one before, whatever the server offers.
        """
        session = cls._connect(server, network, Phases(phase_timeout, deadline, on_phase))
        session._pipelining.wanted = pipelining
        try:
            session._greet(network)
            session._sign_in(server)
        except BaseException:
            session.abort()
            session.close()
            raise
        return session

    @classmethod
    def reach(
        cls, place: Place, network: Network, *, deadline: float, by_token: bool = False
    ) -> bool:
        """Go as far as the greeting and leave; raise SmtpFault naming the phase that failed.

        Returns whether a password, or else a token, could be sent there: over an encrypted
        connection, to a server that offers a sign-in with one. Nothing is awaited past `deadline`
        (time.monotonic).
        """
        with cls._connect(place, network, Phases(math.inf, deadline, None)) as session:
            session._greet(network)
            mechanism = mechanism_of(session._offered.mechanisms, by_token=by_token)
            return session._wire.encrypted and mechanism is not None

    @classmethod
    def _connect(cls, place: Place, network: Network, phases: Phases) -> Self:
        with phases.limit("dns") as limit:
            addresses = network.permitted_addresses(place.host, resolve(place.host, limit))
        phases.end("dns")
        with phases.limit("connect") as limit:
            addresses = network.addresses_for_port(place.host, place.port, addresses)
            wire = Wire(connect(addresses, place.port, limit))
        return cls(place, wire, phases)

    def probe_sender(self, address: str) -> None:
        """Offer a mail from `address` to itself without sending one; SmtpFault when refused.

        RCPT is part of it, since many servers refuse a foreign sender only there.
        """
        envelope = Envelope(address, address, b"")
        if cause := envelope.obstacle(self._offered):
            raise SmtpFault("sender", cause)
        with self._phase("sender"):
            for step, command in envelope.commands(self._offered).items():
                self._positive(step, self._wire.command(command))
            self._wire.command("RSET")  # whatever it says, the sender was accepted
        self._phases.end("sender")

    def send(
        self,
        envelope_sender: str,
        recipient: str,
        message: bytes,
        *,
        deadline: float = math.inf,
        envelope_id: str | None = None,
    ) -> Outcome:
        """Hand over one mail to one recipient; fastest in CRLF lines that begin with no dot.

        No step is awaited longer than TIMEOUTS has it, nor past `deadline` (time.monotonic). Where
        the server lacks what the mail needs, that is the cause of a refusal without a reply, and
        nothing was sent. `envelope_id` comes back in delivery reports. Raises ValueError, with
        nothing sent, for what can't stand in a command. Any other exception comes from outside (an
        interrupted process): then the mail is in doubt, and the session lost.
        """
        transaction = Transaction(self._wire, self._offered, self._pipelining, deadline)
        return transaction.send(envelope_sender, recipient, message, envelope_id)

    @property
    def distrusts_pipelining(self) -> bool:
        """Tell whether an envelope broke as if the server can't do it: open the next without."""
        return self._pipelining.distrusted

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

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        with self._phases.limit(name) as limit:
            self._wire.limit = limit
            try:
                yield
            except OSError:
                self._wire.abort()  # who is silent or gone is not waited for when taking leave
                raise

    def _greet(self, network: Network) -> None:
        self._phases.end("connect")
        if self._place.security == "ssl":
            with self._phase("tls"):
                self._wire.encrypt(tls_context(network.trusted_ca), self._place.host)
            self._phases.end("tls")
        with self._phase("greeting"):
            self._positive("banner", self._wire.read())
            self._hello()
        if self._wants_starttls():
            self._start_tls(network)
        self._phases.end("greeting")

    def _wants_starttls(self) -> bool:
        offered = "STARTTLS" in self._offered
        if self._place.security == "tls" and not offered:
            raise SmtpFault("tls", Cause.starttls_missing)
        return offered and not self._wire.encrypted

    def _start_tls(self, network: Network) -> None:
        with self._phase("tls"):
            context = tls_context(network.trusted_ca)
            self._positive("starttls", self._wire.command("STARTTLS"))
            self._wire.encrypt(context, self._place.host)
        self._phases.end("tls")
        with self._phase("greeting"):
            self._hello()

    def _hello(self) -> None:
        """Greet with an address literal: a practice's computer has no name that the world knows."""
        command = f"EHLO {address_literal(self._wire.sock)}"
        self._positive("ehlo", self._wire.command(command))
        self._offered = Extensions(self._wire.lines[1:])

    def _sign_in(self, server: Server) -> None:
        by_token = server.access_token is not None
        mechanism = mechanism_of(self._offered.mechanisms, by_token=by_token)
        if mechanism is None:
            raise SmtpFault("auth", missing(self._offered.mechanisms, by_token=by_token))
        if not self._wire.encrypted and not server.allow_unencrypted:
            raise SmtpFault("auth", Cause.unencrypted)
        with self._phase("auth"):
            secret = server.access_token or server.password
            authenticate(self._wire, mechanism, server.username, secret)
        self._phases.end("auth")

    @staticmethod
    def _positive(step: str, reply: Reply) -> None:
        if reply.code >= 400:
            raise SmtpFault.rejected(step, reply)
        if reply.code >= 300:
            raise OutOfStepError(words(reply) or "")
