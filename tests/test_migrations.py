"""The tables: models and migrations agree, migrations run up and down, SQLite is shared well."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, LargeBinary, Table, event, inspect

from portal.extensions import alembic, db
from portal.models import Practice
from portal.models.base import UtcDateTime
from tests.conftest import ON_SQLITE, make_app
from tests.people import ADMIN, PASSWORD, Visitor

VALUES: dict[type, object] = {
    Boolean: False,
    LargeBinary: b"x",
    UtcDateTime: datetime(2026, 11, 1, tzinfo=UTC),
    DateTime: datetime(2026, 11, 1, tzinfo=UTC),
    Date: date(2026, 11, 1),
    Integer: 1,
}


@pytest.fixture
def in_app(bare_app: Flask) -> Iterator[Flask]:
    with bare_app.app_context():
        yield bare_app
        db.session.remove()


def sample(column: Column[Any]) -> object:
    """A value that the column takes; 1 for ids and what refers to them."""
    enumeration = getattr(column.type, "enums", None)
    if enumeration:
        return enumeration[0]
    found = [value for kind, value in VALUES.items() if isinstance(column.type, kind)]
    return found[0] if found else "x"


def fill_every_table() -> None:
    with db.engine.begin() as connection:
        for table in db.metadata.sorted_tables:
            columns = [c for c in table.columns if not c.nullable]
            connection.execute(table.insert(), {c.name: sample(c) for c in columns})


def differences(app: Flask) -> list[Any]:
    """What the models have and the tables don't, or the other way round."""
    with app.app_context():  # its end gives back the connection with its lock
        return alembic.compare_metadata()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def count(table: Table) -> int:
    with db.engine.connect() as connection:
        return len(connection.execute(table.select()).all())


# SQLite can't tell the expression of an index; PostgreSQL can, and compares it.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrations_make_what_the_models_say(bare_app: Flask) -> None:
    assert differences(bare_app) == []
    with bare_app.app_context():
        assert tables() == set(db.metadata.tables)


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_every_migration_runs_down_and_up_again_over_rows(bare_app: Flask) -> None:
    with bare_app.app_context():
        fill_every_table()
        assert all(count(table) == 1 for table in db.metadata.sorted_tables)
        steps = len(alembic.log())
    for _ in range(steps):
        with bare_app.app_context():
            alembic.downgrade()
    with bare_app.app_context():
        assert tables() == set()
    for _ in range(steps):
        with bare_app.app_context():
            alembic.upgrade(1)
    assert differences(bare_app) == []
    with bare_app.app_context():
        fill_every_table()


@ON_SQLITE
@pytest.mark.usefixtures("in_app")
def test_no_row_refers_to_one_that_is_not_there() -> None:
    fill_every_table()
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("busy_timeout", 30000),
        ("foreign_keys", 1),
    ],
)
def test_sqlite_is_opened_for_several_processes(
    tmp_path: Path, database_url: str, queue_url: str, pragma: str, value: object
) -> None:
    app = make_app(tmp_path, database_url, queue_url)
    with app.app_context(), db.engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_times_come_back_in_utc_whatever_zone_they_had() -> None:
    summer = datetime.fromisoformat("2026-07-01T12:00:00+02:00")
    assert UtcDateTime().process_bind_param(summer, None) == datetime(2026, 7, 1, 10)
    naive = datetime(2026, 7, 1, 10)
    assert UtcDateTime().process_result_value(naive, None) == summer


@pytest.fixture
def statements(app: Flask) -> list[str]:
    """What SQLite is told, as its driver sees it, from now on."""
    told: list[str] = []
    with app.app_context():
        engine = db.engine
    engine.dispose()

    def trace(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(told.append)

    event.listen(engine, "connect", trace)
    return told


def beginnings(told: list[str]) -> set[str]:
    return {statement for statement in told if statement.upper().startswith("BEGIN")}


@ON_SQLITE
def test_a_post_takes_the_write_lock_before_it_reads(app: Flask, statements: list[str]) -> None:
    visitor = Visitor(app)
    token = visitor.token("/login")
    statements.clear()
    fields = {"csrf_token": token, "email": ADMIN, "password": PASSWORD}
    assert visitor.post("/login", fields).status == 302
    assert beginnings(statements) == {"BEGIN IMMEDIATE"}
    token = visitor.token("/contacts/new")
    statements.clear()
    person = {"csrf_token": token, "last_name": "García"}
    assert visitor.post("/contacts/new", person).status == 302
    assert any(statement.startswith("INSERT") for statement in statements)
    assert beginnings(statements) == {"BEGIN IMMEDIATE"}


@ON_SQLITE
def test_a_get_takes_no_lock_and_writes_nothing(app: Flask, statements: list[str]) -> None:
    admin = Visitor(app).sign_in(ADMIN)
    statements.clear()
    for path in ("/", "/contacts", "/campaigns", "/sent", "/sent.csv", "/settings/email"):
        assert admin.get(path).status == 200
    assert beginnings(statements) == {"BEGIN"}
    assert not [told for told in statements if told.startswith(("INSERT", "UPDATE", "DELETE"))]


@ON_SQLITE
def test_a_job_takes_the_write_lock_too(app: Flask, statements: list[str]) -> None:
    with app.app_context():
        db.session.get(Practice, 1)
        db.session.remove()
    assert beginnings(statements) == {"BEGIN IMMEDIATE"}
