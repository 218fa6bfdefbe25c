"""What people do with a campaign once it was launched, and what the sweep does for them.

A sender looks before each mail whether the campaign still runs, so a pause or a cancellation is
effective before the next one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from portal import queue
from portal.campaigns.service import LATEST_START, is_due
from portal.extensions import db
from portal.mail_settings import accounts
from portal.models import (
    WAITING,
    Campaign,
    CampaignStatus,
    MailAccount,
    Message,
    MessageReply,
    MessageStatus,
)
from portal.models.base import now
from portal.outbox import bell
from portal.outbox.again import run_again
from portal.outbox.transitions import move

PORTION = 1000  # messages moved in one transaction, for which senders may have to wait

CANCELLED = (CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.SCHEDULED)


class NotPossible(Exception):
    """A campaign isn't in the status for what was asked: nothing has changed."""


def is_moving(campaign: Campaign) -> bool:
    """Whether its counters change by themselves."""
    is_ending = campaign.status is CampaignStatus.CANCELLED and campaign.waiting > 0
    return campaign.status is CampaignStatus.RUNNING or campaign.sending_count > 0 or is_ending


def pause(campaign_id: int) -> None:
    """Let no further mail begin. Raises NotPossible unless the campaign runs."""
    _step(campaign_id, (CampaignStatus.RUNNING,), status=CampaignStatus.PAUSED)


def resume(campaign_id: int) -> None:
    """Go on where it was paused. Raises NotPossible unless it is paused."""
    here = accounts.account()
    _step(campaign_id, (CampaignStatus.PAUSED,), status=CampaignStatus.RUNNING)
    _ring(here)


def unschedule(campaign_id: int) -> None:
    """Make a draft of it again. Raises NotPossible unless it waits for its time."""
    _step(
        campaign_id,
        (CampaignStatus.SCHEDULED,),
        status=CampaignStatus.DRAFT,
        missed_at=None,
        launched_by_id=None,
    )


def cancel(campaign_id: int) -> None:
    """Let no further mail begin, for good, and give up those that wait: the first ones at once, the
    others in a job. Raises NotPossible unless it runs, is paused or waits for its time."""
    _step(campaign_id, CANCELLED, status=CampaignStatus.CANCELLED)
    _finish_cancelling(campaign_id)


def _step(campaign_id: int, origins: tuple[CampaignStatus, ...], **values: Any) -> None:
    """Of two people at once, one does it."""
    stepped = db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.status.in_(origins))
        .values(values)
    )
    db.session.commit()
    if stepped.rowcount != 1:  # type: ignore[attr-defined]
        raise NotPossible


def _ring(here: MailAccount | None) -> None:
    """`here` was looked up before the commit: behind it nothing may fail for the person."""
    if here:
        bell.ring(here.id)


def finish_cancelling() -> None:
    """The sweep's part: give up what still waits, or what a sender has put back since."""
    query = select(Campaign.id).where(
        Campaign.status == CampaignStatus.CANCELLED,
        Campaign.queued_count + Campaign.deferred_count > 0,
    )
    campaign_ids = db.session.scalars(query).all()
    db.session.commit()
    for campaign_id in campaign_ids:
        _finish_cancelling(campaign_id)


def _finish_cancelling(campaign_id: int) -> None:
    if give_up_some(campaign_id):
        queue.enqueue("jobs.campaigns.cancel", campaign_id, queue=queue.TRANSACTIONAL)


def give_up_some(campaign_id: int) -> bool:
    """Give up a portion of what waits of a cancelled campaign; True when there may be more."""
    waiting = (
        select(Message.id)
        .join(Campaign, Campaign.id == Message.campaign_id)
        .where(
            Message.campaign_id == campaign_id,
            Message.status.in_(WAITING),
            Campaign.status == CampaignStatus.CANCELLED,
        )
        .limit(PORTION)
        .with_for_update(of=Message, skip_locked=True)
    )
    # PostgreSQL may run a subquery with FOR UPDATE once for each row, whatever its LIMIT.
    ids = db.session.scalars(waiting).all()
    for origin in WAITING:
        move(db.session.connection(), origin, MessageStatus.CANCELLED, Message.id.in_(ids))
    db.session.commit()
    return len(ids) == PORTION


def retry(campaign_id: int) -> None:
    """Let the mails that failed until now wait once more, the first ones at once, the others in a
    job; the campaign runs again if it was finished. Raises NotPossible for a draft, and where it
    waits for its time or was cancelled, or nothing failed.

    Should the job be interrupted, the others are still failed, and can be retried."""
    here = accounts.account()
    retried = retry_some(campaign_id, now())
    if not retried:
        raise NotPossible
    if retried == PORTION:
        queue.enqueue("jobs.campaigns.retry", campaign_id, queue=queue.TRANSACTIONAL)
    _ring(here)


def retry_some(campaign_id: int, failed_before: datetime) -> int:
    """Returns how many of a portion wait again."""
    failed = (
        select(Message.id)
        .where(
            Message.campaign_id == campaign_id,
            Message.status == MessageStatus.FAILED,
            Message.status_at <= failed_before,
        )
        .limit(PORTION)
        .with_for_update(skip_locked=True)
    )
    ids = db.session.scalars(failed).all()
    # With each portion, since it may have been finished or cancelled since the last.
    retried = len(ids) if ids and run_again(db.session.connection(), [campaign_id]) else 0
    if retried:
        _queue_again(ids)
    db.session.commit()
    return retried


def _queue_again(message_ids: Sequence[int]) -> None:
    """What the server said of the attempt becomes one answer of several."""
    connection = db.session.connection()
    answered = select(
        Message.id, Message.attempted_at, Message.attempts, Message.reason, Message.reply
    ).where(Message.id.in_(message_ids), Message.attempted_at.is_not(None))
    columns = ["message_id", "at", "attempt", "reason", "reply"]
    connection.execute(insert(MessageReply).from_select(columns, answered))
    move(
        connection,
        MessageStatus.FAILED,
        MessageStatus.QUEUED,
        Message.id.in_(message_ids),
        reason=None,
        reply=None,
        next_attempt_at=None,
        retry_until=None,
    )


def start_due() -> None:
    """The sweep's part: ring for the campaigns whose time has come. Those that are found too late
    start no more by themselves; somebody is asked."""
    moment = now()
    db.session.execute(
        update(Campaign)
        .where(
            Campaign.status == CampaignStatus.SCHEDULED,
            Campaign.missed_at.is_(None),
            Campaign.scheduled_at < moment - LATEST_START,
        )
        .values(missed_at=moment)
    )
    campaign_ids = db.session.scalars(select(Campaign.id).where(*is_due(moment))).all()
    db.session.commit()
    for campaign_id in campaign_ids:
        queue.enqueue("jobs.campaigns.start", campaign_id, queue=queue.TRANSACTIONAL)
