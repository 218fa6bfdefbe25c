"""What the home page tells: what needs somebody, what runs, what went out."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask_babel import get_locale, to_user_timezone
from sqlalchemy import ColumnElement, and_, exists, func, select

from portal.admin.service import base_url
from portal.extensions import db
from portal.mail import providers
from portal.mail_settings.accounts import account, active_settings
from portal.mail_settings.help import Asked, open_requests
from portal.models import (
    AccountDay,
    Campaign,
    CampaignStatus,
    Contact,
    MailGrant,
    Message,
    MessageStatus,
)
from portal.models.base import now
from portal.oauth.offer import ends_soon, is_held, stays_valid_until

WEEK = timedelta(days=7)
NOTICE = timedelta(days=120)  # before a provider changes how programs sign in

IS_SCHEDULED = Campaign.status == CampaignStatus.SCHEDULED
HAS_MAILS_LEFT = Campaign.queued_count + Campaign.sending_count + Campaign.deferred_count > 0
NEWEST_FIRST = Campaign.id.desc()
SOONEST_FIRST = Campaign.scheduled_at.asc()


@dataclass(frozen=True)
class EndingPermission:
    """The permission that mails go out by, while it is about to end; `unused` tells that it would
    last if it were used."""

    address: str
    ends_at: datetime
    unused: bool


@dataclass(frozen=True)
class Overview:
    """`paused` are campaigns with mails left, `scheduled` those that start by themselves, the
    soonest first, `missed` those that did not. `unconfirmed_others` counts the mails in doubt that
    belong to no campaign. `help_requests`, `changes` (what the mailbox's provider is about to
    change) and `permission` are for those who can open its settings."""

    running: Sequence[Campaign]
    paused: Sequence[Campaign]
    scheduled: Sequence[Campaign]
    unconfirmed: Sequence[Campaign]
    missed: Sequence[Campaign]
    unconfirmed_others: int
    accepted_this_week: int
    has_contacts: bool
    has_campaigns: bool
    address_is_public: bool
    help_requests: Sequence[Asked]
    changes: Sequence[str]
    permission: EndingPermission | None


def overview() -> Overview:
    return Overview(
        running=_campaigns(Campaign.status == CampaignStatus.RUNNING),
        paused=_campaigns(and_(Campaign.status == CampaignStatus.PAUSED, HAS_MAILS_LEFT)),
        scheduled=_campaigns(and_(IS_SCHEDULED, Campaign.missed_at.is_(None)), SOONEST_FIRST),
        unconfirmed=_campaigns(Campaign.unconfirmed_count > 0),
        missed=_campaigns(and_(IS_SCHEDULED, Campaign.missed_at.is_not(None))),
        unconfirmed_others=_unconfirmed_others(),
        accepted_this_week=_accepted_this_week(),
        has_contacts=bool(db.session.scalar(select(exists(select(Contact.id))))),
        has_campaigns=bool(db.session.scalar(select(exists(select(Campaign.id))))),
        address_is_public=is_public(base_url()),
        help_requests=open_requests(),
        changes=coming_changes(to_user_timezone(now()).date()),
        permission=_ending_permission(),
    )


def _campaigns(
    condition: ColumnElement[bool], order: ColumnElement[Any] = NEWEST_FIRST
) -> Sequence[Campaign]:
    return db.session.scalars(select(Campaign).where(condition).order_by(order).limit(5)).all()


def _unconfirmed_others() -> int:
    """By an index that has no more rows of them than there are."""
    in_doubt = (Message.campaign_id.is_(None), Message.status == MessageStatus.UNCONFIRMED)
    return db.session.scalar(select(func.count()).select_from(Message).where(*in_doubt)) or 0


def _accepted_this_week() -> int:
    query = select(func.sum(AccountDay.accepted)).where(AccountDay.day > (now() - WEEK).date())
    return db.session.scalar(query) or 0


def _ending_permission() -> EndingPermission | None:
    here = account()
    used = active_settings(here.id) if here else None
    grant = db.session.get(MailGrant, used.grant_id) if used and used.grant_id else None
    if not grant or not is_held(grant) or not ends_soon(grant):
        return None
    return EndingPermission(grant.address, stays_valid_until(grant), grant.expires_at is None)


def coming_changes(today: date) -> Sequence[str]:
    """What the provider of the mailbox at work has announced for those who sign in with a
    password, in the reader's language."""
    here = account()
    used = active_settings(here.id) if here else None
    if not used or used.grant_id:
        return []
    chosen = providers.load().get(used.provider)
    if chosen is None or chosen.kind == "other":
        chosen = providers.by_server(used.smtp_server)
    coming = [c for c in chosen.changes if today < c.date <= today + NOTICE] if chosen else []
    return [change.before[str(get_locale())] for change in coming]


def is_public(address: str) -> bool:
    """Whether recipients of a mail can follow a link to the address safely: https, and no host
    that only this network knows."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        reachable = ipaddress.ip_address(host).is_global
    except ValueError:
        reachable = "." in host and not host.endswith((".local", ".internal", ".lan"))
    return parts.scheme == "https" and reachable
