"""The Flask extensions, made once here and bound to the application in app.py."""

from typing import Any, cast

from flask import Flask, current_app, g, has_app_context
from flask_alembic import Alembic
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.orm import DeclarativeBase

from portal.config import Config

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


db = SQLAlchemy(
    model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False}
)
alembic = Alembic(run_mkdir=False)
babel = Babel()
bootstrap = Bootstrap5()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address)
login_manager = LoginManager()
talisman = Talisman()


def settings() -> Config:
    """The portal's Config; needs an application context."""
    return cast(Config, current_app.config["PORTAL"])


def prepare_engine(app: Flask) -> None:
    """Teach the application's engine what SQLite needs when several processes share it."""
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def write_from_here() -> None:
    """Let a request by a safe method write from here on. What it has read so far was another
    transaction, so whatever that decided is looked at again by what writes. Only for a request
    that a stranger's page can't bring about: nothing checks a token in a GET."""
    db.session.commit()
    g.read_only = False


def _open_sqlite(connection: Any, _record: Any) -> None:
    """FULL, since after a power loss the database must still know what was sent. The time-out
    is as long as the launch of a campaign to everybody may take."""
    connection.isolation_level = None  # BEGIN is ours, see _begin_sqlite
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=30000",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A read that turns into a write fails at once with "database is locked", whatever the
    time-out, so every transaction takes the write lock first. Only requests by safe methods
    (g.read_only) take none, and so never write."""
    reading = has_app_context() and g.get("read_only", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
