"""At RCPT, what is not the recipient's fault is never laid at its door, nor the reverse."""

import pytest

from portal.mail.diagnosis import Finding
from tests.mail.played import sending, setting_up


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("503 5.5.1 Bad sequence of commands", Finding.sign_in_required),
        ("503 Need sender before RCPT", Finding.sign_in_required),
        ("530 No", Finding.sign_in_required),
        ("534 No", Finding.sign_in_required),
        ("535 5.7.8 Incorrect authentication data", Finding.sign_in_required),
        ("535 user not found", Finding.sign_in_required),
        ("535 mailbox disabled", Finding.sign_in_required),
        ("535 5.7.8 Username and Password not accepted", Finding.password_refused),
        ("538 No", Finding.sign_in_required),
        ("500 5.5.1 Command unrecognized: RCPT TO", Finding.server_refused),
        ("501 Syntax error in parameters or arguments", Finding.server_refused),
        ("502 5.5.2 Error: command not recognized", Finding.server_refused),
        ("504 Command parameter not implemented", Finding.server_refused),
        ("521 No", Finding.server_refused),
        ("555 No", Finding.server_refused),
        ("571 No", Finding.server_refused),
    ],
)
def test_a_code_of_the_command_or_the_sign_in_is_the_accounts(text: str, cause: Finding) -> None:
    found = sending("rcpt", text)
    assert (found.cause, found.scope, found.permanent) == (cause, "account", True)


@pytest.mark.parametrize("code", [550, 551, 553, 554, 556])
def test_a_bare_code_of_a_refused_mailbox_is_the_recipients(code: int) -> None:
    found = sending("rcpt", f"{code} No")
    assert (found.cause, found.scope) == (Finding.recipient_refused, "recipient")
    assert found.permanent


@pytest.mark.parametrize(
    "text",
    [
        "571 5.1.0 No",
        "541 5.2.0 No",
        "501 5.1.3 Bad recipient address syntax",
        "511 5.1.1 sorry, no mailbox here by that name",
        "540 Error: Wrong recipients",
    ],
)
def test_another_code_is_the_recipients_by_enhanced_code_or_words(text: str) -> None:
    assert sending("rcpt", text).scope == "recipient"


def test_a_refused_command_that_may_pass_fails_nobody() -> None:
    assert not sending("rcpt", "503 5.5.1 Bad sequence, try again later").permanent


@pytest.mark.parametrize(
    "text",
    [
        "550 Your account is compromised",
        "550 5.7.1 Your account has been compromised, change your password",
        "550 account compromised",
        "550 Account suspended",
        "550 5.7.1 Account has been suspended",
        "550 Your account does not exist",
        "550 Your email account is disabled",
        "550 Your mailbox has been blocked",
        "550 Ihr Konto wurde gesperrt",
        "550 Su cuenta ha sido suspendida",
        "550 Tu cuenta ha sido bloqueada por envío de spam",
        "550 Il suo account non è abilitato",
        "550 Il tuo account è sospeso",
        "550 Votre compte a été suspendu",
        "550 This account is not allowed to send",
        "550 5.7.1 User is not allowed to send mail",
        "550 Usuario no autorizado para enviar correo",
        "550 Utente non autorizzato all'invio",
        "550 Utente non abilitato all'invio di posta",
        "550 Sie sind nicht berechtigt, E-Mails zu senden",
        "550 You are not allowed",
        "550 5.7.1 You are not allowed to use this server",
        "550 no mail from this host",
        "554 5.7.1 We do not accept mail from this host",
        "550 Password expired",
        "550 La contraseña ha caducado",
        "550 Password scaduta",
    ],
)
def test_words_about_who_signed_in_are_the_accounts(text: str) -> None:
    assert sending("rcpt", text).scope == "account"
    assert setting_up("rcpt", text).cause is not Finding.own_address_refused


@pytest.mark.parametrize(
    "text",
    [
        "550 5.2.1 The email account that you tried to reach is disabled.",
        "550 The email account that you tried to reach is suspended",
        "550 account disabled",
        "550 account inactive",
        "550 the account does not exist",
        "550 this account is suspended",
        "550 user suspended",
        "550 mailbox disabled",
        "550 mailbox suspended",
        "550 Usuario suspendido",
        "550 Utente sospeso",
        "550 Cuenta desactivada",
        "550 Konto deaktiviert",
        "550 5.2.1 Account suspended",
        "550 5.7.1 <ana@example.test>: account suspended",
        "550 Recipient account suspended",
        "550 Cuenta del destinatario suspendida",
        "550 L'account del destinatario è sospeso",
        "550 Das Konto des Empfängers wurde gesperrt",
        "550 You are not allowed to send mail to this user",
        "550 5.1.1 Your message could not be delivered: user unknown",
        "550 El buzón de su destinatario está bloqueado",
    ],
)
def test_words_about_the_mailbox_that_was_named_are_the_recipients(text: str) -> None:
    found = sending("rcpt", text)
    assert (found.scope, found.permanent) == ("recipient", True)
