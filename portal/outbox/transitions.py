"""The states of a message. Every change of status is a Step: STEPS says which there are, and the
campaign's counters change in the same transaction."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    bindparam,
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


class Step:
    """A change of status, with the conditions a message must meet and the values it gets; both may
    have parameters (`bindparam`). Raises IllegalStep when it is made.

    What is done for every claim is made once, when its module is imported: to build a statement
    takes longer than to run it."""

    def __init__(
        self,
        origin: Status,
        target: Status,
        *conditions: ColumnElement[bool],
        returning: Sequence[Any] = (),
        **values: Any,
    ) -> None:
        if target not in STEPS.get(origin, ()):
            raise IllegalStep(f"A message that is {origin} can't become {target}.")
        self._origin, self._target = origin, target
        self._is_timed = "status_at" in values
        if not self._is_timed:
            values["status_at"] = bindparam("moved_at")
        self._statement = (
            update(Message)
            .where(_is(origin), *conditions)
            .values(status=target, **values)
            .returning(Message.campaign_id, *returning)
        )

    def run(self, connection: Connection, **parameters: Any) -> Sequence[Row[Any]]:
        """Move every message that meets the conditions, and count it. Returns a row for each:
        campaign_id, and what else is asked for.

        `status_at` is now unless it is among the values."""
        if not self._is_timed:
            parameters["moved_at"] = now()
        moved = connection.execute(self._statement, parameters).all()
        changed = Counter(row.campaign_id for row in moved)
        for campaign_id, number in sorted(changed.items(), key=lambda item: item[0] or 0):
            count(connection, campaign_id, {self._origin: -number, self._target: number})
        return moved


def move(
    connection: Connection,
    origin: Status,
    target: Status,
    *conditions: ColumnElement[bool],
    returning: Sequence[Any] = (),
    **values: Any,
) -> Sequence[Row[Any]]:
    """Make and run a Step."""
    return Step(origin, target, *conditions, returning=returning, **values).run(connection)


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
        _counting(tuple(changes)),
        {"campaign": campaign_id, **{f"more_{status}": changes[status] for status in changes}},
    )


@cache
def _counting(statuses: tuple[Status, ...]) -> Update:
    counters = {status: getattr(Campaign, f"{status}_count") for status in statuses}
    return (
        update(Campaign)
        .where(Campaign.id == bindparam("campaign"))
        .values({counter: counter + bindparam(f"more_{s}") for s, counter in counters.items()})
    )
