"""Claims: the messages that a lease holds, from their being taken to their being settled, put back,
or taken over from a sender that died.

The functions take short transactions of their own, so that none is open while a server is waited
for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Row, bindparam, select

from portal.extensions import db
from portal.models import Message, SessionSlot
from portal.models import MessageStatus as Status
from portal.models.messages import IS_CLAIMED
from portal.outbox import doubts, leases, settling, waiting
from portal.outbox.clock import boot_id
from portal.outbox.leases import Claim
from portal.outbox.transitions import Step
from portal.outbox.waiting import SENDING_ORDER, Lanes, due_at, never

CLAIMED_COLUMNS = (
    Message.id,
    Message.account_id,
    Message.campaign_id,
    Message.contact_id,
    Message.kind,
    Message.template_version_id,
    Message.legal_notice_id,
    Message.template_values,
    Message.unsubscribe_token,
    Message.recipient,
    Message.recipient_name,
    Message.message_id,
    Message.attempts,
    Message.next_attempt_at,
    Message.retry_until,
    Message.expires_at,
    Message.repeats,
    Message.reason,
)
NEVER = datetime.min.replace(tzinfo=UTC)
Claimed = Row[Any]  # of CLAIMED_COLUMNS


def _is_claimed(claim_id: str | BindParameter[str]) -> tuple[ColumnElement[bool], ...]:
    return Message.claim_id == claim_id, IS_CLAIMED  # type: ignore[return-value]


def _taking(origin: Status, when: ColumnElement[bool], *, campaign: bool) -> Step:
    """The time of the last status is kept: a claim is over in a moment, and most indexes need no
    change then."""
    due = (
        select(Message.id)
        .where(waiting.is_due_from(campaign=campaign), when)
        .order_by(Message.campaign_id, *SENDING_ORDER)  # the index's, also for NULL
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("due")  # PostgreSQL runs a subquery anew where it likes, beyond the limit
    )
    return Step(
        origin,
        Status.SENDING,
        Message.id.in_(select(due.c.id)),
        returning=CLAIMED_COLUMNS,
        claim_id=bindparam("taken_by"),
        status_at=Message.status_at,
    )


def _putting_back(target: Status, when: ColumnElement[bool]) -> Step:
    return Step(
        Status.SENDING,
        target,
        *_is_claimed(bindparam("held_by")),
        when,
        claim_id=None,
        status_at=Message.status_at,
    )


# Those that were never tried come first.
_TAKE = {
    campaign: (
        _taking(Status.QUEUED, due_at == never, campaign=campaign),
        _taking(Status.DEFERRED, due_at > never, campaign=campaign),
    )
    for campaign in (False, True)
}
# One that was deferred once has a time for its next attempt.
_PUT_BACK = (
    _putting_back(Status.QUEUED, Message.next_attempt_at.is_(None)),
    _putting_back(Status.DEFERRED, Message.next_attempt_at.is_not(None)),
)


def claim_messages(claim: Claim, lanes: Lanes, limit: int) -> Sequence[Claimed]:
    """Take the next messages that are due, in SENDING_ORDER, as `sending`: those without a campaign
    before those of the oldest campaign that runs.

    Raises Overtaken when the claim's lease ran out and somebody took it over."""
    with db.engine.begin() as connection:
        leases.hold(connection, claim)
        # What was claimed before and not begun, since something else goes first. What a sender has
        # in hand is always the first that its claim holds.
        _let_go(connection, claim.id)
        for campaign_id in waiting.sources(connection, lanes):
            if taken := _take(connection, claim, campaign_id, limit):
                return taken
    return ()


def _take(
    connection: Connection, claim: Claim, campaign_id: int | None, limit: int
) -> Sequence[Claimed]:
    taken: list[Claimed] = []
    for step in _TAKE[campaign_id is not None]:
        due = waiting.due_parameters(claim.account_id, campaign_id)
        taken += step.run(connection, **due, most=limit - len(taken), taken_by=claim.id)
        if len(taken) == limit:
            break
    return sorted(taken, key=lambda row: (row.next_attempt_at or NEVER, row.id))


def settle(claim: Claim) -> None:
    """Give the messages what was written down for them so far."""
    with db.engine.begin() as connection:
        leases.hold(connection, claim)
        settling.settle(connection, claim.id)
        settling.finish_campaigns(connection)


def put_back(claim: Claim) -> None:
    """Let what was claimed and not begun wait again; the session may go on."""
    with db.engine.begin() as connection:
        leases.hold(connection, claim)
        _let_go(connection, claim.id)


def _let_go(connection: Connection, claim_id: str) -> None:
    settling.settle(connection, claim_id)
    _put_back(connection, claim_id)


def _put_back(connection: Connection, claim_id: str) -> None:
    for step in _PUT_BACK:
        step.run(connection, held_by=claim_id)


def release(claim: Claim) -> None:
    """End a session: messages not begun go back to wait, the slot is free."""
    with db.engine.begin() as connection:
        if leases.free(connection, *leases.holds(claim)):
            _let_go(connection, claim.id)
            settling.finish_campaigns(connection)


def recover(account_id: int | None = None) -> int:
    """Take over from senders whose lease ran out. What they wrote down is settled; the first
    message behind that may have gone out or not, so it is in doubt; those behind it were not begun
    and wait again. Returns how many sessions were taken over.

    After a power loss the last outcomes may be missing on SQLite, so the whole claim is in doubt.
    PostgreSQL keeps what was committed."""
    lost = select(
        SessionSlot.id, SessionSlot.account_id, SessionSlot.claim_id, SessionSlot.boot_id
    ).where(SessionSlot.claim_id.is_not(None), leases.is_over())
    if account_id is not None:
        lost = lost.where(SessionSlot.account_id == account_id)
    with db.engine.begin() as connection:
        slots = connection.execute(lost).all()
        for slot in slots:
            _recover(connection, slot)
    return len(slots)


def _recover(connection: Connection, slot: Row[*tuple[Any, ...]]) -> None:
    whose = (SessionSlot.id == slot.id, SessionSlot.claim_id == slot.claim_id)
    if not leases.free(connection, *whose, leases.is_over()):
        return
    settling.settle(connection, slot.claim_id)
    power_lost = not leases.is_postgresql() and slot.boot_id != boot_id()
    left = select(Message.id).where(*_is_claimed(slot.claim_id)).order_by(*SENDING_ORDER)
    doubtful = connection.scalars(left if power_lost else left.limit(1)).all()
    if doubtful:
        doubts.raise_doubts(connection, slot.account_id, doubtful)
        _put_back(connection, slot.claim_id)
    settling.finish_campaigns(connection)


def finish_campaigns() -> None:
    """Finish what a sender left when it died after the last mail."""
    with db.engine.begin() as connection:
        settling.finish_campaigns(connection)
