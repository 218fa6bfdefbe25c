"""A PostgreSQL server of the tests' own, on a Unix socket, gone with the process."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

MEMORY = Path("/dev/shm")  # Linux's directory in memory
MEMORY_NEEDED = 1 << 30  # several processes of tests have a server each
OPTIONS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"


def _program(name: str) -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or str(installed[-1])


def _run(*command: str) -> None:
    """Run as the user postgres where we are root, since the server refuses root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, capture_output=True, cwd="/")


class PostgresServer:
    """A running server; `create` makes databases in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def url(self, database: str) -> str:
        user = "postgres" if os.geteuid() == 0 else os.environ.get("USER", "postgres")
        return f"postgresql+psycopg://{user}@/{database}?host={self.directory}"

    def execute(self, statement: str) -> None:
        address = self.url("postgres").replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)

    def create(self, name: str, template: str = "template1") -> str:
        """A new database, a copy of the template; returns its URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    def drop(self, name: str) -> None:
        self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def in_memory() -> Path | None:
    """Where a server's files are made quickest, if there is room: each database has hundreds."""
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return MEMORY if usable and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED else None


@contextmanager
def postgres_server(options: str = OPTIONS, within: Path | None = None) -> Iterator[PostgresServer]:
    """Start a server with the options, stop it at the end."""
    # Its path is short enough for a socket.
    directory = Path(tempfile.mkdtemp(prefix="pg-", dir=within))
    if os.geteuid() == 0:
        shutil.chown(directory, "postgres")
    data = str(directory / "data")
    try:
        _run(_program("initdb"), "-D", data, "-A", "trust", "--no-sync", "-E", "UTF8")
        where = f"-k {directory}"
        start = ("-w", "-l", f"{directory}/log", "-o", f"{options} {where}", "start")
        _run(_program("pg_ctl"), "-D", data, *start)
        try:
            yield PostgresServer(directory)
        finally:
            _run(_program("pg_ctl"), "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory)
