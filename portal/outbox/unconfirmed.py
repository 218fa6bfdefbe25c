"""The mails in doubt, and settling them by a person's word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, update

from portal.extensions import db
from portal.lists import Order, Page, fetch_page
from portal.models import Campaign, CampaignStatus, Doubt, Message, User
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.outbox import bell
from portal.outbox.again import run_again
from portal.outbox.transitions import move

NEWEST_FIRST = Order("date", (Doubt.id,), descending=True)
IS_OPEN = Doubt.settled_at.is_(None)
PORTION = 500  # settled in one transaction, so that no sender waits long for the database

# What a message is like once it is settled as a status. One that is sent again has its time for
# being refused before it anew.
SETTLED: dict[Status, dict[str, Any]] = {
    Status.SENT: {"reason": None},
    Status.QUEUED: {"reason": None, "reply": None, "next_attempt_at": None, "retry_until": None},
}


class Outdated(Exception):
    """There are fewer open doubts than the person saw: somebody else has settled some."""


@dataclass(frozen=True)
class Case:
    """A mail in doubt; it can't be sent again where its campaign was cancelled."""

    doubt: Doubt
    message: Message
    can_repeat: bool


@dataclass(frozen=True)
class Seen:
    """What a person was shown: `count` open doubts, the newest with the id `newest`, of one
    campaign or all."""

    newest: int
    count: int
    campaign_id: int | None = None


@dataclass(frozen=True)
class Settled:
    """How many were settled, how many of them are of paused campaigns, and how many were not
    settled, since their campaign was cancelled."""

    number: int
    paused: int = 0
    refused: int = 0


def page(campaign_id: int | None, *, after: str, before: str) -> Page:
    """One page of Case, the newest first. Raises BadCursor."""
    query = _open(select(Doubt), campaign_id)
    found = fetch_page(query, NEWEST_FIRST, after=after, before=before)
    return Page(_cases(found.rows), found.before, found.after)


def case_of(message: Message) -> Case | None:
    """The open doubt of a message."""
    doubt = db.session.scalar(select(Doubt).where(Doubt.message_id == message.id, IS_OPEN))
    return _cases([doubt])[0] if doubt else None


def settled_doubts(message: Message) -> Sequence[Row[Doubt, str]]:
    """The doubts of a message that somebody settled, each with that person's address."""
    query = select(Doubt, User.email).outerjoin(User, User.id == Doubt.settled_by_id)
    return db.session.execute(
        query.where(Doubt.message_id == message.id, ~IS_OPEN).order_by(Doubt.id)
    ).all()


def seen(campaign_id: int | None) -> Seen:
    """What there is to settle now."""
    newest = db.session.scalar(select(func.max(Doubt.id)).where(IS_OPEN)) or 0
    return Seen(newest, _count(newest, campaign_id), campaign_id)


def unrepeatable(shown: Seen) -> int:
    """How many of them can't be sent again, since their campaign was cancelled."""
    query = select(func.count()).select_from(Doubt).join(Message, Message.id == Doubt.message_id)
    of_cancelled = query.join(Campaign, Campaign.id == Message.campaign_id).where(
        IS_OPEN, Doubt.id <= shown.newest, Campaign.status == CampaignStatus.CANCELLED
    )
    if shown.campaign_id is not None:
        of_cancelled = of_cancelled.where(*_is_of(shown.campaign_id))
    return db.session.scalar(of_cancelled) or 0


def _open(query: Select[Any], campaign_id: int | None) -> Select[Any]:
    query = query.where(IS_OPEN)
    if campaign_id is None:
        return query
    return query.join(Message, Message.id == Doubt.message_id).where(*_is_of(campaign_id))


def _is_of(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    """By the index of a campaign's messages with one status, or all of them would be looked at."""
    return Message.campaign_id == campaign_id, Message.status == Status.UNCONFIRMED


def _count(newest: int, campaign_id: int | None) -> int:
    """By the index of open doubts, which are few."""
    query = _open(select(func.count()).select_from(Doubt), campaign_id)
    return db.session.scalar(query.where(Doubt.id <= newest)) or 0


def _cases(doubts: Sequence[Doubt]) -> list[Case]:
    ids = [doubt.message_id for doubt in doubts]
    found = db.session.execute(
        select(Message, Campaign.status)
        .outerjoin(Campaign, Campaign.id == Message.campaign_id)
        .where(Message.id.in_(ids))
    )
    messages = {message.id: (message, status) for message, status in found}
    return [
        Case(doubt, message, can_repeat=status is not CampaignStatus.CANCELLED)
        for doubt in doubts
        for message, status in [messages[doubt.message_id]]
    ]


def settle(doubt_id: int, target: Status, by: User) -> Settled:
    """Settle one as SENT or QUEUED, which is sending it again; nothing changes where it was
    settled already. Ends the transaction at hand."""
    db.session.commit()
    return _settle_portions(target, by.id, Doubt.id == doubt_id)


def settle_all(shown: Seen, target: Status, by: User) -> Settled:
    """Settle what the person was shown, in portions, each for good. Ends the transaction at hand.

    Raises Outdated, having changed nothing."""
    count = _count(shown.newest, shown.campaign_id)
    db.session.commit()
    if count != shown.count:
        raise Outdated
    which = [Doubt.id <= shown.newest]
    if shown.campaign_id is not None:
        which += _is_of(shown.campaign_id)
    return _settle_portions(target, by.id, *which)


def _settle_portions(target: Status, by_id: int, *which: ColumnElement[bool]) -> Settled:
    last_id = number = paused = refused = 0
    accounts: set[int] = set()
    while True:
        with db.engine.begin() as connection:
            portion = _take(connection, Doubt.id > last_id, *which)
            moved = _settle(connection, portion, target, by_id)
        if not portion:
            break
        last_id = portion[-1].id
        number += len(moved)
        moved_ids = {row.id for row in moved}
        paused += sum(one.is_paused for one in portion if one.message_id in moved_ids)
        refused += sum(one.is_cancelled for one in portion) if target is Status.QUEUED else 0
        accounts |= {row.account_id for row in moved}
    for account_id in accounts if target is Status.QUEUED else ():
        bell.ring(account_id)
    return Settled(number, paused, refused)


@dataclass(frozen=True)
class _Taken:
    """A doubt that nobody else can settle until the transaction ends, nor cancel its campaign."""

    id: int
    message_id: int
    campaign_id: int | None
    campaign_status: CampaignStatus | None

    @property
    def is_cancelled(self) -> bool:
        return self.campaign_status is CampaignStatus.CANCELLED

    @property
    def is_paused(self) -> bool:
        return self.campaign_status is CampaignStatus.PAUSED


def _take(connection: Connection, *which: ColumnElement[bool]) -> list[_Taken]:
    """First the doubts, then their campaigns, both by id: so no two wait for each other."""
    doubts = connection.execute(
        select(Doubt.id, Doubt.message_id, Message.campaign_id)
        .join(Message, Message.id == Doubt.message_id)
        .where(IS_OPEN, *which)
        .order_by(Doubt.id)
        .limit(PORTION)
        .with_for_update(of=Doubt)
    ).all()
    campaigns = connection.execute(
        select(Campaign.id, Campaign.status)
        .where(Campaign.id.in_({row.campaign_id for row in doubts} - {None}))
        .order_by(Campaign.id)
        .with_for_update(key_share=True)
    )
    statuses = {row.id: row.status for row in campaigns}
    return [_Taken(*row, statuses.get(row.campaign_id)) for row in doubts]


def _settle(
    connection: Connection, portion: Sequence[_Taken], target: Status, by_id: int
) -> Sequence[Row[Any]]:
    allowed = [one for one in portion if target is Status.SENT or not one.is_cancelled]
    moved = move(
        connection,
        Status.UNCONFIRMED,
        target,
        Message.id.in_([one.message_id for one in allowed]),
        returning=(Message.id, Message.account_id),
        **SETTLED[target],
    )
    message_ids = {row.id for row in moved}
    connection.execute(
        update(Doubt)
        .where(Doubt.id.in_([one.id for one in allowed if one.message_id in message_ids]))
        .values(settled_at=now(), settled_as=target, settled_by_id=by_id)
    )
    if target is Status.QUEUED:
        run_again(connection, {row.campaign_id for row in moved} - {None})
    return moved
