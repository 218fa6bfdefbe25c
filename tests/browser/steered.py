"""Practices whose campaigns somebody has steered, or whose mails somebody has to settle."""

from datetime import timedelta

from sqlalchemy import select, update

from portal.extensions import db
from portal.models import Campaign, CampaignStatus, Doubt, Message, MessageStatus
from portal.models.base import now
from tests.browser import practices

# The campaigns of practices.at_work: one done, one going out, one being written.
DONE, RUNNING, DRAFT = 1, 2, 3


def paused() -> None:
    _change(RUNNING, status=CampaignStatus.PAUSED)


def scheduled() -> None:
    """A campaign waits for its time."""
    _change(RUNNING, status=CampaignStatus.SCHEDULED, scheduled_at=now() + timedelta(days=2))


def missed() -> None:
    """The time of a campaign went by while nobody could send it."""
    missed_at = now()
    _change(
        RUNNING,
        status=CampaignStatus.SCHEDULED,
        scheduled_at=missed_at - timedelta(hours=2),
        missed_at=missed_at,
    )


def cancelled() -> None:
    """A campaign was cancelled before it started."""
    _change(DRAFT, status=CampaignStatus.CANCELLED)


def in_doubt() -> None:
    """A mail may or may not have gone out."""
    practices.at_work()
    query = select(Message.id).where(Message.status == MessageStatus.UNCONFIRMED)
    db.session.add_all(Doubt(message_id=found) for found in db.session.scalars(query))
    db.session.commit()


def cancelled_in_doubt() -> None:
    """The campaign of a mail in doubt was cancelled."""
    in_doubt()
    _set(DONE, status=CampaignStatus.CANCELLED)


def _change(campaign_id: int, **values: object) -> None:
    practices.at_work()
    _set(campaign_id, **values)


def _set(campaign_id: int, **values: object) -> None:
    db.session.execute(update(Campaign).where(Campaign.id == campaign_id).values(values))
    db.session.commit()
