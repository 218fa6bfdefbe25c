"""The sent list: every message, whatever became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from portal.extensions import db
from portal.lists import Columns, Order, Page, fetch_page
from portal.models import Message, MessageStatus

# What the list can be sorted by: each the columns of an index of the table.
ORDERS: dict[str, Columns] = {
    "date": (Message.status_at, Message.id),
    "recipient": (Message.recipient, Message.id),
    "subject": (Message.subject, Message.id),
    "kind": (Message.kind, Message.status_at, Message.id),
    "campaign": (Message.campaign_name, Message.status_at, Message.id),
    "status": (Message.status, Message.status_at, Message.id),
}
EXPORT_ROWS = 1000


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; None means everything."""

    status: MessageStatus | None = None
    campaign_id: int | None = None
    kind: str | None = None


def order_of(sort: str, direction: str) -> Order:
    """The order asked for; the newest first unless another is."""
    key = sort if sort in ORDERS else "date"
    descending = direction == "desc" or (direction != "asc" and key == "date")
    return Order(key, ORDERS[key], descending)


def page(filters: Filters, order: Order, *, after: str, before: str) -> Page:
    """One page of the list. Raises BadCursor."""
    return fetch_page(_query(filters), order, after=after, before=before)


def export(filters: Filters, order: Order) -> Iterator[Message]:
    """The whole list as it is at this moment, read in portions. Ends the transaction at hand."""
    _begin_snapshot()
    after = ""
    while True:
        portion = fetch_page(_query(filters), order, after=after, size=EXPORT_ROWS)
        yield from portion.rows
        db.session.expunge_all()
        if not portion.after:
            return
        after = portion.after


def _begin_snapshot() -> None:
    """Begin a transaction that sees one moment, or a row that changes its place in the order
    between two portions is missed. SQLite's transactions always do."""
    db.session.commit()
    if db.engine.dialect.name == "postgresql":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _query(filters: Filters) -> Select[Any]:
    query = select(Message)
    if filters.status:
        query = query.where(Message.status == filters.status)
    if filters.campaign_id is not None:
        query = query.where(Message.campaign_id == filters.campaign_id)
    if filters.kind:
        query = query.where(Message.kind == filters.kind)
    return query
