"""Mails that may have gone out or not: raised where a server's answer was lost, settled by a
person, or, where that is chosen for their kind, by sending them once more."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from portal.extensions import db
from portal.models import Doubt, MailAccount, Message, Outcome
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.outbox.kinds import repeated_kinds
from portal.outbox.transitions import move

SENDER_DIED = "sender_died"
REPEATS = 1
BEFORE_REPEATING = timedelta(minutes=1)
# With so many before it within this time, the next one has the account looked into.
PILE, PILE_WITHIN = 2, timedelta(minutes=10)


def raise_doubts(connection: Connection, account_id: int, message_ids: Sequence[int]) -> None:
    """What a dead sender had in hand is unconfirmed, or goes out once more where that is chosen."""
    attempt: dict[str, Any] = {
        "claim_id": None,
        "reason": SENDER_DIED,
        "reply": None,
        "attempts": Message.attempts + 1,
        "attempted_at": now(),
    }
    move(
        connection,
        Status.SENDING,
        Status.DEFERRED,
        Message.id.in_(message_ids),
        _is_repeated(connection, account_id),
        **attempt,
        repeats=Message.repeats + 1,
        next_attempt_at=now() + BEFORE_REPEATING,
    )
    doubtful = move(
        connection,
        Status.SENDING,
        Status.UNCONFIRMED,
        Message.id.in_(message_ids),
        returning=[Message.id],
        **attempt,
    )
    note(connection, [row.id for row in doubtful])


def _is_repeated(connection: Connection, account_id: int) -> ColumnElement[bool]:
    chosen = connection.scalar(
        select(MailAccount.repeated_kinds).where(MailAccount.id == account_id)
    )
    kinds = [kind for kind, repeated in repeated_kinds(chosen).items() if repeated]
    is_of_use = or_(Message.expires_at.is_(None), Message.expires_at > now() + BEFORE_REPEATING)
    return and_(Message.kind.in_(kinds), Message.repeats < REPEATS, is_of_use)


def late_word(message_id: int, reply: str | None) -> None:
    """The sender lives after all, and knows that the server took the mail: that settles the doubt
    which was raised when its lease ran out, unless somebody has settled it."""
    with db.engine.begin() as connection:
        doubt = and_(Doubt.message_id == message_id, Doubt.settled_at.is_(None))
        connection.execute(select(Doubt.id).where(doubt).with_for_update()).all()
        settled = move(
            connection,
            Status.UNCONFIRMED,
            Status.SENT,
            Message.id == message_id,
            Message.reason == SENDER_DIED,
            reason=None,
            reply=reply,
        )
        if settled:
            ending = update(Doubt).where(doubt)
            connection.execute(ending.values(settled_at=now(), settled_as=Status.SENT))


def are_piling_up(account_id: int) -> bool:
    """Whether mail after mail of an account was lost on its way into the server."""
    recent = (
        select(Doubt.id)
        .join(Message, Message.id == Doubt.message_id)
        .where(
            Doubt.settled_at.is_(None),
            Doubt.last_command.is_not(None),
            Doubt.since > now() - PILE_WITHIN,
            Message.account_id == account_id,
        )
        .order_by(Doubt.id.desc())
    )
    with db.engine.connect() as connection:
        return len(connection.execute(recent.limit(PILE)).all()) == PILE


def note(connection: Connection, message_ids: Sequence[int]) -> None:
    """Keep what is known of messages that have just become unconfirmed."""
    known = (
        select(Message.id, Message.status_at, Outcome.last_command)
        .outerjoin(Outcome, Outcome.message_id == Message.id)
        .where(Message.id.in_(message_ids))
        .order_by(Message.id)
    )
    columns = ["message_id", "since", "last_command"]
    connection.execute(insert(Doubt).from_select(columns, known))
