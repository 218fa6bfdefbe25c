"""Words of servers, and the rules that read them."""

import re
import tomllib
from pathlib import Path

import pytest

from portal.mail import providers, replies
from portal.mail.diagnosis import Finding
from portal.mail.faults import STEPS
from portal.mail.findings import MEANINGS
from tests.mail.played import reply, sending, setting_up

RULES = replies.rules()


@pytest.mark.parametrize(
    ("step", "text", "permanent"),
    [
        ("rcpt", "550 5.7.1 Greylisted", False),
        ("dot", "554 5.7.1 Service unavailable, try again later", False),
        ("mail", "550 5.7.1 Your IP is temporarily blocked", False),
        ("mail", "550 5.7.1 Your IP is blocked", True),
        ("banner", "450 4.7.1 Your IP is permanently blocked", True),
        ("mail", "451 4.7.1 This account is suspended", True),
        ("mail", "550 5.7.1 This account is temporarily suspended", False),
        ("rcpt", "450 4.1.1 User unknown in local recipient table", True),
        ("auth", "432 4.7.12 A password transition is needed", True),
        ("auth", "454 4.7.0 Username and password not accepted", True),
        ("auth", "451 Authentication mode unsupported", True),
        ("mail", "450 Your account is not yet activated", True),
        ("banner", "554 Service unavailable", False),
        ("dot", "550 5.7.1 Message deferred, will be retried", False),
        ("rcpt", "552 5.2.2 Quota exceeded", False),
    ],
)
def test_words_outweigh_the_class_of_the_code(step: str, text: str, permanent: bool) -> None:
    assert sending(step, text).permanent is permanent


@pytest.mark.parametrize(
    "text",
    [
        "550 Outgoing mail blocked for 24 hours",
        "550 Cuenta bloqueada durante 15 minutos",
        "550 Invio bloccato per 24 ore",
        "550 Konto gesperrt für 30 Minuten",
        "550 Compte bloqué pendant 1 heure",
        "550 Account suspended, try again tomorrow",
    ],
)
def test_a_refusal_with_an_end_passes_by_itself(text: str) -> None:
    assert not sending("mail", text).permanent


@pytest.mark.parametrize(
    "text",
    [
        "451 Your account is blocked until you verify it",
        "451 Your account is temporarily blocked until you change the password",
        "550 Your IP is listed. Please resolve this and retry",
        "451 Cuenta bloqueada hasta que verifique su identidad",
        "550 Account disabled, inactive for 90 days",
    ],
)
def test_a_refusal_with_a_condition_waits_for_somebody_to_act(text: str) -> None:
    assert sending("mail", text).permanent


@pytest.mark.parametrize(
    ("step", "text", "field", "scope"),
    [
        (
            "dot",
            "550 Sending quota exceeded; if it was not you, change your password",
            None,
            "account",
        ),
        (
            "mail",
            "450 Hourly limit reached. Reset your password if you did not send",
            None,
            "account",
        ),
        ("dot", "550 5.4.5 Daily user sending limit exceeded", None, "account"),
        ("mail", "451 Sender temporarily blocked, try again later", None, "account"),
        (
            "dot",
            "550 5.7.1 DMARC authentication required by the sender's domain",
            "email",
            "account",
        ),
        ("rcpt", "550 5.4.1 Recipient address rejected: Access denied", None, "recipient"),
        ("rcpt", "550 This account does not exist", None, "recipient"),
        ("rcpt", "550 5.2.1 The account is disabled", None, "recipient"),
        ("rcpt", "550 Your account has exceeded its sending quota", None, "account"),
        ("dot", "550 5.7.1 Listed by Spamhaus for sending spam", None, "account"),
        ("rcpt", "550 5.1.1 <forgot.password@example.org>: user unknown", None, "recipient"),
        ("rcpt", "550 5.1.1 password.reset: unknown user", None, "recipient"),
        ("rcpt", "550 5.1.1 Mailbox spam@example.org does not exist", None, "recipient"),
        ("auth", "535 Too many attempts with a wrong password, wait a while", None, "account"),
        (
            "auth",
            "535 Password incorrect; too many wrong ones lock the account",
            "password",
            "account",
        ),
        ("rcpt", "450 Greylisted, authentication required in no case", None, "recipient"),
        ("dot", "554 5.7.1 Attachment too large", None, "content"),
        ("auth", "538 5.7.8 Authentication credentials invalid", "password", "account"),
        ("mail", "550 5.7.0 Mail relay denied, invalid credentials", "username", "account"),
        ("rcpt", "550 Too many recipients, recipient quota exceeded", None, "account"),
        ("rcpt", "553 Relaying denied, your IP belongs to a spammer", None, "account"),
        ("mail", "550 Invalid sender: your domain has been blacklisted", None, "account"),
        ("dot", "550 Blocked using a spam pattern", None, "content"),
        ("banner", "421 mail.spam-filter.example.com busy, try later", None, "account"),
        ("mail", "550 5.7.1 See https://example.org/password/relay/quota", "email", "account"),
    ],
)
def test_a_word_of_another_class_does_not_mislead(
    step: str, text: str, field: str | None, scope: str
) -> None:
    found = sending(step, text)
    assert (found.field, found.scope) == (field, scope)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("535 Usuario o contraseña incorrectos", "password"),
        ("535 Usuario o contrase\N{REPLACEMENT CHARACTER}a incorrectos", "password"),
        ("535 USUARIO DESCONOCIDO", "username"),
        ("535 Nombre de usuario incorrecto", "username"),
        ("535 Su plan no incluye el envío por SMTP", None),
        ("535 Cuota de envíos superada", None),
        ("535 Cuenta bloqueada", None),
        ("535 Utente o password errati", "password"),
        ("535 Casella inesistente", "username"),
        ("535 Accesso da client esterni non abilitato", None),
        ("535 Connessione non cifrata: usare SSL", "security"),
        ("535 Benutzername oder Kennwort falsch", "password"),
        ("535 POP3/IMAP-Zugriff ist nicht aktiviert", None),
        ("535 Compte suspendu", None),
        ("535 Usuário não encontrado", "username"),
        ("535 Te veel pogingen om in te loggen", None),
        ("535 Wymagane hasło aplikacji", "password"),
        ("535 Neznámý uživatel", "username"),
        ("535 Аккаунт заблокирован", None),
        ("535 Kullanıcı bulunamadı", "username"),
        ("535 您的帐号未开启SMTP服务", None),
        ("535 アカウントがロックされています", None),
    ],
)
def test_a_refused_sign_in_is_understood_in_other_languages(text: str, field: str | None) -> None:
    assert setting_up("auth", text).field == field


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.example[:50])
def test_every_rule_decides_its_own_example(rule: replies.Rule) -> None:
    step = next(step for step in STEPS if not rule.steps or step in rule.steps)
    provider = min(rule.providers, default="other")
    assert replies.rule_for(step, reply(rule.example), provider) == rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.example[:50])
def test_every_rule_is_well_formed(rule: replies.Rule) -> None:
    assert rule.cause in list(Finding)
    assert rule.steps <= set(STEPS)
    assert rule.providers <= providers.load().keys()
    assert all(re.fullmatch(r"[2-5]?\d{0,2}", code) for code in rule.codes)
    assert all(re.fullmatch(r"\d{1,3}\.\d{1,3}", code) for code in rule.enhanced)
    assert rule.source
    assert rule.date
    is_limit = MEANINGS[Finding(rule.cause)].kind == "limit"
    assert rule.wait or not is_limit


def test_the_rules_say_nothing_that_is_not_read() -> None:
    known = {
        "cause",
        "steps",
        "providers",
        "codes",
        "enhanced",
        "no_address",
        "words",
        "all",
        "but_not",
        "permanent",
        "wait_minutes",
        "example",
        "source",
        "date",
    }
    with Path(replies.__file__).with_name("replies.toml").open("rb") as file:
        data = tomllib.load(file)
    assert all(entry.keys() <= known for entry in data["rule"])
    pieces = [
        piece
        for entry in [*data["rule"], data["families"]]
        for value in entry.values()
        if isinstance(value, list)
        for piece in value
    ]
    named = {name for piece in pieces for name in re.findall(r"<([^>]+)>", piece)}
    read_by_name = {"one", "passing", "lasting", "settled", *data["units"]}
    assert data["families"].keys() == named | read_by_name
