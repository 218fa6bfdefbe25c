"""What the home page tells: what needs somebody, what runs, what went out."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import exists, func, select

from portal.admin.service import base_url
from portal.extensions import db
from portal.models import AccountDay, Campaign, CampaignStatus, Contact
from portal.models.base import now

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Overview:
    running: Sequence[Campaign]
    unconfirmed: Sequence[Campaign]
    accepted_this_week: int
    has_contacts: bool
    has_campaigns: bool
    address_is_public: bool


def overview() -> Overview:
    return Overview(
        running=_campaigns(Campaign.status == CampaignStatus.RUNNING),
        unconfirmed=_campaigns(Campaign.unconfirmed_count > 0),
        accepted_this_week=_accepted_this_week(),
        has_contacts=bool(db.session.scalar(select(exists(select(Contact.id))))),
        has_campaigns=bool(db.session.scalar(select(exists(select(Campaign.id))))),
        address_is_public=is_public(base_url()),
    )


def _campaigns(condition: object) -> Sequence[Campaign]:
    query = select(Campaign).where(condition)  # type: ignore[arg-type]
    return db.session.scalars(query.order_by(Campaign.id.desc()).limit(5)).all()


def _accepted_this_week() -> int:
    query = select(func.sum(AccountDay.accepted)).where(AccountDay.day > (now() - WEEK).date())
    return db.session.scalar(query) or 0


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
