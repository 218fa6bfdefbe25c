"""From a fault to the field that mends it."""

import pytest

from portal.mail.diagnosis import Diagnosis, Finding, diagnose, diagnose_outcome
from portal.mail.smtp import (
    PHASES,
    TIMEOUTS,
    Cause,
    Outcome,
    Reply,
    Result,
    Security,
    Server,
    SmtpFault,
)


def server(security: Security = "ssl") -> Server:
    return Server("smtp.example.test", 465, security, "clinic", "secret")


def said_no(phase: str, code: int) -> SmtpFault:
    return SmtpFault(phase, Cause.rejected, Reply(code, "No", None))


def outcome(result: Result, phase: str, code: int | None = None) -> Outcome:
    reply = Reply(code, "No", None) if code else None
    return Outcome(result, phase, reply, Cause.rejected, session_lost=False)


@pytest.mark.parametrize(
    ("phase", "cause", "finding", "field", "permanent"),
    [
        ("dns", Cause.unknown_host, Finding.unknown_host, "smtp_server", True),
        ("dns", Cause.private_address, Finding.private_address, "smtp_server", True),
        ("dns", Cause.timeout, Finding.name_lookup_failed, None, False),
        ("dns", Cause.unreachable, Finding.name_lookup_failed, None, False),
        ("connect", Cause.port_not_allowed, Finding.port_not_allowed, "smtp_port", True),
        ("connect", Cause.refused, Finding.connection_refused, "smtp_port", True),
        ("connect", Cause.timeout, Finding.connection_timeout, "smtp_port", False),
        ("connect", Cause.unreachable, Finding.unreachable, None, False),
        ("tls", Cause.wrong_security, Finding.wrong_security, "security", True),
        ("tls", Cause.starttls_missing, Finding.starttls_missing, "security", True),
        ("tls", Cause.certificate_name, Finding.certificate_name, "smtp_server", True),
        ("tls", Cause.certificate_expired, Finding.certificate_expired, None, True),
        ("tls", Cause.certificate_untrusted, Finding.certificate_untrusted, "smtp_server", True),
        ("tls", Cause.tls_failed, Finding.tls_failed, None, True),
        ("greeting", Cause.not_smtp, Finding.not_smtp, "security", True),
        ("greeting", Cause.dropped, Finding.connection_lost, None, False),
        ("auth", Cause.unencrypted, Finding.unencrypted, "allow_unencrypted", True),
        ("auth", Cause.auth_missing, Finding.auth_missing, None, True),
    ],
)
def test_a_network_fault_names_its_field(
    phase: str, cause: Cause, finding: Finding, field: str | None, permanent: bool
) -> None:
    found = diagnose(SmtpFault(phase, cause), server(), "other")
    assert found == Diagnosis(finding, field, permanent, "account")


@pytest.mark.parametrize(
    ("phase", "code", "finding", "field", "permanent"),
    [
        ("auth", 535, Finding.password_refused, "password", True),
        ("auth", 534, Finding.password_refused, "password", True),
        ("auth", 550, Finding.password_refused, "password", True),
        ("auth", 530, Finding.encryption_required, "security", True),
        ("auth", 538, Finding.encryption_required, "security", True),
        ("auth", 504, Finding.auth_missing, None, True),
        ("auth", 454, Finding.try_later, None, False),
        ("sender", 550, Finding.sender_refused, "email", True),
        ("sender", 553, Finding.sender_refused, "email", True),
        ("sender", 450, Finding.try_later, None, False),
        ("greeting", 554, Finding.server_refused, None, True),
        ("greeting", 421, Finding.try_later, None, False),
        ("tls", 454, Finding.try_later, None, False),
    ],
)
def test_a_reply_is_judged_by_phase_and_code(
    phase: str, code: int, finding: Finding, field: str | None, permanent: bool
) -> None:
    found = diagnose(said_no(phase, code), server(), "other")
    assert found == Diagnosis(finding, field, permanent, "account")


@pytest.mark.parametrize("security", ["tls", "none"])
def test_silence_before_encryption_points_at_the_security(security: Security) -> None:
    fault = SmtpFault("greeting", Cause.timeout)
    assert diagnose(fault, server(security), "other").field == "security"
    assert diagnose(fault, server("ssl"), "other").field is None


def test_sign_in_not_offered_unencrypted_points_at_the_security() -> None:
    fault = SmtpFault("auth", Cause.auth_missing)
    assert diagnose(fault, server("none"), "other").field == "security"


def test_hotmail_takes_no_passwords_whatever_is_typed() -> None:
    gone = Finding.password_sign_in_gone
    assert diagnose(said_no("auth", 535), server(), "hotmail").cause == gone
    missing = diagnose(SmtpFault("auth", Cause.auth_missing), server(), "hotmail")
    assert missing == Diagnosis(gone, None, permanent=True)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("cause", [c for c in Cause if c is not Cause.rejected])
def test_no_fault_is_without_a_diagnosis(phase: str, cause: Cause) -> None:
    assert diagnose(SmtpFault(phase, cause), server(), "other").cause in Finding


@pytest.mark.parametrize(
    ("result", "phase", "code", "finding", "scope", "permanent"),
    [
        (Result.refused_recipient, "rcpt", 550, Finding.recipient_refused, "recipient", True),
        (Result.refused, "mail", 553, Finding.sender_refused, "account", True),
        (Result.refused, "rcpt", 554, Finding.delivery_refused, "account", True),
        (Result.refused, "data", 554, Finding.delivery_refused, "account", True),
        (Result.refused, "dot", 554, Finding.content_refused, "content", True),
        (Result.deferred, "rcpt", 450, Finding.try_later, "recipient", False),
        (Result.deferred, "dot", 451, Finding.try_later, "account", False),
        (Result.deferred, "rcpt", None, Finding.connection_lost, "account", False),
        (Result.unconfirmed, "dot", None, Finding.unconfirmed, "recipient", True),
    ],
)
def test_a_mail_not_accepted_says_whom_it_concerns(
    result: Result, phase: str, code: int | None, finding: Finding, scope: str, permanent: bool
) -> None:
    found = diagnose_outcome(outcome(result, phase, code))
    assert (found.cause, found.scope, found.permanent) == (finding, scope, permanent)


@pytest.mark.parametrize("phase", TIMEOUTS)
def test_every_step_that_breaks_has_a_diagnosis(phase: str) -> None:
    assert diagnose_outcome(outcome(Result.deferred, phase)).permanent is False


def test_an_accepted_mail_has_no_diagnosis() -> None:
    with pytest.raises(ValueError, match="accepted"):
        diagnose_outcome(outcome(Result.accepted, "dot", 250))


@pytest.mark.parametrize("text", ["552 5.2.2 Mailbox full", "550 5.4.5 Daily limit exceeded"])
def test_a_used_up_quota_is_no_fields_fault_and_passes(text: str) -> None:
    reply = Reply(int(text[:3]), text[4:], text.split()[1])
    found = diagnose(SmtpFault("sender", Cause.rejected, reply), server(), "other")
    assert (found.field, found.permanent) == (None, False)
