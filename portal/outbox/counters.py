"""Rows that count: added to where there is one, made where there is none."""

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def add_to(connection: Connection, model: Any, key: dict[str, Any], **numbers: int) -> None:
    """Add the numbers to the columns of the row with this primary key."""
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    connection.execute(
        insert(model)
        .values(**key, **numbers)
        .on_conflict_do_update(
            index_elements=list(key),
            set_={name: getattr(model, name) + number for name, number in numbers.items()},
        )
    )
