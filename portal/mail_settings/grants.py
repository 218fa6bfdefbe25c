"""The permission to send by a mailbox that was given at its provider (OAuth 2.0): its tokens are
kept here, and made new when they run out.

Access tokens last about an hour. However many senders notice that one has run out, the next is
asked for once: whoever claims the row asks, the others take what was stored."""

import json
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from portal.extensions import db, settings
from portal.mail import oauth
from portal.mail.findings import Finding
from portal.mail.oauth import Granted, OAuthFault, Tokens
from portal.models import MailAccount, MailGrant, User
from portal.models.base import now
from portal.vault import Unreadable, vault

AHEAD = timedelta(minutes=5)  # a token is made new so long before it ends, or a tenth of its life
CLAIM = timedelta(seconds=30)  # longer than a provider is waited for
OTHERS_SECONDS = 20.0  # for what another sender asked for
POLL_SECONDS = 0.1

# What only a new sign-in mends. Other refusals may pass, or are the registration's.
ENDS = frozenset(
    {
        Finding.oauth_expired,
        Finding.oauth_unused,
        Finding.oauth_password_changed,
        Finding.oauth_withdrawn,
        Finding.oauth_test_mode,
        Finding.oauth_policy,
        Finding.oauth_account_gone,
    }
)


@dataclass(frozen=True)
class Access:
    """What a mail server is signed in to with, and which of the grant's access tokens it is."""

    grant_id: int
    generation: int
    username: str
    token: str = field(repr=False)


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
        **_end(tokens),
    )
    db.session.add(grant)
    db.session.flush()
    for name, value in _sealed(grant, tokens, "").items():
        setattr(grant, name, value)
    return grant


def access(grant_id: int) -> Access:
    """An access token that is good for some minutes. No transaction is open afterwards.

    Raises OAuthFault when there is none any more, and vault.Unreadable."""
    grant = _current(grant_id)
    if now() < grant.access_expires_at - _margin(grant):
        return _access_of(grant)
    try:
        return _newer(grant_id, grant.generation)
    except OAuthFault as fault:
        if fault.finding in ENDS or now() >= grant.access_expires_at:
            raise
        return _access_of(grant)


def renewed(refused: Access) -> Access:
    """The access token after one that a mail server refused. No transaction is open afterwards.

    Raises OAuthFault when there is none any more, and vault.Unreadable."""
    return _newer(refused.grant_id, refused.generation)


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


def _margin(grant: MailGrant) -> timedelta:
    return min(AHEAD, (grant.access_expires_at - grant.refreshed_at) / 10)


def _access_of(grant: MailGrant) -> Access:
    return Access(grant.id, grant.generation, grant.address, tokens_of(grant)["access"])


def _current(grant_id: int) -> MailGrant:
    """The grant as it is now. Raises OAuthFault when it has ended."""
    grant = db.session.get_one(MailGrant, grant_id, populate_existing=True)
    db.session.commit()
    if grant.ended_at:
        raise OAuthFault(Finding(grant.ended_cause or ""), grant.ended_reply)
    return grant


def _newer(grant_id: int, generation: int) -> Access:
    """A token after that generation, asked for by whoever claims the grant first."""
    patience = time.monotonic() + OTHERS_SECONDS
    while time.monotonic() < patience:
        grant = _current(grant_id)
        if grant.generation > generation:
            return _access_of(grant)
        until = now() + CLAIM
        if _claim(grant, until):
            _refresh(grant, until)
        else:
            time.sleep(POLL_SECONDS)
    raise OAuthFault(Finding.oauth_unreachable)


def _claim(grant: MailGrant, until: datetime) -> bool:
    free = or_(MailGrant.refreshing_until.is_(None), MailGrant.refreshing_until < now())
    return _change(grant, free, refreshing_until=until)


def _refresh(grant: MailGrant, until: datetime) -> None:
    """Ask for a new token and store it; raise OAuthFault when there is none. Whoever slept past
    `until` was overtaken: then what the other is told counts."""
    try:
        old = tokens_of(grant)["refresh"]
        tokens = _client(grant).refresh(old, tenant=grant.tenant, granted_at=grant.granted_at)
    except OAuthFault as fault:
        if _give_up(grant, until, fault):
            raise
        return
    # At once, since a provider that rotates them takes the old refresh token no more.
    _change(
        grant,
        generation=grant.generation + 1,
        refreshed_at=now(),
        access_expires_at=now() + timedelta(seconds=tokens.expires_in),
        refreshing_until=None,
        **_sealed(grant, tokens, old),
        **_end(tokens),
    )


def _client(grant: MailGrant) -> oauth.Client:
    """Raises OAuthFault where the portal is not registered any more as when permission was
    given: what it was given is of no use to another registration."""
    client = client_of(grant.issuer)
    if client is None or client.client_id != grant.client_id:
        raise OAuthFault(Finding.oauth_client_refused)
    return client


def _give_up(grant: MailGrant, until: datetime, fault: OAuthFault) -> bool:
    """Let the next one try, or nobody any more. False when another has claimed the grant."""
    ended: dict[str, Any] = {}
    if fault.finding in ENDS:
        ended = {"ended_at": now(), "ended_cause": fault.finding, "ended_reply": fault.said}
    return _change(grant, MailGrant.refreshing_until == until, refreshing_until=None, **ended)


def _change(grant: MailGrant, *conditions: Any, **values: Any) -> bool:
    """Write, unless another has changed the grant since it was read."""
    changed = db.session.execute(
        update(MailGrant)
        .where(
            MailGrant.id == grant.id,
            MailGrant.generation == grant.generation,
            MailGrant.ended_at.is_(None),
            *conditions,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return changed.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _sealed(grant: MailGrant, tokens: Tokens, old: str) -> dict[str, Any]:
    """The tokens for the row; a refresh token that was not rotated stays."""
    pair = {"access": tokens.access_token, "refresh": tokens.refresh_token or old}
    sealed = vault().seal(json.dumps(pair), grant.tokens_place)
    return {"tokens": sealed.ciphertext, "tokens_key_id": sealed.key_id}


def _end(tokens: Tokens) -> dict[str, Any]:
    if tokens.refresh_expires_in is None:
        return {}
    return {"expires_at": now() + timedelta(seconds=tokens.refresh_expires_in)}
