"""An access token, whenever a mail server is signed in to by a permission.

They last about an hour. However many senders notice that one has run out, the next is asked for
once: whoever claims the grant's row asks, the others take what was stored."""

import math
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update

from portal.extensions import db
from portal.mail import oauth
from portal.mail.findings import Finding
from portal.mail.oauth import OAuthFault
from portal.mail_settings.grants import client_of, end_of, sealed, tokens_of
from portal.models import MailGrant
from portal.models.base import now

AHEAD = timedelta(minutes=5)  # a token is made new so long before it ends, or a tenth of its life
CLAIM = timedelta(seconds=20)  # longer than a provider is waited for
OTHERS_SECONDS = 25.0  # for what another sender asked for: past its claim, should it have died
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


def access_of(grant_id: int, deadline: float = math.inf) -> Access:
    """An access token that is good for some minutes; while none can be had, or another sender asks
    for it, the one before is used to its end. Nothing is awaited past `deadline` (time.monotonic),
    and no transaction is open afterwards.

    Raises OAuthFault when there is none any more, and vault.Unreadable."""
    grant = _current(grant_id)
    if now() < grant.access_expires_at - _margin(grant):
        return _opened(grant)
    lives = now() < grant.access_expires_at
    try:
        return _newer(grant_id, grant.generation, 0.0 if lives else OTHERS_SECONDS, deadline)
    except OAuthFault as fault:
        if fault.finding in ENDS or not lives:
            raise
        return _opened(grant)


def renewed(refused: Access, deadline: float = math.inf) -> Access:
    """The access token after one that a mail server refused. Nothing is awaited past `deadline`
    (time.monotonic), and no transaction is open afterwards.

    Raises OAuthFault when there is none any more, and vault.Unreadable."""
    return _newer(refused.grant_id, refused.generation, OTHERS_SECONDS, deadline)


def _margin(grant: MailGrant) -> timedelta:
    return min(AHEAD, (grant.access_expires_at - grant.refreshed_at) / 10)


def _opened(grant: MailGrant) -> Access:
    return Access(grant.id, grant.generation, grant.address, tokens_of(grant)["access"])


def _current(grant_id: int) -> MailGrant:
    """The grant as it is now. Raises OAuthFault when it has ended."""
    grant = db.session.get_one(MailGrant, grant_id, populate_existing=True)
    db.session.commit()
    if grant.ended_at:
        raise OAuthFault(Finding(grant.ended_cause or ""), grant.ended_reply)
    return grant


def _newer(grant_id: int, generation: int, patience: float, deadline: float) -> Access:
    """A token after that generation, asked for by whoever claims the grant first; the others have
    so much patience, in seconds."""
    limit = min(deadline, time.monotonic() + patience)
    while True:
        grant = _current(grant_id)
        newest = _opened(grant)  # before the claim, since what can't be read is of no use to it
        if grant.generation > generation:
            return newest
        until = now() + CLAIM
        if _claim(grant, until):
            _refresh(grant, until, deadline)
        elif time.monotonic() >= limit:
            raise OAuthFault(Finding.oauth_unreachable)
        else:
            time.sleep(POLL_SECONDS)


def _claim(grant: MailGrant, until: datetime) -> bool:
    free = or_(MailGrant.refreshing_until.is_(None), MailGrant.refreshing_until < now())
    return _change(grant, free, refreshing_until=until)


def _refresh(grant: MailGrant, until: datetime, deadline: float) -> None:
    """Ask for a new token and store it; raise OAuthFault when there is none. Whoever slept past
    `until` was overtaken: then what the other is told counts."""
    try:
        old = tokens_of(grant)["refresh"]
        tokens = _client(grant).refresh(
            old, tenant=grant.tenant, granted_at=grant.granted_at, deadline=deadline
        )
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
        **sealed(grant, tokens, old),
        **end_of(tokens),
    )


def _client(grant: MailGrant) -> oauth.Client:
    """Raises OAuthFault where the portal is not registered any more, or anew: what it was given is
    of no use to another registration."""
    client = client_of(grant.issuer)
    if client is None:
        raise OAuthFault(Finding.oauth_client_refused)
    if client.client_id != grant.client_id:
        raise OAuthFault(Finding.oauth_registered_anew)
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
