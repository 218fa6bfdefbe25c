"""What every test may ask for: a migrated database of each kind, a queue server, people."""

import itertools
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from redis import Redis
from rq import SimpleWorker
from rq.timeouts import TimerDeathPenalty
from sqlalchemy import Engine, event

from jobs import deliver
from portal import passwords
from portal.admin import service as practice
from portal.app import create_app
from portal.config import Config
from portal.extensions import alembic, db
from portal.queue import QUEUES
from tests.oauth.provider import register
from tests.oauth_server import OAuthServer
from tests.people import ADMIN, PASSWORD, STAFF, VIEWER, Visitor
from tests.postgres import PostgresServer, in_memory, postgres_server
from tests.queue_server import queue_server
from tests.scripted_smtp import ScriptedServer
from tests.smtp_server import authority

OURS = (
    *("MAIL_", "ENCRYPTION_", "SECRET_", "DATA_", "DATABASE_", "REDIS_", "BASE_", "WORKERS"),
    *("GOOGLE_", "MICROSOFT_", "SENDING_"),
)
KEY = Fernet.generate_key().decode()

# For tests of what doesn't depend on the kind of database, or is SQLite's own.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

_numbers = itertools.count()


class _Compiled(BytecodeCache):
    """Compiled templates that all applications of this process share: a test has its own."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._codes.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


# The first engine of each kind of database that was connected.
_engines: dict[str, Engine] = {}


def _share_statements(engine: Engine) -> None:
    """SQL is compiled once for all engines of a kind in this process: a test has its own."""
    if first := _engines.get(engine.dialect.name):
        engine.dialect = first.dialect
        engine._compiled_cache = first._compiled_cache


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tests decide every variable that the portal reads, and trust their mail servers."""
    ca_file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority().cert_pem.write_to_path(str(ca_file))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(OURS)]:
            patch.delenv(name)
        patch.setenv("SECRET_KEY", "the secret of the tests")
        patch.setenv("ENCRYPTION_KEYS", KEY)
        patch.setenv("MAIL_PRIVATE_HOSTS", "127.0.0.0/8")
        patch.setenv("MAIL_TRUSTED_CA", str(ca_file))
        patch.setenv("LOGIN_LIMIT", "1000 per minute")
        # Every test signs people in; the parameters of a password's hash stand in the hash.
        patch.setattr(passwords, "hasher", PasswordHasher(1, 8, 1))
        # A connection that fails is tried again at once.
        patch.setattr(deliver, "CONNECT_PAUSES", (0.0, 0.0))
        yield


@pytest.fixture(scope="session")
def queue_url() -> Iterator[str]:
    """A real queue server for the tests of this process."""
    with queue_server() as url:
        yield url


def make_app(data_dir: Path, database_url: str, queue_url: str, **environment: str) -> Flask:
    """The portal over a database and a queue server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(data_dir))
        patch.setenv("DATABASE_URL", database_url)
        patch.setenv("REDIS_URL", queue_url)
        for name, value in environment.items():
            patch.setenv(name, value)
        app = create_app(Config.from_environment())
    app.testing = True
    app.jinja_env.bytecode_cache = _compiled
    with app.app_context():
        _share_statements(db.engine)
    return app


def migrate(app: Flask) -> None:
    with app.app_context():
        alembic.upgrade()
        _engines.setdefault(db.engine.dialect.name, db.engine)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, queue_url: str) -> Path:
    """A migrated SQLite database to copy."""
    directory = tmp_path_factory.mktemp("sqlite")
    migrate(make_app(directory, f"sqlite:///{directory}/portal.db", queue_url))
    return directory / "portal.db"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory, queue_url: str) -> Iterator[PostgresServer]:
    """A PostgreSQL server with a migrated database `template` to copy."""
    with postgres_server(within=in_memory()) as server:
        url = server.create("template")
        migrate(make_app(tmp_path_factory.mktemp("postgresql"), url, queue_url))
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own. The test runs on both kinds."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "portal.db")
        yield f"sqlite:///{tmp_path}/portal.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"test{next(_numbers)}"
    yield server.create(name, template="template")
    server.drop(name)


def _dont_wait_for_the_disk(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def bare_app(tmp_path: Path, database_url: str, queue_url: str) -> Iterator[Flask]:
    """The portal before its set-up."""
    with Redis.from_url(queue_url) as connection:
        connection.flushall()
    app = make_app(tmp_path, database_url, queue_url)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":  # no test cuts the power
            event.listen(db.engine, "connect", _dont_wait_for_the_disk)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(bare_app: Flask) -> Flask:
    """The portal with a practice, and a person of each role."""
    with bare_app.app_context():
        practice.set_up(
            email=ADMIN,
            password=PASSWORD,
            name="Clínica Ñandú",
            language="en",
            time_zone="Europe/Madrid",
            address="https://mail.example.com",
        )
        practice.add_user(STAFF, PASSWORD, "staff", "en")
        practice.add_user(VIEWER, PASSWORD, "viewer", "en")
    return bare_app


@pytest.fixture
def admin(app: Flask) -> Visitor:
    return Visitor(app).sign_in(ADMIN)


@pytest.fixture
def staff(app: Flask) -> Visitor:
    return Visitor(app).sign_in(STAFF)


@pytest.fixture
def viewer(app: Flask) -> Visitor:
    return Visitor(app).sign_in(VIEWER)


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    return Visitor(app)


class _Worker(SimpleWorker):
    death_penalty_class = TimerDeathPenalty  # no signals, so that threads may run it


@pytest.fixture
def run_jobs(app: Flask, queue_url: str) -> "JobRunner":
    """Runs what has been rung for, in this process."""
    return JobRunner(app, queue_url)


class JobRunner:
    def __init__(self, app: Flask, queue_url: str) -> None:
        self._app = app
        self._url = queue_url

    def __call__(self) -> None:
        """Work until every queue is empty. A job that fails fails the test."""
        with Redis.from_url(self._url) as connection, self._app.app_context():
            worker = _Worker(list(QUEUES), connection=connection)
            worker.push_exc_handler(self._raise)  # type: ignore[no-untyped-call]
            worker.work(burst=True, logging_level="WARNING")

    @staticmethod
    def _raise(_job: object, _kind: object, error: BaseException, _trace: object) -> bool:
        raise error


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A mail server whose answers a test may change as it goes."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def provider(app: Flask) -> Iterator[OAuthServer]:
    """Google and Microsoft in one, at which the portal is registered."""
    with OAuthServer() as server:
        register(app, server.base)
        yield server
