"""How much an account may send: its provider's figures, changed where somebody changed them, kept
by counters that all senders share."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from portal.extensions import db
from portal.mail import providers
from portal.models import (
    MOST_SESSIONS,
    AccountUsage,
    MailAccount,
    MailSettings,
    Message,
    MessageStatus,
)
from portal.models.base import now
from portal.outbox.counters import add_to
from portal.outbox.waiting import Lanes
from portal.outbox.windows import DAY, HOUR, MINUTE, SPANS, Bucket, Span, Window

SESSIONS = 4  # at once, where no figure is known
ROWS = 1000  # read at a time
# How much longer than needed a count is kept: a clock that is ahead for a while forgets nothing.
KEPT = timedelta(hours=2)

# The span that each of the counted figures is for. Of those of a day and an hour a part is kept
# for mails without a campaign; a minute is soon over.
COUNTED: Mapping[str, Span] = {
    "messages_per_day": DAY,
    "messages_per_hour": HOUR,
    "messages_per_minute": MINUTE,
}
RESERVED = frozenset({DAY, HOUR})


@dataclass(frozen=True)
class Limits:
    """What an account may send at a provider; None where nothing limits it."""

    provider: str
    messages_per_day: int | None
    messages_per_hour: int | None
    messages_per_minute: int | None
    messages_per_connection: int | None
    connections: int

    @property
    def by_span(self) -> dict[Span, int]:
        """The limits that mails are counted for."""
        figures = {span: getattr(self, name) for name, span in COUNTED.items()}
        return {span: figure for span, figure in figures.items() if figure}

    @property
    def counts(self) -> bool:
        """Whether mails have to be counted at all."""
        return bool(self.by_span)


def limits_of(account: MailAccount, settings: MailSettings) -> Limits:
    """The provider's figures, and in their place what somebody set."""
    return limits_at(settings.provider, account.limits)


def limits_at(provider: str, changed: Mapping[str, int | None] | None = None) -> Limits:
    """The same by the provider's key; `changed` is MailAccount.limits. Each of our mails has one
    recipient, so whichever is less of mails and recipients a day counts."""
    known = providers.load()[provider].limits
    per_day = filter(None, (known.messages_per_day, known.recipients_per_day))
    figures = {
        "messages_per_day": min(per_day, default=None),
        "messages_per_hour": known.messages_per_hour,
        "messages_per_minute": known.messages_per_minute,
        "messages_per_connection": known.messages_per_connection,
        "connections": known.connections or SESSIONS,
        **(changed or {}),
    }
    connections = min(figures.pop("connections") or MOST_SESSIONS, MOST_SESSIONS)
    return Limits(provider, connections=connections, **figures)


def lanes(account: MailAccount) -> Lanes:
    """Which mails the limits let go now."""
    moment = now()
    everything = not account.waits_until or account.waits_until <= moment
    campaigns = not account.campaigns_wait_until or account.campaigns_wait_until <= moment
    return Lanes(transactional=everything, campaigns=everything and campaigns)


def may_begin(account_id: int, limits: Limits, *, campaign: bool) -> bool:
    """Count one mail more, if the limits let it go; otherwise note on the account until when its
    mails wait. A transaction of its own.

    The figures are those of this moment: a sender that began under others neither goes by them
    nor has anybody wait for them."""
    at = now().timestamp()
    with db.engine.begin() as connection:
        # FOR NO KEY UPDATE, as in accounts.held: one sender at a time reads and counts.
        held = select(MailAccount.limits, MailAccount.reserved_percent).where(
            MailAccount.id == account_id
        )
        here = connection.execute(held.with_for_update(key_share=True)).one()
        in_force = limits_at(limits.provider, here.limits)
        windows = _windows(connection, account_id, in_force, here.reserved_percent, at)
        has_room = all(window.room(campaign=campaign) > 0 for window in windows)
        if has_room:
            for window in windows:
                _count(connection, account_id, window.span, at, campaign=campaign)
        else:
            _note_waits(connection, account_id, windows)
    return has_room


def windows_of(account: MailAccount, limits: Limits) -> list[Window]:
    """What was begun in each span that has a limit, as of now; the longest first."""
    at = now().timestamp()
    return _windows(db.session.connection(), account.id, limits, account.reserved_percent, at)


def share_of(limit: int, reserved_percent: int, span: Span) -> int:
    """How many of the mails that a limit allows may be a campaign's."""
    return limit - limit * reserved_percent // 100 if span in RESERVED else limit


def _windows(
    connection: Connection, account_id: int, limits: Limits, reserved_percent: int, at: float
) -> list[Window]:
    return [
        Window(
            span,
            limit,
            share_of(limit, reserved_percent, span),
            _used(connection, account_id, span, at),
        )
        for span, limit in limits.by_span.items()
    ]


def _used(connection: Connection, account_id: int, span: Span, at: float) -> list[Bucket]:
    """Also what is still to come by a clock that was put back."""
    used = select(AccountUsage.bucket, AccountUsage.mails, AccountUsage.campaign_mails).where(
        AccountUsage.account_id == account_id,
        AccountUsage.span == span.name,
        AccountUsage.bucket >= span.oldest(at),
    )
    return [Bucket(*row) for row in connection.execute(used)]


def _count(
    connection: Connection, account_id: int, span: Span, at: float, *, campaign: bool
) -> None:
    key = {"account_id": account_id, "span": span.name, "bucket": span.bucket(at)}
    add_to(connection, AccountUsage, key, mails=1, campaign_mails=int(campaign))


def _note_waits(connection: Connection, account_id: int, windows: Sequence[Window]) -> None:
    connection.execute(
        update(MailAccount)
        .where(MailAccount.id == account_id)
        .values(
            waits_until=opens_at(windows, campaign=False),
            campaigns_wait_until=opens_at(windows, campaign=True),
        )
    )


def opens_at(windows: Sequence[Window], *, campaign: bool) -> datetime | None:
    """When all of them have room for one mail; None for now."""
    moments = [window.opens_at(campaign=campaign) for window in windows]
    latest = max(filter(None, moments), default=None)
    return datetime.fromtimestamp(latest, UTC) if latest else None


def begin_to_count(account_id: int, span: Span) -> None:
    """Count what the server accepted in the span so far, where nothing was counted since nothing
    was limited. Part of the session's transaction: the caller commits."""
    since = now() - timedelta(seconds=span.seconds)
    accepted = select(Message.status_at, Message.campaign_id).where(
        Message.status == MessageStatus.SENT,
        Message.status_at >= since,
        Message.account_id == account_id,
    )
    mails: Counter[int] = Counter()
    campaign_mails: Counter[int] = Counter()
    for at, campaign_id in db.session.execute(accepted).yield_per(ROWS):
        bucket = span.bucket(at.timestamp())
        mails[bucket] += 1
        campaign_mails[bucket] += campaign_id is not None
    connection = db.session.connection()
    connection.execute(
        delete(AccountUsage).where(
            AccountUsage.account_id == account_id, AccountUsage.span == span.name
        )
    )
    for bucket, number in mails.items():
        key = {"account_id": account_id, "span": span.name, "bucket": bucket}
        of_campaigns = campaign_mails[bucket]
        add_to(connection, AccountUsage, key, mails=number, campaign_mails=of_campaigns)


def eases_at(account_id: int, span: Span) -> datetime | None:
    """When the first of what was begun in the last day, hour or minute leaves it, so that there is
    room again after a server said that its own limit is reached. None where nothing was counted."""
    oldest = select(func.min(AccountUsage.bucket)).where(
        AccountUsage.account_id == account_id,
        AccountUsage.span == span.name,
        AccountUsage.bucket >= span.oldest(now().timestamp()),
    )
    bucket = db.session.scalar(oldest)
    return None if bucket is None else datetime.fromtimestamp(span.leaves_at(bucket), UTC)


def forget_old_usage() -> None:
    """Delete what no limit looks at any more. A transaction of its own, for the sweep."""
    at = (now() - KEPT).timestamp()
    old = or_(
        *(
            and_(AccountUsage.span == span.name, AccountUsage.bucket < span.oldest(at))
            for span in SPANS
        )
    )
    with db.engine.begin() as connection:
        connection.execute(delete(AccountUsage).where(old))
