"""A provider that people sign in to, and the portal registered there."""

from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from sqlalchemy import func, select

from portal.config import OAuthRegistration
from portal.extensions import db
from portal.mail_settings.grants import tokens_of
from portal.models import MailGrant, MailSettings
from tests.oauth_server import ADDRESS, CLIENT_ID, CLIENT_SECRET, OAuthServer, allow
from tests.people import Page, Visitor

Issuer = Literal["google", "microsoft"]
SIGN_IN = "/settings/email/sign-in"
SETTINGS = "/settings/email"
MAILBOX = ADDRESS
HOSTS = {"google": "google_workspace", "microsoft": "microsoft365"}
SERVERS = {"google": "smtp.gmail.com", "microsoft": "smtp.office365.com"}


def register(
    app: Flask,
    base: str | None = None,
    client_id: str = CLIENT_ID,
    client_secret: str = CLIENT_SECRET,
) -> None:
    """Set the portal's variables for both providers."""
    for issuer in ("google", "microsoft"):
        found = OAuthRegistration(client_id, client_secret, base)
        app.config["PORTAL"].oauth[issuer] = found


def start_url(issuer: str, **fields: str) -> str:
    sent = {"email": MAILBOX, "host": HOSTS[issuer], **fields}
    return f"{SIGN_IN}/{issuer}?{urlencode(sent)}"


def begin(visitor: Visitor, issuer: str, **fields: str) -> str:
    """Follow the link; the provider's page that it leads to."""
    page = visitor.get(start_url(issuer, **fields))
    assert page.status == 302, page.text
    return page.location


def path_of(url: str) -> str:
    """The path and query of an address of the portal, which the tests know under another one."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def come_back(visitor: Visitor, url: str) -> Page:
    """Follow the provider's redirect."""
    return visitor.get(path_of(url))


def sign_in(visitor: Visitor, issuer: str, **fields: str) -> Page:
    """From the link on the page to the portal's answer, with Allow pressed."""
    return come_back(visitor, allow(begin(visitor, issuer, **fields)))


def all_grants(app: Flask) -> list[MailGrant]:
    with app.app_context():
        return list(db.session.scalars(select(MailGrant).order_by(MailGrant.id)))


def all_settings(app: Flask) -> list[MailSettings]:
    with app.app_context():
        return list(db.session.scalars(select(MailSettings).order_by(MailSettings.id)))


def is_nothing_stored(app: Flask) -> bool:
    with app.app_context():
        counts = [select(func.count()).select_from(table) for table in (MailGrant, MailSettings)]
        return [db.session.scalar(count) for count in counts] == [0, 0]


def tokens(app: Flask, grant: MailGrant) -> dict[str, str]:
    with app.app_context():
        return tokens_of(grant)


def secrets_of(server: OAuthServer) -> list[str]:
    """What must stand on no page and in no log: every token that was handed out, and the portal's
    secret."""
    sent = [
        received.fields[name]
        for received in server.requests
        for name in ("refresh_token", "code_verifier", "token")
        if name in received.fields
    ]
    return [*server.issued, *sent, CLIENT_SECRET]
