"""A mailbox that is signed in to by a permission of the tests' authorization server."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from sqlalchemy import update

from portal.admin.service import find_user
from portal.extensions import db
from portal.mail.findings import Finding
from portal.mail.oauth import Client, Granted, OAuthFault, code_of
from portal.mail_settings import access as tokens
from portal.mail_settings import grants, service
from portal.mail_settings.access import Access
from portal.models import MailCheck, MailGrant, User
from portal.models.base import now
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


def local_mailbox(port: int, provider: str = "other", password: str = "") -> service.Draft:
    """A mailbox on a local server without TLS."""
    return service.Draft(
        email=ADDRESS,
        sender_name="",
        different_user=False,
        username="",
        password=password,
        provider=provider,
        smtp_server="127.0.0.1",
        smtp_port=port,
        security="none",
        allow_unencrypted=True,
        legal_notice="Aviso legal",
    )


def sign_in(app: Flask, port: int, issuer: str = "google") -> MailCheck:
    """Sign in, and save the mailbox on a local server; the check that has begun."""
    with app.app_context():
        return service.save(local_mailbox(port), admin(), _kept(issuer))


def save(app: Flask, draft: service.Draft) -> MailCheck:
    """Save without signing in anew; the check that has begun."""
    with app.app_context():
        return service.save(draft, admin())


def access(app: Flask, grant_id: int) -> Access:
    """What a sender asks for."""
    with app.app_context():
        return tokens.access_of(grant_id)


def renewed(app: Flask, refused: Access) -> Access:
    """What a sender asks for that was refused."""
    with app.app_context():
        return tokens.renewed(refused)


def grant_of(app: Flask, grant_id: int) -> MailGrant:
    """The grant as it stands in the database."""
    with app.app_context():
        return db.session.get_one(MailGrant, grant_id)


def fault(asking: Callable[[], object]) -> Finding:
    with pytest.raises(OAuthFault) as caught:
        asking()
    return caught.value.finding


def change(app: Flask, grant_id: int, **values: Any) -> None:
    with app.app_context():
        db.session.execute(update(MailGrant).where(MailGrant.id == grant_id).values(**values))
        db.session.commit()


def runs_out(app: Flask, grant_id: int, seconds: float = 60) -> None:
    """The access token, of an hour, has so long to live still."""
    ends = now() + timedelta(seconds=seconds)
    change(app, grant_id, access_expires_at=ends, refreshed_at=ends - timedelta(hours=1))


def _kept(issuer: str) -> MailGrant:
    client = grants.client_of(issuer)
    assert client
    granted, tenant = _allowed(client, TENANTS[issuer]), TENANTS[issuer]
    return grants.keep(granted, client, tenant=tenant, address=granted.addresses[0], by=admin())


def _allowed(client: Client, tenant: str) -> Granted:
    begun = client.begin(RETURN, tenant=tenant, address=ADDRESS)
    answer = dict(parse_qsl(urlsplit(allow(begun.url)).query))
    code = code_of(answer, begun.state)
    return client.exchange(code, begun.verifier, RETURN, tenant=tenant)


def admin() -> User:
    found = find_user(ADMIN)
    assert found
    return found
