"""The states of a message. Every change of status goes through `move`: STEPS says which there are,
and the campaign's counters change in the same transaction."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    case,
    false,
    insert,
    true,
    update,
)

from portal.extensions import db
from portal.models import Campaign, Message
from portal.models import MessageStatus as Status
from portal.models.base import now

# From -> to; docs/delivery.md says who may cause each.
STEPS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.SENDING, Status.CANCELLED}),
    Status.DEFERRED: frozenset({Status.SENDING, Status.CANCELLED}),
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
    Status.UNCONFIRMED: frozenset({Status.SENT, Status.QUEUED}),
    Status.FAILED: frozenset({Status.QUEUED}),
}


class IllegalStep(Exception):
    """There is no such step from one status to the other."""


def move(
    connection: Connection,
    origin: Status,
    target: Status,
    *conditions: ColumnElement[bool],
    returning: Sequence[Any] = (),
    **values: Any,
) -> Sequence[Row[Any]]:
    """Give every message that has the one status and meets the conditions the other, with the
    values, and count it. Returns a row for each: campaign_id, and what else is asked for.

    `status_at` is now unless it is among the values. Raises IllegalStep."""
    if target not in STEPS.get(origin, ()):
        raise IllegalStep(f"A message that is {origin} can't become {target}.")
    moved = connection.execute(
        update(Message)
        .where(_is(origin), *conditions)
        .values(**{"status": target, "status_at": now(), **values})
        .returning(Message.campaign_id, *returning)
    ).all()
    changed = Counter(row.campaign_id for row in moved)
    for campaign_id, number in sorted(changed.items(), key=lambda item: item[0] or 0):
        count(connection, campaign_id, {origin: -number, target: number})
    return moved


def _is(origin: Status) -> ColumnElement[bool]:
    """A guard, not a way to find rows: no index may be taken for it, since a status has as many
    messages as there are."""
    return case((Message.status == origin, true()), else_=false())


def add(rows: list[dict[str, Any]]) -> None:
    """Insert messages, each a mapping by column with status QUEUED or SKIPPED, and count them.
    Part of the session's transaction: the caller commits."""
    connection = db.session.connection()
    connection.execute(insert(Message), rows)
    changes = Counter((row["campaign_id"], row["status"]) for row in rows)
    for (campaign_id, status), number in changes.items():
        count(connection, campaign_id, {status: number})


def count(connection: Connection, campaign_id: int | None, changes: dict[Status, int]) -> None:
    """Change a campaign's counters."""
    if campaign_id is None:
        return
    connection.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(
            {
                f"{status}_count": getattr(Campaign, f"{status}_count") + number
                for status, number in changes.items()
            }
        )
    )
