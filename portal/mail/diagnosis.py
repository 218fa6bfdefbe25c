"""What a fault means: its cause, the field to correct, whether waiting helps, whom it concerns."""

from dataclasses import dataclass
from datetime import timedelta

from portal.mail.faults import Cause, Outcome, Reply, Result, SmtpFault
from portal.mail.findings import MEANINGS, Finding, Scope
from portal.mail.replies import passes, rule_for, wait_in
from portal.mail.smtp import Place, Server

__all__ = ["Diagnosis", "Finding", "Scope", "diagnose", "diagnose_outcome"]


@dataclass(frozen=True)
class Diagnosis:
    """`field` is the form field to correct (None: no field mends it).

    `permanent` says that waiting won't help, `scope` whom it concerns. `wait` is set for a limit:
    how long the provider keeps it up; `guessed` where its reply doesn't say.
    """

    cause: Finding
    field: str | None
    permanent: bool
    scope: Scope = "account"
    wait: timedelta | None = None
    guessed: bool = False


# Faults without a reply, by what is known of them; _fault_keys has the order.
_FAULTS: dict[tuple[str, ...], Finding] = {
    ("dns", "timeout"): Finding.name_lookup_failed,
    ("dns", "unreachable"): Finding.name_lookup_failed,
    ("connect", "timeout"): Finding.connection_timeout,
    # A server that waits for TLS says nothing to a client that waits for its banner.
    ("greeting", "timeout", "swapped"): Finding.wrong_security,
    ("greeting", "dropped", "swapped"): Finding.wrong_security,
    ("tls", "timeout", "swapped"): Finding.wrong_security,
    ("tls", "dropped", "swapped"): Finding.wrong_security,
    ("tls", "timeout", "ssl"): Finding.connection_timeout,  # whoever speaks plain text says so
    ("greeting", "timeout", "tls"): Finding.server_silent,
    ("greeting", "timeout", "none"): Finding.server_silent,
    # Later than that, the server lost its thread.
    ("auth", "not_smtp"): Finding.answer_unclear,
    ("sender", "not_smtp"): Finding.answer_unclear,
    ("sender", "smtputf8_missing"): Finding.sender_refused,
    # Many servers offer sign-in only once the connection is encrypted.
    ("auth", "auth_missing", "none"): Finding.encryption_required,
    ("auth", "token_not_offered", "none"): Finding.encryption_required,
    ("auth", "auth_missing", "hotmail"): Finding.password_sign_in_gone,
    ("password_not_offered",): Finding.password_sign_in_gone,
    ("token_not_offered",): Finding.oauth_not_offered,
    ("refused",): Finding.connection_refused,
    ("timeout",): Finding.server_slow,
    ("dropped",): Finding.connection_lost,
    ("rejected",): Finding.server_refused,
}
# What became of a mail without the server's saying so.
_UNANSWERED: dict[Cause | None, Finding] = {
    Cause.timeout: Finding.server_slow,
    Cause.smtputf8_missing: Finding.smtputf8_missing,
    Cause.eight_bit_missing: Finding.eight_bit_missing,
    Cause.too_large: Finding.too_large,
}
# What a server's words mean of the way to sign in, not of the account.
_OF_MECHANISMS = {Finding.auth_missing, Finding.sign_in_not_offered}
# What each port's usual security is not; RFC 8314, section 3.3.
_SWAPPED = {
    **dict.fromkeys((465, 2465), ("tls", "none")),
    **dict.fromkeys((25, 587, 2525, 2587), ("ssl",)),
}


def diagnose(fault: SmtpFault, server: Server, provider_key: str) -> Diagnosis:
    """Tell what a fault in setting up means; `provider_key` is one of the catalogue's."""
    if fault.reply and fault.step:
        found = _at_own_address(_said(fault.step, fault.reply, provider_key))
        return found if server.access_token is None else _by_token(found)
    return _unsaid(_cause(fault, server, provider_key))


def diagnose_outcome(outcome: Outcome, provider_key: str) -> Diagnosis:
    """Tell what a mail that was not accepted means; raise ValueError for one that was."""
    if outcome.result is Result.accepted:
        raise ValueError("an accepted mail needs no diagnosis")
    if outcome.result is Result.unconfirmed:
        return _unsaid(Finding.unconfirmed)
    if outcome.reply is None:
        return _unsaid(_UNANSWERED.get(outcome.cause, Finding.connection_lost))
    # A no in the middle of the text is one to the text, as after the final dot.
    step = "dot" if outcome.step == "body" else outcome.step
    return _said(step, outcome.reply, provider_key)


def _said(step: str, reply: Reply, provider_key: str) -> Diagnosis:
    rule = rule_for(step, reply, provider_key)
    cause = Finding(rule.cause)
    meaning = MEANINGS[cause]
    told = (rule.permanent, meaning.permanent, not passes(reply))
    said = wait_in(reply) if rule.wait else None
    return Diagnosis(
        cause,
        meaning.field,
        next(permanent for permanent in told if permanent is not None),
        meaning.scope or ("recipient" if step == "rcpt" else "account"),
        said or rule.wait,
        guessed=said is None and rule.wait is not None,
    )


def _at_own_address(found: Diagnosis) -> Diagnosis:
    """In setting up the recipient is the account itself: if there is none, the address is wrong."""
    if found.scope == "recipient" and found.permanent:
        return Diagnosis(Finding.own_address_refused, "email", permanent=True)
    return found


def _by_token(found: Diagnosis) -> Diagnosis:
    """Servers speak of passwords also to those who came with a token."""
    if found.cause in _OF_MECHANISMS:
        return _unsaid(Finding.oauth_not_offered)
    if found.field == "password":
        return _unsaid(Finding.oauth_refused)
    return found


def _unsaid(cause: Finding) -> Diagnosis:
    meaning = MEANINGS[cause]
    permanent = meaning.permanent is not False
    return Diagnosis(cause, meaning.field, permanent, meaning.scope or "account")


def _cause(fault: SmtpFault, server: Place, provider_key: str) -> Finding:
    keys = _fault_keys(fault, server, provider_key)
    return next((_FAULTS[key] for key in keys if key in _FAULTS), None) or Finding(fault.cause)


def _fault_keys(fault: SmtpFault, server: Place, provider_key: str) -> list[tuple[str, ...]]:
    """Return what is known of a fault, the closest first; a cause may be a finding's name too."""
    where = (fault.phase, str(fault.cause))
    swapped = server.security in _SWAPPED.get(server.port, ())
    closer = [provider_key, "swapped" if swapped else "", server.security]
    return [*((*where, detail) for detail in closer), where, (str(fault.cause),)]
