"""What a fault means: its cause, the field to correct, whether waiting helps."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Literal, Protocol

from portal.mail.smtp import Outcome, Reply, Result, Security, SmtpFault

Scope = Literal["account", "recipient", "content"]


class Finding(StrEnum):
    """The stable codes of causes; each has its sentence in the translations."""

    unknown_host = auto()
    name_lookup_failed = auto()
    private_address = auto()
    port_not_allowed = auto()
    connection_refused = auto()
    connection_timeout = auto()
    unreachable = auto()
    connection_lost = auto()
    server_silent = auto()
    not_smtp = auto()
    wrong_security = auto()
    starttls_missing = auto()
    tls_failed = auto()
    certificate_name = auto()
    certificate_expired = auto()
    certificate_untrusted = auto()
    server_refused = auto()
    try_later = auto()
    unencrypted = auto()
    encryption_required = auto()
    auth_missing = auto()
    password_sign_in_gone = auto()
    password_refused = auto()
    sender_refused = auto()
    recipient_refused = auto()
    delivery_refused = auto()
    content_refused = auto()
    unconfirmed = auto()


@dataclass(frozen=True)
class Diagnosis:
    """`field` is the form field to correct (None: no field mends it).

    `permanent` says that waiting won't help, `scope` whom it concerns.
    """

    cause: Finding
    field: str | None
    permanent: bool
    scope: Scope = "account"


class ServerLike(Protocol):
    """What a diagnosis needs to know of a server; no password among it."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def security(self) -> Security: ...


_TRY_LATER = Diagnosis(Finding.try_later, None, permanent=False)
_LOST = Diagnosis(Finding.connection_lost, None, permanent=False)
_NO_PASSWORDS = Diagnosis(Finding.password_sign_in_gone, "password", permanent=True)
_NO_MECHANISM = Diagnosis(Finding.auth_missing, None, permanent=True)
_ENCRYPT = Diagnosis(Finding.encryption_required, "security", permanent=True)
_SILENT = Diagnosis(Finding.server_silent, "security", permanent=True)

# Faults by what is known of them, the closest fit first: see _fault_keys and _reply_keys.
_FAULTS: dict[tuple[str, ...], Diagnosis] = {
    ("unknown_host",): Diagnosis(Finding.unknown_host, "smtp_server", permanent=True),
    ("private_address",): Diagnosis(Finding.private_address, "smtp_server", permanent=True),
    ("dns", "timeout"): Diagnosis(Finding.name_lookup_failed, None, permanent=False),
    ("dns", "unreachable"): Diagnosis(Finding.name_lookup_failed, None, permanent=False),
    ("port_not_allowed",): Diagnosis(Finding.port_not_allowed, "smtp_port", permanent=True),
    ("refused",): Diagnosis(Finding.connection_refused, "smtp_port", permanent=True),
    ("connect", "timeout"): Diagnosis(Finding.connection_timeout, "smtp_port", permanent=False),
    ("unreachable",): Diagnosis(Finding.unreachable, None, permanent=False),
    ("timeout",): Diagnosis(Finding.server_silent, None, permanent=False),
    ("dropped",): _LOST,
    # A server that waits for TLS says nothing to a client that waits for its banner.
    ("greeting", "timeout", "tls"): _SILENT,
    ("greeting", "timeout", "none"): _SILENT,
    ("wrong_security",): Diagnosis(Finding.wrong_security, "security", permanent=True),
    ("not_smtp",): Diagnosis(Finding.not_smtp, "security", permanent=True),
    ("starttls_missing",): Diagnosis(Finding.starttls_missing, "security", permanent=True),
    ("tls_failed",): Diagnosis(Finding.tls_failed, None, permanent=True),
    ("certificate_name",): Diagnosis(Finding.certificate_name, "smtp_server", permanent=True),
    ("certificate_expired",): Diagnosis(Finding.certificate_expired, None, permanent=True),
    ("certificate_untrusted",): Diagnosis(
        Finding.certificate_untrusted, "smtp_server", permanent=True
    ),
    ("unencrypted",): Diagnosis(Finding.unencrypted, "allow_unencrypted", permanent=True),
    ("auth_missing",): _NO_MECHANISM,
    # Many servers offer sign-in only once the connection is encrypted.
    ("auth", "auth_missing", "none"): _ENCRYPT,
    ("auth", "auth_missing", "hotmail"): Diagnosis(
        Finding.password_sign_in_gone, None, permanent=True
    ),
    ("4",): _TRY_LATER,
    ("5",): Diagnosis(Finding.server_refused, None, permanent=True),
    ("auth", "504"): _NO_MECHANISM,
    ("auth", "530"): _ENCRYPT,
    ("auth", "538"): _ENCRYPT,
    ("auth", "5"): Diagnosis(Finding.password_refused, "password", permanent=True),
    ("auth", "5", "hotmail"): _NO_PASSWORDS,
    ("sender", "5"): Diagnosis(Finding.sender_refused, "email", permanent=True),
    # Full mailboxes and used-up quotas pass; no field mends them.
    ("sender", "552"): _TRY_LATER,
    ("sender", "5.2.2"): _TRY_LATER,
    ("sender", "5.4.5"): _TRY_LATER,
}

# Mails not accepted, by result and step of the transaction.
_OUTCOMES: dict[tuple[Result, str], Diagnosis] = {
    (Result.refused_recipient, "rcpt"): Diagnosis(
        Finding.recipient_refused, None, permanent=True, scope="recipient"
    ),
    (Result.refused, "mail"): Diagnosis(Finding.sender_refused, "email", permanent=True),
    (Result.refused, "rcpt"): Diagnosis(Finding.delivery_refused, None, permanent=True),
    (Result.refused, "data"): Diagnosis(Finding.delivery_refused, None, permanent=True),
    (Result.refused, "dot"): Diagnosis(
        Finding.content_refused, None, permanent=True, scope="content"
    ),
    (Result.deferred, "mail"): _TRY_LATER,
    (Result.deferred, "rcpt"): Diagnosis(
        Finding.try_later, None, permanent=False, scope="recipient"
    ),
    (Result.deferred, "data"): _TRY_LATER,
    (Result.deferred, "dot"): _TRY_LATER,
    (Result.unconfirmed, "dot"): Diagnosis(
        Finding.unconfirmed, None, permanent=True, scope="recipient"
    ),
}


def diagnose(fault: SmtpFault, server: ServerLike, provider_key: str) -> Diagnosis:
    """Tell what a fault in setting up means; `provider_key` is one of the catalogue's."""
    if fault.reply:
        keys = _reply_keys(fault.phase, fault.reply, provider_key)
    else:
        keys = _fault_keys(fault, server, provider_key)
    return next(_FAULTS[key] for key in keys if key in _FAULTS)


def diagnose_outcome(outcome: Outcome) -> Diagnosis:
    """Tell what a mail that was not accepted means; raise ValueError for one that was."""
    if outcome.result is Result.accepted:
        raise ValueError("an accepted mail needs no diagnosis")
    if outcome.result is Result.deferred and outcome.reply is None:
        return _LOST
    return _OUTCOMES[outcome.result, outcome.phase]


def _fault_keys(fault: SmtpFault, server: ServerLike, provider_key: str) -> list[tuple[str, ...]]:
    where = (fault.phase, str(fault.cause))
    return [(*where, provider_key), (*where, server.security), where, (str(fault.cause),)]


def _reply_keys(phase: str, reply: Reply, provider_key: str) -> list[tuple[str, ...]]:
    code = str(reply.code)
    return [
        (phase, reply.enhanced or code),
        (phase, code),
        (phase, code[0], provider_key),
        (phase, code[0]),
        (code[0],),
    ]
