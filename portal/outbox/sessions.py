"""The sessions of an account: leased slots, what a claim leaves behind, and taking over from a
sender that died."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, literal, select, update

from portal.extensions import db
from portal.models import Campaign, CampaignStatus, Message, SessionSlot
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.models.messages import IS_CLAIMED
from portal.outbox.service import (
    CLAIMED_COLUMNS,
    SENDING_ORDER,
    Claim,
    count,
    step,
    waiting_changes,
)

LEASE = timedelta(seconds=30)


def take_session(account_id: int) -> Claim | None:
    """Lease one of the account's session slots; None while all are held."""
    free = (
        select(SessionSlot.id)
        .where(SessionSlot.account_id == account_id, SessionSlot.claim_id.is_(None))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    claim_id = secrets.token_hex(16)
    with db.engine.begin() as connection:
        slot_id = connection.scalar(
            update(SessionSlot)
            .where(SessionSlot.id == free.scalar_subquery())
            .values(claim_id=claim_id, lease_until=now() + LEASE)
            .returning(SessionSlot.id)
        )
    return Claim(claim_id, slot_id, account_id) if slot_id else None


def renew(claim: Claim) -> bool:
    """Hold the lease for another 30 seconds; False when it was taken over."""
    with db.engine.begin() as connection:
        renewed = connection.execute(
            update(SessionSlot)
            .where(SessionSlot.id == claim.slot_id, SessionSlot.claim_id == claim.id)
            .values(lease_until=now() + LEASE)
        )
    return renewed.rowcount == 1


def release(claim: Claim) -> None:
    """End a session: messages not begun go back to wait, the slot is free."""
    with db.engine.begin() as connection:
        if _free(connection, claim.slot_id, claim.id):
            _put_back(connection, _claimed(connection, claim.id))
            _finish_campaigns(connection)


def recover(account_id: int | None = None) -> int:
    """Take over from senders whose lease ran out. The first message that such a claim has not
    settled may have gone out or not, so it is `unconfirmed`; those behind it were not begun and
    wait again. Returns how many sessions were taken over."""
    lost = select(SessionSlot.id, SessionSlot.claim_id).where(SessionSlot.lease_until < now())
    if account_id is not None:
        lost = lost.where(SessionSlot.account_id == account_id)
    with db.engine.begin() as connection:
        slots = connection.execute(lost.where(SessionSlot.claim_id.is_not(None))).all()
        for slot in slots:
            _recover_slot(connection, slot.id, slot.claim_id)
    return len(slots)


def _recover_slot(connection: Connection, slot_id: int, claim_id: str) -> None:
    if not _free(connection, slot_id, claim_id, SessionSlot.lease_until < now()):
        return
    claimed = _claimed(connection, claim_id)
    if claimed:
        doubtful = claimed[0]
        values = {
            "reason": "sender_died",
            "claim_id": None,
            "attempts": doubtful.attempts + 1,
            "attempted_at": now(),
        }
        step(connection, Claim(claim_id, slot_id, 0), doubtful, Status.UNCONFIRMED, values)
        _put_back(connection, claimed[1:])
    _finish_campaigns(connection)


def _free(connection: Connection, slot_id: int, claim_id: str, *conditions: Any) -> bool:
    freed = connection.execute(
        update(SessionSlot)
        .where(SessionSlot.id == slot_id, SessionSlot.claim_id == claim_id, *conditions)
        .values(claim_id=None, lease_until=None)
    )
    return freed.rowcount == 1


def _claimed(connection: Connection, claim_id: str) -> Sequence[Row[Any]]:
    """What the claim still holds, in the order in which it sends."""
    query = select(*CLAIMED_COLUMNS).where(Message.claim_id == claim_id, IS_CLAIMED)
    return connection.execute(query.order_by(*SENDING_ORDER)).all()


def _put_back(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    if not rows:
        return
    waiting = case(
        (Message.next_attempt_at.is_(None), literal(Status.QUEUED, Message.status.type)),
        else_=literal(Status.DEFERRED, Message.status.type),
    )
    connection.execute(
        update(Message)
        .where(Message.id.in_([row.id for row in rows]), IS_CLAIMED)
        .values(status=waiting, status_at=now(), claim_id=None)
    )
    for campaign_id, changes in waiting_changes(rows, sign=1).items():
        count(connection, campaign_id, changes)


def _finish_campaigns(connection: Connection) -> None:
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


def has_free_session(account_id: int) -> bool:
    """Whether a sender could begin now."""
    query = select(SessionSlot.id).where(
        SessionSlot.account_id == account_id, SessionSlot.claim_id.is_(None)
    )
    with db.engine.connect() as connection:
        return connection.scalar(query.limit(1)) is not None


def finish_campaigns() -> None:
    """Finish what a worker left when it died after the last mail."""
    with db.engine.begin() as connection:
        _finish_campaigns(connection)
