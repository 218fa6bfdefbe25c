"""The permission to send by a mailbox that was given at its provider (OAuth 2.0), and its tokens,
which nobody else opens."""

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from portal.extensions import db, settings
from portal.mail import oauth
from portal.mail.findings import Finding
from portal.mail.oauth import Granted, Tokens
from portal.models import MailAccount, MailGrant, User
from portal.models.base import now
from portal.vault import Unreadable, vault


def client_of(issuer: str) -> oauth.Client | None:
    """This portal as registered at the issuer; None while its id or secret isn't set."""
    registration = settings().oauth[issuer]
    if not registration.client_id or not registration.client_secret:
        return None
    return oauth.Client(
        oauth.load()[issuer],
        registration.client_id,
        registration.client_secret,
        registration.base,
    )


def keep(
    granted: Granted, client: oauth.Client, *, tenant: str, address: str, by: User
) -> MailGrant:
    """The grant, with its tokens sealed; the caller commits."""
    at, tokens = now(), granted.tokens
    grant = MailGrant(
        account_id=db.session.scalars(select(MailAccount.id)).one(),
        issuer=client.server.key,
        tenant=tenant,
        client_id=client.client_id,
        address=address,
        refreshed_at=at,
        access_expires_at=at + timedelta(seconds=tokens.expires_in),
        granted_at=at,
        granted_by_id=by.id,
        **end_of(tokens),
    )
    db.session.add(grant)
    db.session.flush()
    for name, value in sealed(grant, tokens, "").items():
        setattr(grant, name, value)
    return grant


def forget(grant: MailGrant) -> str | None:
    """Leave nothing of the tokens, and return the refresh token, by which the provider can be told
    so; None when it can't be read. The caller commits."""
    try:
        refresh_token = tokens_of(grant)["refresh"]
    except Unreadable:
        refresh_token = None
    grant.tokens = grant.tokens_key_id = ""
    grant.ended_at, grant.ended_cause = now(), Finding.oauth_withdrawn
    return refresh_token


def forget_others(account_id: int, used: Collection[int | None]) -> None:
    """Forget the tokens of grants that no settings need any more. The caller commits.

    The provider isn't told: that would end the newer grant of the same mailbox too."""
    db.session.execute(
        update(MailGrant)
        .where(
            MailGrant.account_id == account_id,
            MailGrant.tokens != "",
            MailGrant.id.not_in([grant_id for grant_id in used if grant_id]),
        )
        .values(tokens="", tokens_key_id="", ended_at=now(), ended_cause=Finding.oauth_withdrawn)
    )


def tokens_of(grant: MailGrant) -> dict[str, str]:
    """{"access": …, "refresh": …}. Raises vault.Unreadable."""
    found: dict[str, str] = json.loads(vault().open(grant.tokens, grant.tokens_place))
    return found


def sealed(grant: MailGrant, tokens: Tokens, old: str) -> dict[str, Any]:
    """The tokens for the row; a refresh token that was not rotated stays."""
    pair = {"access": tokens.access_token, "refresh": tokens.refresh_token or old}
    sealed = vault().seal(json.dumps(pair), grant.tokens_place)
    return {"tokens": sealed.ciphertext, "tokens_key_id": sealed.key_id}


def end_of(tokens: Tokens) -> dict[str, Any]:
    """When the permission ends, for the row, where the provider says so."""
    if tokens.refresh_expires_in is None:
        return {}
    return {"expires_at": now() + timedelta(seconds=tokens.refresh_expires_in)}
