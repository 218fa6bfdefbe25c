"""Campaigns: written as a draft, looked at, launched once, at once or at a time of their own."""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update

from portal import consent
from portal.campaigns.recipients import KIND, write_messages
from portal.extensions import db
from portal.mail import keywords
from portal.mail_settings import accounts
from portal.models import LAUNCHED, AccountStatus, Campaign, CampaignStatus, User
from portal.models.base import now
from portal.outbox import bell

LATEST_START = timedelta(hours=1)  # behind its time; found later than that, a campaign asks

log = logging.getLogger(__name__)


class LaunchRefused(Exception):
    """Why a campaign can't start: `reason` is a code that the page has a sentence for."""

    def __init__(self, reason: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.names = names


def unknown_keywords(campaign: Campaign) -> list[str]:
    """The keywords of subject and body that a campaign can't fill, as written."""
    found = keywords.problems(campaign.subject, KIND) + keywords.problems(campaign.body, KIND)
    return list(dict.fromkeys(found))


def obstacle(campaign: Campaign) -> LaunchRefused | None:
    """What stands in the way of a draft's launch, or of a scheduled campaign's start, before the
    number of recipients is asked."""
    if campaign.status not in (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED):
        return _by_status(campaign)
    here = accounts.account()
    # At its limit a mailbox is well: the mails wait for the limit to end.
    if not here or here.status not in (AccountStatus.WORKING, AccountStatus.LIMITED):
        return LaunchRefused("mailbox")
    if unknown := unknown_keywords(campaign):
        return LaunchRefused("keywords", tuple(unknown))
    if campaign.status is CampaignStatus.DRAFT and _is_past(campaign.scheduled_at):
        return LaunchRefused("past")
    return None


def _by_status(campaign: Campaign) -> LaunchRefused:
    """Refused for what the campaign is by now, which may be news to the person."""
    return LaunchRefused("launched" if campaign.status in LAUNCHED else str(campaign.status))


def _is_past(at: datetime | None) -> bool:
    return at is not None and at <= now()


def launch(campaign: Campaign, confirmed: int, by: User) -> None:
    """Start a draft, or have it start by itself at its time.

    `confirmed` is the number of recipients that the person saw. Raises LaunchRefused."""
    if refused := obstacle(campaign):
        raise refused
    if campaign.scheduled_at:
        _schedule(campaign, confirmed, by)
    else:
        _start(campaign, CampaignStatus.DRAFT, confirmed, launched_by_id=by.id)


def _schedule(campaign: Campaign, confirmed: int, by: User) -> None:
    """Who gets it is decided when it starts; the number is looked at as at any launch."""
    _take(campaign, CampaignStatus.DRAFT, status=CampaignStatus.SCHEDULED, launched_by_id=by.id)
    _compare(consent.count_eligible(KIND), confirmed)
    db.session.commit()


def start_now(campaign: Campaign, confirmed: int, by: User) -> None:
    """Start a scheduled campaign without waiting for its time. As launch()."""
    if refused := obstacle(campaign):
        raise refused
    _start(campaign, CampaignStatus.SCHEDULED, confirmed, launched_by_id=by.id)


def is_due(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """SQL over campaigns: those that may start by themselves at the moment."""
    return (
        Campaign.status == CampaignStatus.SCHEDULED,
        Campaign.missed_at.is_(None),
        Campaign.scheduled_at <= moment,
        Campaign.scheduled_at >= moment - LATEST_START,
    )


def start_scheduled(campaign_id: int) -> None:
    """Start a campaign whose time has come, once, however often it is called. While something
    stands in the way it stays scheduled."""
    due = select(Campaign).where(Campaign.id == campaign_id, *is_due(now()))
    # Another that starts it just now may take long, and is not waited for.
    if campaign := db.session.scalar(due.with_for_update(skip_locked=True)):
        try:
            if refused := obstacle(campaign):
                raise refused
            _start(campaign, CampaignStatus.SCHEDULED)
        except LaunchRefused as refused:
            log.warning("Campaign %s can't start at its time: %s.", campaign_id, refused.reason)
    db.session.rollback()


def _start(
    campaign: Campaign, origin: CampaignStatus, confirmed: int | None = None, **values: Any
) -> None:
    """Make one message row per contact in one transaction, and ring for the workers."""
    here = accounts.account()
    settings = accounts.active_settings(here.id) if here else None
    if here is None or settings is None:
        raise LaunchRefused("mailbox")
    _take(campaign, origin, status=CampaignStatus.RUNNING, launched_at=now(), **values)
    _compare(write_messages(campaign, here, settings.email), confirmed)
    db.session.commit()
    bell.ring(here.id)


def _take(campaign: Campaign, origin: CampaignStatus, **values: Any) -> None:
    """Bring a campaign from one status to another; only one of two at once does."""
    taken = db.session.execute(
        update(Campaign).where(Campaign.id == campaign.id, Campaign.status == origin).values(values)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        raise _by_status(campaign)


def _compare(recipients: int, confirmed: int | None) -> None:
    """Undo everything unless the campaign has recipients, as many as a person confirmed."""
    if confirmed not in (None, recipients):
        db.session.rollback()
        raise LaunchRefused("outdated")
    if not recipients:
        db.session.rollback()
        raise LaunchRefused("nobody")
