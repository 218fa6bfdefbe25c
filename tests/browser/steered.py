"""Practices whose campaigns somebody has steered, or whose mails somebody has to settle."""

from datetime import timedelta

from sqlalchemy import select, update

from portal.extensions import db
from portal.models import Campaign, CampaignStatus, Doubt, Message, MessageStatus
from portal.models.base import now
from tests.browser import practices

RUNNING = 2  # the campaign of practices.at_work that is going out


def paused() -> None:
    _change(status=CampaignStatus.PAUSED)


def scheduled() -> None:
    """A campaign waits for its time."""
    _change(status=CampaignStatus.SCHEDULED, scheduled_at=now() + timedelta(days=2))


def missed() -> None:
    """The time of a campaign went by while nobody could send it."""
    missed_at = now()
    _change(
        status=CampaignStatus.SCHEDULED,
        scheduled_at=missed_at - timedelta(hours=2),
        missed_at=missed_at,
    )


def in_doubt() -> None:
    """A mail may or may not have gone out."""
    practices.at_work()
    query = select(Message.id).where(Message.status == MessageStatus.UNCONFIRMED)
    db.session.add_all(Doubt(message_id=found) for found in db.session.scalars(query))
    db.session.commit()


def _change(**values: object) -> None:
    practices.at_work()
    db.session.execute(update(Campaign).where(Campaign.id == RUNNING).values(values))
    db.session.commit()
