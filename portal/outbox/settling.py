"""From the outcomes that a claim has written down to the messages, in one transaction with
everything that counts them."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, func, insert, select, update

from portal.models import AccountDay, Campaign, CampaignStatus, Message, MessageReply, Outcome
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.outbox import doubts
from portal.outbox.counters import add_to
from portal.outbox.transitions import STEPS, Step

_IS_OF_CLAIM = Outcome.claim_id == bindparam("claim")

_STATUSES = select(Outcome.status).where(_IS_OF_CLAIM).distinct()
# In their order, before any is counted: another sender may settle mails of the same ones.
_HOLD_CAMPAIGNS = (
    select(Campaign.id)
    .where(
        Campaign.id.in_(
            select(Message.campaign_id)
            .join(Outcome, Outcome.message_id == Message.id)
            .where(_IS_OF_CLAIM)
        )
    )
    .order_by(Campaign.id)
    .with_for_update(key_share=True)
)
_FORGET = delete(Outcome).where(_IS_OF_CLAIM)


def _settling(target: Status) -> Step:
    """Where no server was spoken to, that is no attempt."""
    attempt = case((Outcome.attempted_at.is_(None), 0), else_=1)
    return Step(
        Status.SENDING,
        target,
        Message.claim_id == bindparam("claim"),
        _IS_OF_CLAIM,
        Outcome.message_id == Message.id,
        Outcome.status == target,
        returning=(
            *(Message.id, Message.account_id, Message.status_at),
            *(Message.attempts, Message.reason, Message.reply),
        ),
        claim_id=None,
        status_at=Outcome.at,
        reason=Outcome.reason,
        reply=Outcome.reply,
        attempts=Message.attempts + attempt,
        attempted_at=func.coalesce(Outcome.attempted_at, Message.attempted_at),
        settings_id=func.coalesce(Outcome.settings_id, Message.settings_id),
        next_attempt_at=Outcome.next_attempt_at,
        retry_until=Outcome.retry_until,
        repeats=Outcome.repeats,
    )


# What a sender may write down; a mail that it has not begun has no outcome.
_SETTLE = {target: _settling(target) for target in STEPS[Status.SENDING] - {Status.QUEUED}}


def settle(connection: Connection, claim_id: str) -> None:
    """Give each message of a claim the outcome that was written down for it."""
    of_claim = {"claim": claim_id}
    targets = connection.scalars(_STATUSES, of_claim).all()
    if not targets:
        return
    connection.execute(_HOLD_CAMPAIGNS, of_claim).all()
    for target in targets:
        settled = _SETTLE[target].run(connection, **of_claim)
        also = _ALSO.get(target)
        if also and settled:
            also(connection, settled)
    connection.execute(_FORGET, of_claim)


def _keep_replies(connection: Connection, deferred: Sequence[Row[Any]]) -> None:
    """What a server answered to attempts that did not end their messages."""
    replies = [
        {
            "message_id": row.id,
            "at": row.status_at,
            "attempt": row.attempts,
            "reason": row.reason,
            "reply": row.reply,
        }
        for row in deferred
    ]
    connection.execute(insert(MessageReply), replies)


def _count_accepted(connection: Connection, sent: Sequence[Row[Any]]) -> None:
    days = Counter((row.account_id, row.status_at.date()) for row in sent)
    for (account_id, day), accepted in days.items():
        key = {"account_id": account_id, "day": day}
        add_to(connection, AccountDay, key, accepted=accepted)


def _doubt(connection: Connection, unconfirmed: Sequence[Row[Any]]) -> None:
    doubts.note(connection, [row.id for row in unconfirmed])


_ALSO: dict[Status, Callable[[Connection, Sequence[Row[Any]]], None]] = {
    Status.DEFERRED: _keep_replies,
    Status.SENT: _count_accepted,
    Status.UNCONFIRMED: _doubt,
}


def finish_campaigns(connection: Connection) -> None:
    """A campaign is finished when none of its messages can still move."""
    connection.execute(
        update(Campaign)
        .where(
            Campaign.status == CampaignStatus.RUNNING,
            Campaign.queued_count == 0,
            Campaign.sending_count == 0,
            Campaign.deferred_count == 0,
        )
        .values(status=CampaignStatus.FINISHED, finished_at=now())
    )
