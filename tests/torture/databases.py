"""The portal's database as somebody else may hold it: each kind with its way of being locked."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.postgres import PostgresServer

# Below deadlock_timeout, so that in a deadlock with the portal it is we who give way.
LOCK_WAIT = "500ms"
ALL_TABLES = "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public'"


@dataclass(frozen=True)
class SQLite:
    """The portal's default, in its DATA_DIR."""

    data_dir: Path
    kind: str = "sqlite"
    url: str | None = None

    def lock(self, seconds: float) -> None:
        """Keep everybody else from writing for so long."""
        connection = sqlite3.connect(self.data_dir / "portal.db", timeout=60, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")
        finally:
            connection.close()


@dataclass(frozen=True)
class PostgreSQL:
    """A database on a server; `url` is the portal's DATABASE_URL."""

    url: str
    kind: str = "postgresql"

    def lock(self, seconds: float) -> None:
        """Keep everybody else from reading and writing for so long."""
        with psycopg.connect(self.url.replace("+psycopg", "")) as connection:
            connection.execute(f"SET lock_timeout = '{LOCK_WAIT}'")
            connection.commit()
            while not self._locked(connection):
                time.sleep(0.05)
            time.sleep(seconds)
            connection.rollback()

    @staticmethod
    def _locked(connection: psycopg.Connection) -> bool:
        try:
            tables = ", ".join(name for (name,) in connection.execute(ALL_TABLES))
            connection.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE".encode())
        except psycopg.errors.LockNotAvailable:
            connection.rollback()
            return False
        return True


Database = SQLite | PostgreSQL


@contextmanager
def postgres_database(server: PostgresServer, name: str) -> Iterator[PostgreSQL]:
    """A new database on the server, gone afterwards."""
    url = server.create(name)
    try:
        yield PostgreSQL(url)
    finally:
        server.drop(name)
