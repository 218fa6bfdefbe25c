"""What every table shares: the model class, times in UTC, identifiers, words as enumerations."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, DateTime, Enum, Integer, String
from sqlalchemy.types import TypeDecorator

from portal.extensions import Base, db

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

# The largest number that PostgreSQL takes for an INTEGER column, such as an id.
MAX_ID = 2**31 - 1

BigId = BigInteger().with_variant(Integer, "sqlite")


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC without a zone: SQLite drops zones, so none is kept anywhere."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


def words(enumeration: type[StrEnum]) -> Enum:
    """The column type for a StrEnum: its values as text, so that one can be added later."""
    return Enum(
        enumeration,
        native_enum=False,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


def sorted_text(length: int) -> String:
    """Text that lists sort by: by code point on both databases, so that cursors agree."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")
