"""Practices as they are found on some day, made of a few rows, so that every page has something
to show."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import consent
from portal.campaigns import service as campaigns
from portal.campaigns.recipients import KIND
from portal.contacts import imports, service
from portal.extensions import db
from portal.mail.providers import Endpoint
from portal.mail_settings import accounts, checks
from portal.mail_settings import service as mail_settings
from portal.mail_settings.accounts import Trouble
from portal.models import (
    Campaign,
    CampaignStatus,
    Contact,
    MailCheck,
    Message,
    MessageReply,
    MessageStatus,
    Purpose,
    UnsubscribeToken,
    User,
)
from portal.models.base import now
from portal.troubleshooting import notes, walks
from portal.troubleshooting.paths import Place, step_at
from tests.smtp_server import MailServer

NOTICE = "Confidential: if you received this mail by mistake, tell us and delete it."
BODY = "${greeting} ${first_name},\n\nwe wish you a **good autumn**.\n\n${practice_name}"
PEOPLE = (
    ("María", "Muñoz de la Peña", "maria.munoz@example.com", True, True),
    ("Íñigo", "Ibáñez", "inigo@correo.example.org", True, True),
    (
        "Concepción Inmaculada",
        "Fernández-Cañizares",
        "c.fernandez.canizares@example.com",
        True,
        True,
    ),
    ("Giulia", "D'Angelo", "giulia@example.com", True, True),
    ("Núria", "Domènech", "nuria@example.com", True, False),
    ("Óscar", "Güell", "", True, True),
    ("Tomás", "Sáez", "tomas@example.com", False, False),
)
FILE = (
    "Nombre;Apellidos;Correo electrónico;RGPD;Publicidad;Notas\n"
    "Ana;Peñalver;ana@example.com;sí;sí;llama\n"
    "Luis;Sáez;luis@example;sí;no;\n"
    "Eva;Núñez;;sí;sí;\n"
    "Ana;Peñalver;ana@example.com;sí;sí;\n"
).encode("cp1252")
PHASES = ("dns", "connect", "tls", "greeting", "auth", "sender")


def fresh() -> None:
    """Just set up."""


def at_work() -> None:
    """A campaign done, one going out, one being written."""
    _mailbox_works()
    _add_people()
    _settle(_launch("Autumn news"), _DONE)
    _settle(_launch("Flu season"), _GOING)
    _import(finished=True)
    _import(finished=False)
    draft("Winter opening hours")


def ready(server: MailServer) -> None:
    """The mailbox works, the contacts are there."""
    _mailbox_works(
        replace(
            mailbox(),
            email=server.user,
            password=server.password,
            provider="other",
            smtp_server="127.0.0.1",
            smtp_port=server.port,
        )
    )
    _add_people()


def draft(name: str) -> int:
    """A campaign to look at; returns its id."""
    campaign = _draft(name)
    db.session.add(campaign)
    db.session.commit()
    return campaign.id


def checking() -> None:
    """The live check of the first settings is half way."""
    check = mail_settings.save(mailbox(), marta())
    phases = {name: {"state": "passed", "ms": 12} for name in PHASES[:3]}
    check.phases = {**phases, "greeting": {"state": "running"}}
    db.session.commit()


def refused() -> None:
    """The provider refused the password of a mailbox that once worked; a campaign waits."""
    _mailbox_works()
    _add_people()
    _settle(_launch("Autumn news"), _GOING)
    check = checks.start_check()
    assert check
    check.phases = passed(PHASES[:4]) | {"auth": {"state": "failed"}}
    reply = "535 5.7.8 Username and Password not accepted. For more information, go to support"
    checks.failed(check, Trouble("password_refused", "password", reply))


def troubleshooting() -> None:
    """The provider holds the sign-in back; Marta has said so, and waits."""
    refused()
    reply = "534-5.7.14 Please log in via your web browser and then try again."
    check = checks.start_check()
    assert check
    checks.failed(check, Trouble("sign_in_blocked", None, reply))
    for place in ("blocked/look", "blocked/confirm"):
        step = step_at(Place.of(place), "en")
        assert step
        walks.answer(step, 1, marta())
    notes.write("Google says: some hours. Look again tomorrow.", marta())


def elsewhere() -> None:
    """The port refuses, and another one was found to answer."""
    check = mail_settings.save(mailbox(), marta())
    check.phases = passed(PHASES[:1]) | {"connect": {"state": "failed"}}
    found = Endpoint("smtp.gmail.com", 587, "tls")
    checks.failed(check, Trouble("connection_refused", "smtp_port"), found)


def limited() -> None:
    """A test mail went well, then the provider's limit was reached."""
    _mailbox_works()
    check = checks.start_test("marta@clinica.example.com", "en")
    assert check
    check.phases = passed((*PHASES, "test"))
    checks.passed(check)
    used = accounts.active_settings(check.account_id)
    assert used
    reply = "550 5.4.5 Daily user sending limit exceeded"
    trouble = Trouble("sending_limit", None, reply, permanent=False, wait=timedelta(hours=20))
    accounts.stopped_working(used, trouble)


def marta() -> User:
    return db.session.scalars(select(User).where(User.role == "admin")).one()


def mailbox() -> mail_settings.Draft:
    return mail_settings.Draft(
        email="consulta@clinica.example.com",
        sender_name="",
        different_user=False,
        username="",
        password="an app password",
        provider="gmail",
        smtp_server="smtp.gmail.com",
        smtp_port=465,
        security="ssl",
        allow_unencrypted=False,
        legal_notice=NOTICE,
    )


def passed(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"state": "passed", "ms": 40 + 30 * n} for n, name in enumerate(names)}


def _mailbox_works(chosen: mail_settings.Draft | None = None) -> None:
    check: MailCheck = mail_settings.save(chosen or mailbox(), marta())
    check.phases = passed(PHASES)
    checks.passed(check)


def _add_people() -> None:
    for first_name, last_name, email, privacy, marketing in PEOPLE:
        fields = {
            "first_name": first_name,
            "last_name": last_name,
            "email": email,
            "greeting": "",
            "phone": "",
            "language": "",
            "privacy_consent": privacy,
            "marketing_consent": marketing,
        }
        service.save(Contact(), fields)
    db.session.commit()
    everyone = db.session.scalars(select(Contact.id)).all()
    consent.add_tokens(everyone, Purpose.MARKETING)
    token = db.session.scalars(select(UnsubscribeToken).limit(1)).one()
    token.token = "token"
    db.session.commit()


def _import(*, finished: bool) -> None:
    found = imports.upload("pacientes.csv", FILE, marta())
    if finished:
        imports.confirm(found, allow_shared=False)
        imports.run(found.id)


def _draft(name: str) -> Campaign:
    return Campaign(
        name=name, subject="News for ${first_name}", body=BODY, created_by_id=marta().id
    )


def _launch(name: str) -> Campaign:
    campaign = db.session.get_one(Campaign, draft(name))
    campaigns.launch(campaign, consent.count_eligible(KIND), marta())
    return campaign


_ACCEPTED = (MessageStatus.SENT, None, "250 2.0.0 Ok: queued as 4ZkX2q")
_DONE = (
    _ACCEPTED,
    (MessageStatus.FAILED, "recipient_refused", "550 5.1.1 The account does not exist"),
    (MessageStatus.UNCONFIRMED, "sender_died", None),
    _ACCEPTED,
)
_GOING = (
    _ACCEPTED,
    (MessageStatus.DEFERRED, "try_later", "450 4.2.1 The mailbox receives too much just now"),
    (MessageStatus.SENDING, None, None),
)


def _settle(
    campaign: Campaign, outcomes: tuple[tuple[MessageStatus, str | None, str | None], ...]
) -> None:
    """Give the campaign's first mails these outcomes; those behind them are queued."""
    query = select(Message).where(Message.campaign_id == campaign.id).order_by(Message.id)
    messages = db.session.scalars(query).all()
    queued = [message for message in messages if message.status is MessageStatus.QUEUED]
    for message, (status, reason, reply) in zip(queued, outcomes, strict=False):
        message.status, message.reason, message.reply = status, reason, reply
        message.attempts, message.attempted_at = 1, now()
        if status is MessageStatus.DEFERRED:
            message.next_attempt_at = now() + timedelta(minutes=5)
            _add_reply(message)
    counts = Counter(message.status for message in messages)
    campaign = db.session.get_one(Campaign, campaign.id)
    for status in MessageStatus:
        setattr(campaign, f"{status}_count", counts[status])
    if not campaign.waiting:
        campaign.status, campaign.finished_at = CampaignStatus.FINISHED, now()
    db.session.commit()


def _add_reply(message: Message) -> None:
    db.session.add(
        MessageReply(
            message_id=message.id, at=now(), attempt=1, reason=message.reason, reply=message.reply
        )
    )
