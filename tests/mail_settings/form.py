"""The form of the mailbox as a person fills it in, and what came of it."""

from collections.abc import Sequence

from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import MailAccount, MailCheck, MailSettings
from portal.vault import vault
from tests.dns_server import DnsServer
from tests.people import Page, Visitor
from tests.smtp_server import PASSWORD, USER, MailServer

PAGE = "/settings/email"
FIELDS = {
    "email": USER,
    "sender_name": "Clínica Ñandú",
    "username": "",
    "password": PASSWORD,
    "host": "other",
    "smtp_server": "smtp.example.com",
    "smtp_port": "465",
    "security": "ssl",
    "legal_notice": "Aviso legal.",
}


def save(visitor: Visitor, **changed: str) -> Page:
    return visitor.send(PAGE, {**FIELDS, **changed})


def save_for(visitor: Visitor, server: MailServer, **changed: str) -> Page:
    """Save settings for a server of the tests."""
    here = {"smtp_server": "127.0.0.1", "smtp_port": str(server.port), "security": server.tls}
    return save(visitor, **{**here, **changed})


def everything_saved(app: Flask) -> Sequence[MailSettings]:
    """Every version of the settings, oldest first."""
    with app.app_context():
        return db.session.scalars(select(MailSettings).order_by(MailSettings.id)).all()


def last_saved(app: Flask) -> MailSettings:
    return everything_saved(app)[-1]


def password_of(app: Flask, saved: MailSettings) -> str:
    with app.app_context():
        return vault().open(saved.password, saved.password_place)


def checks(app: Flask) -> list[MailCheck]:
    """Every check, oldest first."""
    with app.app_context():
        return list(db.session.scalars(select(MailCheck).order_by(MailCheck.id)))


def account(app: Flask) -> MailAccount:
    with app.app_context():
        return db.session.scalars(select(MailAccount)).one()


def ask_dns(app: Flask, server: DnsServer) -> None:
    """Have the portal look providers up with this name server."""
    object.__setattr__(app.config["PORTAL"], "mail_dns_server", server.address)
