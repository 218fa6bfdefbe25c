"""Leases of session slots: the right to one session of an account, kept by a clock that nobody can
set, and over when its holder no longer renews it."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, update

from portal.extensions import db
from portal.models import SessionSlot
from portal.models.base import now
from portal.outbox.clock import boot_id, boottime

LEASE = timedelta(seconds=30)


class Overtaken(Exception):
    """The claim is nobody's or somebody else's by now: its lease ran out."""


@dataclass(frozen=True)
class Claim:
    """The right to one session of an account, and to the messages that carry its id."""

    id: str
    slot_id: int
    account_id: int


def take(account_id: int, sessions: int) -> Claim | None:
    """Lease one of the account's first `sessions` slots; None while all are held."""
    free = (
        select(SessionSlot.id)
        .where(*is_free(account_id, sessions))
        .order_by(SessionSlot.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    claim_id = secrets.token_hex(16)
    with db.engine.begin() as connection:
        slot_id = connection.scalar(
            update(SessionSlot)
            .where(SessionSlot.id == free.scalar_subquery(), SessionSlot.claim_id.is_(None))
            .values(claim_id=claim_id, **_lease())
            .returning(SessionSlot.id)
        )
    return Claim(claim_id, slot_id, account_id) if slot_id else None


def is_free(account_id: int, sessions: int) -> tuple[ColumnElement[bool], ...]:
    return (
        SessionSlot.account_id == account_id,
        SessionSlot.number <= sessions,
        SessionSlot.claim_id.is_(None),
    )


def _lease() -> dict[str, Any]:
    """A lease from now on. On PostgreSQL `lease_until` is by the database's own clock, which is the
    same for every machine."""
    return {
        "boot_id": boot_id(),
        "lease_boottime": boottime() + LEASE.total_seconds(),
        "lease_until": _database_now() + LEASE,
    }


def is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def _database_now() -> Any:
    return func.timezone("utc", func.clock_timestamp()) if is_postgresql() else now()


def is_over() -> ColumnElement[bool]:
    """Whether a lease ran out. Who shares the start of the machine goes by a clock that nobody can
    set; on SQLite all do, so that another start's lease is over."""
    elsewhere = SessionSlot.lease_until < _database_now() if is_postgresql() else literal(True)
    is_elsewhere = SessionSlot.boot_id.is_distinct_from(boot_id())
    return or_(
        and_(~is_elsewhere, SessionSlot.lease_boottime < boottime()), and_(is_elsewhere, elsewhere)
    )


def renew(claim: Claim) -> bool:
    """Hold the lease for another 30 seconds; False when it was taken over."""
    with db.engine.begin() as connection:
        renewed = connection.execute(update(SessionSlot).where(*holds(claim)).values(**_lease()))
    return renewed.rowcount == 1


def holds(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return SessionSlot.id == claim.slot_id, SessionSlot.claim_id == claim.id


def hold(connection: Connection, claim: Claim) -> None:
    """Lock the claim's slot until the end of the transaction: who takes it over waits for that."""
    slot = select(SessionSlot.id).where(*holds(claim)).with_for_update()
    if connection.scalar(slot) is None:
        raise Overtaken(claim.id)


def free(connection: Connection, *conditions: ColumnElement[bool]) -> bool:
    freed = connection.execute(
        update(SessionSlot)
        .where(*conditions)
        .values(claim_id=None, boot_id=None, lease_boottime=None, lease_until=None)
    )
    return freed.rowcount == 1
