"""What can go wrong with a mail server, and how a mail ended."""

import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Self

PHASES = ("dns", "connect", "tls", "greeting", "auth", "sender")

# What a server replies to in setting up, and the phase that it belongs to.
PHASE_OF_STEP = {
    "banner": "greeting",
    "ehlo": "greeting",
    "starttls": "tls",
    "auth": "auth",
    "mail": "sender",
    "rcpt": "sender",
}
STEPS = (*PHASE_OF_STEP, "data", "dot")  # the last two are a mail's own


class Cause(StrEnum):
    """Why a phase or a transaction failed."""

    unknown_host = auto()
    private_address = auto()
    port_not_allowed = auto()
    refused = auto()
    timeout = auto()
    unreachable = auto()
    dropped = auto()
    not_smtp = auto()
    wrong_security = auto()
    certificate_name = auto()
    certificate_expired = auto()
    certificate_self_signed = auto()
    certificate_untrusted = auto()
    tls_failed = auto()
    authority_unreadable = auto()  # our own file of trusted authorities
    starttls_missing = auto()
    unencrypted = auto()
    auth_missing = auto()
    password_not_offered = auto()  # only a token is taken
    token_not_offered = auto()
    smtputf8_missing = auto()
    eight_bit_missing = auto()
    too_large = auto()  # for what the server offers to take
    rejected = auto()


class Result(StrEnum):
    """What became of one mail.

    `refused`: the server said no, for now or for good. `broken`: the connection ended before the
    server can have the mail. `unconfirmed`: it may have it, so that nothing is to be sent again
    without a person's word.
    """

    accepted = auto()
    refused = auto()
    broken = auto()
    unconfirmed = auto()


@dataclass(frozen=True)
class Reply:
    """A server's reply: printable text of at most 500 characters, its lines joined by a space."""

    code: int
    text: str
    enhanced: str | None


def words(reply: Reply | None) -> str | None:
    """A reply as people are shown it, code first, at most 500 characters."""
    return f"{reply.code} {reply.text}"[:500] if reply else None


@dataclass(frozen=True)
class Outcome:
    """How one transaction ended: at which of TIMEOUTS' steps, and whether the session is usable."""

    result: Result
    step: str
    reply: Reply | None
    cause: Cause | None
    session_lost: bool


class SmtpFault(Exception):
    """A phase of PHASES failed.

    When the server itself said no (Cause.rejected), `reply` is what it said, and `step` tells to
    which of STEPS. `said` are its words, also where they are no reply.
    """

    def __init__(
        self,
        phase: str,
        cause: Cause,
        reply: Reply | None = None,
        step: str | None = None,
        said: str = "",
    ) -> None:
        super().__init__(f"{phase}: {cause} {reply or ''}".rstrip())
        self.phase = phase
        self.cause = cause
        self.reply = reply
        self.step = step
        self.said = words(reply) or said or None

    @classmethod
    def rejected(cls, step: str, reply: Reply) -> Self:
        """Return the fault of a server that said no to one of PHASE_OF_STEP."""
        return cls(PHASE_OF_STEP[step], Cause.rejected, reply, step)


class OutOfStepError(ConnectionError):
    """The server sent what is no SMTP reply, or a reply where none of its kind is due.

    `said` is what it sent, as a Reply's text would have it; empty where that tells nothing.
    """

    def __init__(self, said: str = "") -> None:
        super().__init__(said)
        self.said = said


_CERTIFICATE_CAUSES = {  # OpenSSL's X509_V_ERR numbers
    9: Cause.certificate_expired,  # not yet valid: one clock or the other is wrong
    10: Cause.certificate_expired,
    18: Cause.certificate_self_signed,
    19: Cause.certificate_self_signed,  # its authority is its own, or nobody's
    62: Cause.certificate_name,
    64: Cause.certificate_name,
}
# What OpenSSL says of a peer that answers a TLS greeting in plain text.
_PLAIN_TEXT_PEER = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
_ERROR_CAUSES: tuple[tuple[type[OSError], Cause], ...] = (  # the first that fits
    (OutOfStepError, Cause.not_smtp),
    (ssl.SSLEOFError, Cause.dropped),
    (ssl.SSLZeroReturnError, Cause.dropped),
    (ssl.SSLError, Cause.tls_failed),
    (socket.gaierror, Cause.unknown_host),
    (TimeoutError, Cause.timeout),
    (ConnectionRefusedError, Cause.refused),
    (ConnectionError, Cause.dropped),
    (OSError, Cause.unreachable),
)


def cause_of(error: OSError) -> Cause:
    """Return why a connection failed; every kind of OSError has a cause."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE_CAUSES.get(error.verify_code, Cause.certificate_untrusted)
    if isinstance(error, ssl.SSLError) and error.reason in _PLAIN_TEXT_PEER:
        return Cause.wrong_security
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return Cause.unreachable  # the resolver, not the host
    return next(cause for kind, cause in _ERROR_CAUSES if isinstance(error, kind))
