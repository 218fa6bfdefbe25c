"""What waits to be sent, and in which order it goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal_column, select

from portal.extensions import db
from portal.models import Campaign, CampaignStatus, Message, SessionSlot
from portal.models.base import now
from portal.models.messages import DUE_AT, IS_WAITING, NEVER_TRIED

# Another session is worth its sign-in only if so many mails wait for each of those at work.
WORTH_A_SESSION = 20

# Of a claim, and of taking it over: what was refused before comes last, so that no message that
# is refused again and again keeps others waiting.
due_at = literal_column(DUE_AT, Message.next_attempt_at.type)
never = literal_column(NEVER_TRIED, Message.next_attempt_at.type)
SENDING_ORDER = (due_at, Message.id)


@dataclass(frozen=True)
class Lanes:
    """Which of an account's mails may go now: those of campaigns, and those without one."""

    transactional: bool = True
    campaigns: bool = True

    def __and__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.transactional and other.transactional, self.campaigns and other.campaigns)


def sources(connection: Connection, account_id: int, lanes: Lanes) -> Sequence[ColumnElement[bool]]:
    """Where the next mails may come from, the most urgent first."""
    found: list[ColumnElement[bool]] = []
    if lanes.transactional:
        found.append(Message.campaign_id.is_(None))
    if lanes.campaigns:
        running = select(Campaign.id).where(Campaign.status == CampaignStatus.RUNNING)
        ids = connection.scalars(running.order_by(Campaign.launched_at, Campaign.id))
        found.extend(Message.campaign_id == campaign_id for campaign_id in ids)
    return [and_(Message.account_id == account_id, source) for source in found]


def is_due_of(whose: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(whose, IS_WAITING, now() >= due_at)


def is_due(account_id: int, lanes: Lanes, beyond: int = 0) -> bool:
    """Whether more than `beyond` messages of one source wait to be sent now."""
    with db.engine.connect() as connection:
        return any(
            connection.scalar(select(Message.id).where(is_due_of(whose)).offset(beyond).limit(1))
            for whose in sources(connection, account_id, lanes)
        )


def useful_sessions(account_id: int, lanes: Lanes, sessions: int) -> int:
    """How many senders more it is worth to ring for: at most one for each free slot."""
    slots = select(func.count(), func.count(case((SessionSlot.claim_id.is_(None), 1)))).where(
        SessionSlot.account_id == account_id, SessionSlot.number <= sessions
    )
    with db.engine.connect() as connection:
        total, free = connection.execute(slots).one()
    useful = 0
    while useful < free and is_due(account_id, lanes, (total - free + useful) * WORTH_A_SESSION):
        useful += 1
    return useful
