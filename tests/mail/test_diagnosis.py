"""From a fault to the field that mends it."""

from datetime import timedelta

import pytest

from portal.mail.diagnosis import Diagnosis, Finding, diagnose, diagnose_outcome
from portal.mail.faults import PHASES, Cause, Outcome, Result, SmtpFault
from portal.mail.findings import MEANINGS
from portal.mail.smtp import TIMEOUTS, Security, Server
from tests.mail.played import reply, sending, setting_up

FIELDS = {"email", "username", "password", "smtp_server", "smtp_port", "security", "none"}
KINDS = {
    "app-password",
    "oauth2",
    "sign-in-blocked",
    "smtp-disabled",
    "password",
    "username",
    "sender",
    "server",
    "security",
    "certificate",
    "limit",
    "recipient",
    "content",
    "reputation",
    "wait",
}


def server(security: Security = "ssl", port: int = 465) -> Server:
    return Server("smtp.example.test", port, security, "clinic", "secret")


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
        (
            "tls",
            Cause.certificate_self_signed,
            Finding.certificate_self_signed,
            "smtp_server",
            True,
        ),
        ("tls", Cause.certificate_untrusted, Finding.certificate_untrusted, None, True),
        ("tls", Cause.tls_failed, Finding.tls_failed, None, True),
        ("tls", Cause.dropped, Finding.connection_lost, None, False),
        ("greeting", Cause.not_smtp, Finding.not_smtp, "security", True),
        ("greeting", Cause.dropped, Finding.connection_lost, None, False),
        ("auth", Cause.unencrypted, Finding.unencrypted, "allow_unencrypted", True),
        ("auth", Cause.auth_missing, Finding.auth_missing, None, True),
        ("auth", Cause.timeout, Finding.server_slow, None, False),
        ("auth", Cause.not_smtp, Finding.answer_unclear, None, False),
        ("sender", Cause.dropped, Finding.connection_lost, None, False),
    ],
)
def test_a_network_fault_names_its_field(
    phase: str, cause: Cause, finding: Finding, field: str | None, permanent: bool
) -> None:
    found = diagnose(SmtpFault(phase, cause), server(), "other")
    assert found == Diagnosis(finding, field, permanent, "account")


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("security", ["ssl", "tls", "none"])
def test_no_network_fault_is_without_a_diagnosis(
    phase: str, cause: Cause, security: Security
) -> None:
    assert diagnose(SmtpFault(phase, cause), server(security), "other").cause in Finding


@pytest.mark.parametrize(
    ("phase", "cause", "security", "port"),
    [
        ("greeting", Cause.timeout, "tls", 465),
        ("greeting", Cause.dropped, "none", 465),
        ("greeting", Cause.dropped, "tls", 2465),
        ("greeting", Cause.timeout, "tls", 587),
        ("greeting", Cause.timeout, "none", 50025),
        ("tls", Cause.timeout, "ssl", 587),
        ("tls", Cause.dropped, "ssl", 25),
    ],
)
def test_silence_where_port_and_security_contradict_points_at_the_security(
    phase: str, cause: Cause, security: Security, port: int
) -> None:
    found = diagnose(SmtpFault(phase, cause), server(security, port), "other")
    assert (found.field, found.permanent) == ("security", True)


@pytest.mark.parametrize(
    ("phase", "security", "port"),
    [("greeting", "ssl", 465), ("tls", "tls", 587), ("greeting", "ssl", 50025)],
)
def test_a_slow_server_with_the_right_security_is_waited_for(
    phase: str, security: Security, port: int
) -> None:
    found = diagnose(SmtpFault(phase, Cause.timeout), server(security, port), "other")
    assert (found.field, found.permanent) == (None, False)


@pytest.mark.parametrize("port", [465, 50025])
def test_a_port_that_never_answers_in_tls_points_at_the_port(port: int) -> None:
    found = diagnose(SmtpFault("tls", Cause.timeout), server("ssl", port), "other")
    assert (found.field, found.permanent) == ("smtp_port", False)


def test_sign_in_not_offered_unencrypted_points_at_the_security() -> None:
    found = diagnose(SmtpFault("auth", Cause.auth_missing), server("none"), "other")
    assert (found.field, found.permanent) == ("security", True)


def test_hotmail_takes_no_passwords_whatever_is_typed() -> None:
    refused = setting_up("auth", "535 5.7.3 Authentication unsuccessful", "hotmail")
    missing = diagnose(SmtpFault("auth", Cause.auth_missing), server(), "hotmail")
    assert refused == missing
    assert refused.cause is Finding.password_sign_in_gone
    assert MEANINGS[refused.cause].kind == "oauth2"


@pytest.mark.parametrize(
    ("step", "text", "finding", "field", "permanent"),
    [
        ("banner", "554 No", Finding.server_refused, None, True),
        ("banner", "421 No", Finding.try_later, None, False),
        ("ehlo", "554 No", Finding.server_refused, None, True),
        ("starttls", "502 No", Finding.encryption_required, "security", True),
        ("starttls", "454 No", Finding.try_later, None, False),
        ("auth", "535 No", Finding.sign_in_refused, "password", True),
        ("auth", "454 No", Finding.try_later, None, False),
        ("auth", "503 No", Finding.sign_in_not_offered, "security", True),
        ("auth", "504 No", Finding.auth_missing, None, True),
        ("auth", "538 No", Finding.encryption_required, "security", True),
        ("auth", "334 VXNlcm5hbWU6", Finding.sign_in_refused, "password", True),
        ("mail", "550 No", Finding.sender_refused, "email", True),
        ("mail", "530 No", Finding.sign_in_required, "username", True),
        ("mail", "450 No", Finding.try_later, None, False),
        ("mail", "354 No", Finding.server_refused, None, True),
    ],
)
def test_a_reply_without_words_is_judged_by_step_and_code(
    step: str, text: str, finding: Finding, field: str | None, permanent: bool
) -> None:
    assert setting_up(step, text) == Diagnosis(finding, field, permanent, "account")


@pytest.mark.parametrize(
    ("step", "text", "finding", "scope", "permanent"),
    [
        ("mail", "550 No", Finding.sender_refused, "account", True),
        ("rcpt", "550 No", Finding.recipient_refused, "recipient", True),
        ("rcpt", "450 No", Finding.try_later, "recipient", False),
        ("data", "554 No", Finding.delivery_refused, "account", True),
        ("dot", "554 No", Finding.content_refused, "content", True),
        ("dot", "451 No", Finding.try_later, "account", False),
    ],
)
def test_a_refused_mail_says_whom_it_concerns(
    step: str, text: str, finding: Finding, scope: str, permanent: bool
) -> None:
    found = sending(step, text)
    assert (found.cause, found.scope, found.permanent) == (finding, scope, permanent)


@pytest.mark.parametrize("step", TIMEOUTS)
@pytest.mark.parametrize("cause", [Cause.timeout, Cause.dropped, Cause.not_smtp, None])
def test_a_mail_whose_connection_broke_may_go_out_later(step: str, cause: Cause | None) -> None:
    broken = Outcome(Result.broken, step, None, cause, session_lost=True)
    found = diagnose_outcome(broken, "other")
    assert (found.field, found.permanent, found.scope) == (None, False, "account")


def test_a_mail_in_doubt_concerns_its_recipient_alone() -> None:
    doubt = Outcome(Result.unconfirmed, "dot", None, Cause.timeout, session_lost=True)
    found = diagnose_outcome(doubt, "other")
    assert found == Diagnosis(Finding.unconfirmed, None, permanent=True, scope="recipient")


def test_an_accepted_mail_has_no_diagnosis() -> None:
    accepted = Outcome(Result.accepted, "dot", reply("250 OK"), None, session_lost=False)
    with pytest.raises(ValueError, match="accepted"):
        diagnose_outcome(accepted, "other")


def test_an_unknown_address_is_a_patients_in_sending_and_the_practices_own_in_setting_up() -> None:
    text = "550 5.1.1 User unknown"
    assert sending("rcpt", text) == Diagnosis(
        Finding.recipient_unknown, None, permanent=True, scope="recipient"
    )
    assert setting_up("rcpt", text) == Diagnosis(
        Finding.own_address_refused, "email", permanent=True
    )


def test_greylisting_of_the_own_address_blames_no_field() -> None:
    found = setting_up("rcpt", "450 4.2.0 Greylisted")
    assert (found.cause, found.field, found.permanent) == (Finding.greylisted, None, False)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("450 Sending limit exceeded, try again in 30 minutes", timedelta(minutes=30)),
        ("450 Sending limit exceeded, retry after 3600 seconds", timedelta(hours=1)),
        ("550 You sent too many messages within 24 hours", timedelta(hours=24)),
        ("550 Sending quota exceeded, it will reset in 1.53 hours", timedelta(hours=1)),
        ("550 Límite de envío superado, espere una hora", timedelta(hours=1)),
        ("550 Limite di invio superato, riprovi tra 2 ore", timedelta(hours=2)),
        ("550 Versandlimit überschritten, in 45 Minuten erneut", timedelta(minutes=45)),
        ("550 Limite d'envoi atteinte, réessayez dans 3 heures", timedelta(hours=3)),
        ("550 超过发送限制，请24小时后再试", timedelta(hours=24)),
        ("550 Sending limit exceeded, wait 99999 days", timedelta(days=7)),
        ("550 Sending limit exceeded, wait 0 seconds", timedelta(minutes=1)),
        ("450 Mail send limit per hour exceeded", timedelta(hours=1)),
        ("550 5.4.5 Daily user sending limit exceeded", timedelta(days=1)),
        ("421 4.7.0 Too many messages, try again later", timedelta(hours=1)),
        ("421 4.7.0 Too many messages today", timedelta(days=1)),
        ("451 4.7.0 Weekly sending limit exceeded", timedelta(days=1)),
    ],
)
def test_a_limit_says_how_long_to_wait(text: str, wait: timedelta) -> None:
    found = sending("mail", text)
    assert (MEANINGS[found.cause].kind, found.permanent, found.wait) == ("limit", False, wait)


def test_only_a_limit_says_how_long_to_wait() -> None:
    assert sending("rcpt", "450 4.2.0 Greylisted for 300 seconds").wait is None
    assert setting_up("auth", "535 Password expired 3 days ago").wait is None


@pytest.mark.parametrize("finding", Finding)
def test_every_finding_has_a_field_a_scope_and_a_kind_of_trouble(
    finding: Finding,
) -> None:
    meaning = MEANINGS[finding]
    assert (meaning.field or "none") in FIELDS | {"allow_unencrypted"}
    assert meaning.permanent in (True, False, None)
    assert meaning.scope in ("account", "recipient", "content", None)
    assert meaning.kind in KINDS
