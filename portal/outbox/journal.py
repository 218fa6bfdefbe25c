"""What a sender asks the database before each envelope, and writes down after each mail.

Both are one short statement, so they are compiled once and handed to the driver as text: at this
place SQLAlchemy's share of the time would be larger than the database's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, Self

from sqlalchemy import ClauseElement, bindparam, exists, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import PoolProxiedConnection

from portal import consent
from portal.extensions import db
from portal.models import (
    AccountStatus,
    Campaign,
    CampaignStatus,
    Contact,
    MailAccount,
    MailSettings,
    Message,
    Outcome,
    SessionSlot,
    SettingsState,
)
from portal.models import MessageStatus as Status
from portal.models.base import UtcDateTime, now
from portal.outbox.claims import Claimed
from portal.outbox.leases import Claim, Overtaken
from portal.outbox.waiting import IS_DUE


@dataclass(frozen=True)
class Verdict:
    """What became of a message, at `at`. Where a server was spoken to, `settings_id` is by what,
    `attempted_at` when the mail was begun, and `last_command` the last that it was given."""

    status: Status
    at: datetime
    attempted_at: datetime | None = None
    settings_id: int | None = None
    last_command: str | None = None
    reason: str | None = None
    reply: str | None = None
    next_attempt_at: datetime | None = None
    retry_until: datetime | None = None
    repeats: int = 0


@dataclass(frozen=True)
class Standing:
    """How things stand just before an envelope: whether the mailbox and the campaign may go on
    sending, why the person must not get the mail any more, and whether a mail without a campaign
    waits, which goes first."""

    account_works: bool
    campaign_runs: bool
    refusal: str | None
    is_overtaken: bool


class Unavailable(Exception):
    """The database can't be read or written to just now."""


class Journal:
    """A claim's connection for these two statements, each a transaction of its own."""

    def __init__(self, claim: Claim, settings_id: int) -> None:
        self._claim, self._settings_id = claim, settings_id
        self._dialect = db.engine.dialect
        self._driver_errors: Any = self._dialect.loaded_dbapi
        self._texts: dict[str, _Text] = {}
        as_stored = UtcDateTime().bind_processor(self._dialect)
        self._moment: Callable[[datetime], Any] = as_stored or (lambda at: at)
        self._pooled: PoolProxiedConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._disconnect()

    def standing(self, message: Claimed) -> Standing:
        """How things stand for a message. Raises Overtaken when the claim is somebody else's, and
        Unavailable."""
        row = self._run(
            self._text(message.kind, partial(_asking, message.kind)),
            slot=self._claim.slot_id,
            claim=self._claim.id,
            settings=self._settings_id,
            contact=message.contact_id,
            campaign=message.campaign_id,
            now=self._moment(now()),
        ).fetchone()
        if not row or not row[0]:
            raise Overtaken(self._claim.id)
        _held, account, settings, campaign, contact_id, email, refusal, urgent = row
        if contact_id is None:
            refusal = "erased"
        elif refusal is None and email.lower() != message.recipient.lower():
            refusal = "address_changed"
        return Standing(
            account_works=account == AccountStatus.WORKING and settings == SettingsState.ACTIVE,
            campaign_runs=campaign in (None, CampaignStatus.RUNNING),
            refusal=refusal,
            is_overtaken=bool(urgent) and message.campaign_id is not None,
        )

    def write(self, message: Claimed, verdict: Verdict) -> None:
        """Commit what became of a message. Raises Overtaken, having changed nothing, when the claim
        is somebody else's, and Unavailable, when it may or may not have been written."""
        values = {
            name: self._moment(value) if isinstance(value, datetime) else value
            for name, value in vars(verdict).items()
        }
        try:
            written = self._run(
                self._text("writing", _writing),
                slot=self._claim.slot_id,
                claim_id=self._claim.id,
                message_id=message.id,
                **values,
            )
        except self._driver_errors.IntegrityError:
            return  # a commit whose answer was lost was one
        if written.rowcount != 1:
            raise Overtaken(self._claim.id)

    def _text(self, name: str, build: Callable[[], ClauseElement]) -> "_Text":
        if name not in self._texts:
            self._texts[name] = _compiled(build(), self._dialect)
        return self._texts[name]

    def _run(self, text: "_Text", **values: Any) -> Any:
        try:
            return self._connection().execute(text.sql, {**text.constants, **values})
        except self._driver_errors.OperationalError as error:
            self._disconnect()
            raise Unavailable(str(error)) from error

    def _connection(self) -> Any:
        """On SQLite a commit here doesn't wait for the disk: after a power loss, whatever a claim
        has written down since it was made is in doubt anyway (claims.recover)."""
        if self._pooled is None:
            self._pooled = db.engine.raw_connection()
            if self._dialect.name == "sqlite":
                self._pooled.driver_connection.execute("PRAGMA synchronous=NORMAL")  # type: ignore[union-attr]
            else:
                self._pooled.driver_connection.autocommit = True  # type: ignore[union-attr]
        return self._pooled.driver_connection

    def _disconnect(self) -> None:
        """Close it: the pool is for connections as the engine opens them."""
        if self._pooled is not None:
            self._pooled.invalidate()
            self._pooled = None


@dataclass(frozen=True)
class _Text:
    """A statement as its driver takes it, with the values that are always the same."""

    sql: str
    constants: dict[str, Any]


def _compiled(statement: ClauseElement, dialect: Dialect) -> _Text:
    if dialect.name == "sqlite":
        dialect = sqlite.dialect(paramstyle="named")  # the engine's goes by position
    compiled = statement.compile(dialect=dialect)
    constants = {
        name: value.value if isinstance(value, Enum) else value
        for name, value in compiled.params.items()
        if value is not None
    }
    return _Text(str(compiled), constants)


def _asking(kind: str) -> ClauseElement:
    urgent = exists().where(
        Message.account_id == SessionSlot.account_id,
        Message.campaign_id.is_(None),
        IS_DUE,
    )
    return (
        select(
            SessionSlot.claim_id == bindparam("claim"),
            MailAccount.status,
            MailSettings.state,
            Campaign.status,
            Contact.id,
            Contact.email,
            consent.refusal(kind),
            urgent,
        )
        .select_from(SessionSlot)
        .join(MailAccount, MailAccount.id == SessionSlot.account_id)
        .join(MailSettings, MailSettings.id == bindparam("settings"))
        .outerjoin(Campaign, Campaign.id == bindparam("campaign"))
        .outerjoin(Contact, Contact.id == bindparam("contact"))
        .where(SessionSlot.id == bindparam("slot"))
    )


def _writing() -> ClauseElement:
    """One row, if the claim still holds its slot; who takes it over waits for this one's end."""
    columns = Outcome.__table__.columns
    values = [bindparam(column.name, type_=column.type) for column in columns]
    holding = select(*values).where(
        SessionSlot.id == bindparam("slot"), SessionSlot.claim_id == bindparam("claim_id")
    )
    names = [column.name for column in columns]
    return insert(Outcome).from_select(names, holding.with_for_update(read=True))
