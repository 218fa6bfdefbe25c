"""A mailbox that is signed in to by a permission of the tests' authorization server."""

from urllib.parse import parse_qsl, urlsplit

from flask import Flask

from portal.admin.service import find_user
from portal.extensions import db
from portal.mail.oauth import Client, Granted, code_of
from portal.mail_settings import grants, service
from portal.mail_settings.grants import Access
from portal.models import MailCheck, MailGrant, User
from tests.oauth_server import ADDRESS, allow
from tests.people import ADMIN

RETURN = "https://mail.example.com/settings/email/sign-in/google/return"
TENANTS = {"google": "", "microsoft": "common"}


def permission(app: Flask, issuer: str = "google") -> int:
    """What a person gives who presses Allow: the id of a grant."""
    with app.app_context():
        grant = _kept(issuer)
        db.session.commit()
        return grant.id


def sign_in(app: Flask, port: int, issuer: str = "google") -> MailCheck:
    """Sign in, and save a mailbox on a local server without TLS; the check that has begun."""
    draft = service.Draft(
        email=ADDRESS,
        sender_name="",
        different_user=False,
        username="",
        password="",
        provider="other",
        smtp_server="127.0.0.1",
        smtp_port=port,
        security="none",
        allow_unencrypted=True,
        legal_notice="Aviso legal",
    )
    with app.app_context():
        return service.save(draft, _admin(), _kept(issuer))


def access(app: Flask, grant_id: int) -> Access:
    """What a sender asks for."""
    with app.app_context():
        return grants.access(grant_id)


def renewed(app: Flask, refused: Access) -> Access:
    """What a sender asks for that was refused."""
    with app.app_context():
        return grants.renewed(refused)


def grant_of(app: Flask, grant_id: int) -> MailGrant:
    """The grant as it stands in the database."""
    with app.app_context():
        return db.session.get_one(MailGrant, grant_id)


def _kept(issuer: str) -> MailGrant:
    client = grants.client_of(issuer)
    assert client
    granted, tenant = _allowed(client, TENANTS[issuer]), TENANTS[issuer]
    return grants.keep(granted, client, tenant=tenant, address=granted.addresses[0], by=_admin())


def _allowed(client: Client, tenant: str) -> Granted:
    begun = client.begin(RETURN, tenant=tenant, address=ADDRESS)
    answer = dict(parse_qsl(urlsplit(allow(begun.url)).query))
    code = code_of(answer, begun.state)
    return client.exchange(code, begun.verifier, RETURN, tenant=tenant)


def _admin() -> User:
    found = find_user(ADMIN)
    assert found
    return found
