"""A message's life. Every change of status goes through this module: STEPS says which there
are, and the campaign's counters change in the same transaction.

But for `add`, the functions take short transactions of their own, so that none is open while a
server is waited for."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from portal.extensions import db
from portal.models import AccountDay, Campaign, Message, MessageReply, SessionSlot
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.models.messages import DUE_AT, IS_WAITING

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
LAST_ATTEMPT = 14  # with these pauses about a day after the first

STEPS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.SENDING}),
    Status.DEFERRED: frozenset({Status.SENDING}),
    Status.SENDING: frozenset(
        {
            Status.QUEUED,
            Status.DEFERRED,
            Status.SENT,
            Status.FAILED,
            Status.UNCONFIRMED,
            Status.SKIPPED,
        }
    ),
}

CLAIMED_COLUMNS = (
    Message.id,
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
    Message.reason,
)
# Of a claim, and of taking it over: what was refused before comes last, so that no message that
# is refused again and again keeps others waiting.
_DUE_AT = literal_column(DUE_AT, Message.next_attempt_at.type)
SENDING_ORDER = (_DUE_AT, Message.id)


class Overtaken(Exception):
    """The message is no longer this claim's: its lease ran out and somebody took it over."""


@dataclass(frozen=True)
class Claim:
    """The right to one session of an account, and to the messages that carry its id."""

    id: str
    slot_id: int
    account_id: int


@dataclass(frozen=True)
class Verdict:
    """What became of a message. `settings_id` is what a server was spoken to by, None where none
    was. `patient` keeps the message from failing for its number of attempts: the fault is the
    account's, and its mails wait; `due_at_once` lets it go as soon as the account works."""

    status: Status
    at: datetime
    reason: str | None = None
    reply: str | None = None
    settings_id: int | None = None
    patient: bool = False
    due_at_once: bool = False


def add(rows: list[dict[str, Any]]) -> None:
    """Insert messages, each a mapping by column with status QUEUED or SKIPPED, and count them.
    Part of the session's transaction: the caller commits."""
    connection = db.session.connection()
    connection.execute(insert(Message), rows)
    changes = Counter((row["campaign_id"], row["status"]) for row in rows)
    for (campaign_id, status), number in changes.items():
        count(connection, campaign_id, {status: number})


def claim_messages(claim: Claim, limit: int) -> Sequence[Row[Any]]:
    """Take the next messages that are due, in SENDING_ORDER, as `sending`. One UPDATE.

    Raises Overtaken when the claim's lease ran out and somebody took it over."""
    due = (
        select(Message.id)
        .where(_due(claim.account_id))
        .order_by(*SENDING_ORDER)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taking = (
        update(Message)
        .where(Message.id.in_(due))
        .values(status=Status.SENDING, status_at=now(), claim_id=claim.id)
        .returning(*CLAIMED_COLUMNS)
    )
    with db.engine.begin() as connection:
        _hold(connection, claim)
        taken = connection.execute(taking).all()
        for campaign_id, changes in waiting_changes(taken, sign=-1).items():
            count(connection, campaign_id, changes)
    return sorted(
        taken, key=lambda row: (row.next_attempt_at or datetime.min.replace(tzinfo=UTC), row.id)
    )


def _hold(connection: Connection, claim: Claim) -> None:
    """Lock the claim's slot until the end of the transaction: who takes it over waits for that."""
    slot = select(SessionSlot.id).where(
        SessionSlot.id == claim.slot_id, SessionSlot.claim_id == claim.id
    )
    if connection.scalar(slot.with_for_update()) is None:
        raise Overtaken(claim.id)


def _due(account_id: int) -> Any:
    return and_(Message.account_id == account_id, IS_WAITING, now() >= _DUE_AT)


def _waiting_status(row: Row[Any]) -> Status:
    """How a message waits: one that was deferred once has a time for its next attempt."""
    return Status.DEFERRED if row.next_attempt_at else Status.QUEUED


def waiting_changes(rows: Sequence[Row[Any]], sign: int) -> dict[int | None, Counter[Status]]:
    """What the counters gain (sign 1) when rows go from `sending` to waiting, or lose (-1)."""
    changes: dict[int | None, Counter[Status]] = {}
    for row in rows:
        change = changes.setdefault(row.campaign_id, Counter())
        change[_waiting_status(row)] += sign
        change[Status.SENDING] -= sign
    return changes


def record(claim: Claim, message: Row[Any], verdict: Verdict) -> Status:
    """Commit what became of a claimed message, before the next one is begun.

    Raises Overtaken, having changed nothing, when the message is no longer the claim's."""
    values: dict[str, Any] = {"reason": verdict.reason, "reply": verdict.reply, "claim_id": None}
    if verdict.settings_id:
        values |= {
            "settings_id": verdict.settings_id,
            "attempted_at": verdict.at,
            "attempts": message.attempts + 1,
        }
    status = verdict.status
    if status is Status.DEFERRED:
        status, values = _postpone(message, verdict, values)
    with db.engine.begin() as connection:
        step(connection, claim, message, status, values)
        if status is Status.SENT:
            _count_accepted(connection, claim.account_id, verdict.at)
        if status is Status.DEFERRED:
            _keep_reply(connection, message, verdict)
    return status


def _postpone(
    message: Row[Any], verdict: Verdict, values: dict[str, Any]
) -> tuple[Status, dict[str, Any]]:
    """When to try again, with growing pauses; a message whose time is over has failed."""
    if message.attempts + 1 >= LAST_ATTEMPT and not verdict.patient:
        return Status.FAILED, {**values, "reason": "expired"}
    pause = min(FIRST_PAUSE * 2 ** min(message.attempts, 10), LONGEST_PAUSE)
    if verdict.due_at_once:
        pause = timedelta()
    next_attempt_at = now() + pause * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
    return Status.DEFERRED, {**values, "next_attempt_at": next_attempt_at}


def step(
    connection: Connection, claim: Claim, message: Row[Any], target: Status, values: dict[str, Any]
) -> None:
    if target not in STEPS[Status.SENDING]:
        raise ValueError(f"A message that is sending can't become {target}.")
    changed = connection.execute(
        update(Message)
        .where(
            Message.id == message.id,
            Message.status == Status.SENDING,
            Message.claim_id == claim.id,
        )
        .values(status=target, status_at=now(), **values)
    )
    if changed.rowcount != 1:
        raise Overtaken(message.id)
    count(connection, message.campaign_id, {Status.SENDING: -1, target: 1})


def _keep_reply(connection: Connection, message: Row[Any], verdict: Verdict) -> None:
    connection.execute(
        insert(MessageReply).values(
            message_id=message.id,
            at=verdict.at,
            attempt=message.attempts + 1,
            reason=verdict.reason,
            reply=verdict.reply,
        )
    )


def count(
    connection: Connection, campaign_id: int | None, changes: dict[Status, int] | Counter[Status]
) -> None:
    if campaign_id is None:
        return
    names = {f"{status}_count": number for status, number in changes.items() if number}
    connection.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values({name: getattr(Campaign, name) + number for name, number in names.items()})
    )


def _count_accepted(connection: Connection, account_id: int, at: datetime) -> None:
    upsert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    connection.execute(
        upsert(AccountDay)
        .values(account_id=account_id, day=at.date(), accepted=1)
        .on_conflict_do_update(
            index_elements=["account_id", "day"], set_={"accepted": AccountDay.accepted + 1}
        )
    )


def is_due(account_id: int) -> bool:
    """Whether a message of the account waits to be sent now."""
    with db.engine.connect() as connection:
        return connection.scalar(select(Message.id).where(_due(account_id)).limit(1)) is not None
