"""What waits to be sent, and in which order it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from portal.extensions import db
from portal.models import Campaign, CampaignStatus, Message, SessionSlot
from portal.models.base import UtcDateTime, now
from portal.models.messages import DUE_AT, IS_WAITING, NEVER_TRIED

# Another session is worth its sign-in only if so many mails wait for each of those at work.
WORTH_A_SESSION = 20

# Of a claim, and of taking it over: what was refused before comes last, so that no message that
# is refused again and again keeps others waiting.
due_at = literal_column(DUE_AT, Message.next_attempt_at.type)
never = literal_column(NEVER_TRIED, Message.next_attempt_at.type)
SENDING_ORDER = (due_at, Message.id)
IS_DUE = and_(IS_WAITING, due_at <= bindparam("now", type_=UtcDateTime()))


@dataclass(frozen=True)
class Lanes:
    """Which of an account's mails may go now: those of campaigns, and those without one."""

    transactional: bool = True
    campaigns: bool = True

    def __and__(self, other: "Lanes") -> "Lanes":
        return Lanes(self.transactional and other.transactional, self.campaigns and other.campaigns)


def is_due_from(*, campaign: bool) -> ColumnElement[bool]:
    """Whether a message of an account may go now, and comes from a campaign or goes without one;
    the parameters are `due_parameters`."""
    source = Message.campaign_id
    return and_(
        Message.account_id == bindparam("account"),
        source == bindparam("campaign") if campaign else source.is_(None),
        IS_DUE,
    )


def due_parameters(account_id: int, campaign_id: int | None) -> dict[str, Any]:
    """The parameters of `is_due_from`."""
    campaign = {} if campaign_id is None else {"campaign": campaign_id}
    return {"account": account_id, "now": now(), **campaign}


_IS_DUE = {
    campaign: select(Message.id)
    .where(is_due_from(campaign=campaign))
    .offset(bindparam("beyond"))
    .limit(1)
    for campaign in (False, True)
}
_RUNNING = (
    select(Campaign.id)
    .where(Campaign.status == CampaignStatus.RUNNING)
    .order_by(Campaign.launched_at, Campaign.id)
)


def sources(connection: Connection, lanes: Lanes) -> Sequence[int | None]:
    """Where the next mails may come from, the most urgent first: None is what goes without a
    campaign, the others are the ids of campaigns."""
    urgent = [None] if lanes.transactional else []
    return [*urgent, *(connection.scalars(_RUNNING) if lanes.campaigns else ())]


def is_due(account_id: int, lanes: Lanes, beyond: int = 0) -> bool:
    """Whether more than `beyond` messages of one source wait to be sent now."""
    with db.engine.connect() as connection:
        return any(
            connection.scalar(
                _IS_DUE[campaign_id is not None],
                {**due_parameters(account_id, campaign_id), "beyond": beyond},
            )
            for campaign_id in sources(connection, lanes)
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
