"""Long lists: sorted by an index, paged by cursors. A cursor holds the sort columns of the row
at a page's edge, so a page costs the same wherever it lies."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from portal.extensions import db
from portal.models.base import MAX_ID, UtcDateTime

PAGE_ROWS = 50

Columns = tuple[InstrumentedAttribute[Any], ...]


class BadCursor(ValueError):
    """The cursor was not made by this list in this order."""


@dataclass(frozen=True)
class Order:
    """How a list is sorted: by the columns of one index, the last one unique."""

    key: str
    columns: Columns
    descending: bool

    @property
    def direction(self) -> str:
        return "desc" if self.descending else "asc"


@dataclass(frozen=True)
class Page:
    """Rows in the list's order, and the cursors of its neighbours (None where there is none)."""

    rows: Sequence[Any]
    before: str | None
    after: str | None


def fetch_page(
    query: Select[Any], order: Order, *, after: str = "", before: str = "", size: int = PAGE_ROWS
) -> Page:
    """One page of the query: behind `after`, or in front of `before`, or the first.

    Raises BadCursor."""
    backwards = bool(before)
    cursor = before or after
    descending = order.descending != backwards
    if cursor:
        query = query.where(_beyond(order.columns, cursor, descending))
    keys = [column.desc() if descending else column.asc() for column in order.columns]
    found = list(db.session.scalars(query.order_by(*keys).limit(size + 1)))
    rows, more = found[:size], len(found) > size
    if backwards:
        rows.reverse()
    return Page(
        rows,
        before=_cursor(rows[0], order) if rows and (more if backwards else cursor) else None,
        after=_cursor(rows[-1], order) if rows and (more or backwards) else None,
    )


def _beyond(columns: Columns, cursor: str, descending: bool) -> Any:
    values = _values(columns, cursor)
    row = tuple_(*columns)
    edge = tuple_(*(literal(value, column.type) for value, column in values))
    return row < edge if descending else row > edge


def _cursor(row: Any, order: Order) -> str:
    values = [getattr(row, column.key) for column in order.columns]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps(plain, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _values(columns: Columns, cursor: str) -> list[tuple[Any, InstrumentedAttribute[Any]]]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded.encode()))
        return [
            (_typed(value, column), column) for value, column in zip(values, columns, strict=True)
        ]
    except (binascii.Error, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadCursor(cursor) from error


def _typed(value: Any, column: InstrumentedAttribute[Any]) -> Any:
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value).astimezone(UTC)
    kind = column.type.python_type
    if not isinstance(value, str if issubclass(kind, StrEnum) else kind):
        raise TypeError(f"{column.key} is no {kind.__name__}")
    if not _is_storable(value):
        raise ValueError(f"no {column.key} can be {value!r}")
    return kind(value)


def _is_storable(value: str | int) -> bool:
    if isinstance(value, int):
        return abs(value) <= MAX_ID
    value.encode()  # raises a ValueError at half of a surrogate pair
    return "\0" not in value


def row_id(text: str) -> int:
    """An id from a query. Raises ValueError for what no row can have."""
    number = int(text)
    if not 0 < number <= MAX_ID:
        raise ValueError(f"no row has the id {number}")
    return number
