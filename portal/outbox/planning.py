"""When a campaign will be done, and what holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from flask_babel import format_date, format_decimal, format_time, format_timedelta, to_user_timezone
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, or_, select

from portal.extensions import db
from portal.mail import providers
from portal.mail_settings.accounts import account, active_settings
from portal.models import AccountStatus, Campaign, CampaignStatus, MailAccount, Message
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.models.messages import IS_WAITING
from portal.outbox.limits import COUNTED, limits_of, windows_of
from portal.outbox.simulation import simulate
from portal.outbox.waiting import due_at
from portal.outbox.windows import DAY, HOUR, MINUTE, Span

CAREFUL = 1.0  # mails a second, while too few of a campaign went out to tell
RECENT = 100  # the last mails of a campaign, whose pace is that of the next
ENOUGH = 10
# Longer than this between two mails is no pace: a limit, a pause, a mailbox that did not work.
BREAK = timedelta(seconds=30)

# By span, and whether the figure is the provider's own; else it is the campaigns' share.
LIMIT_SENTENCES: Mapping[tuple[Span, bool], Any] = {
    (DAY, True): _l("Done by %(when)s: %(provider)s takes %(number)s mails a day."),
    (HOUR, True): _l("Done by %(when)s: %(provider)s takes %(number)s mails an hour."),
    (MINUTE, True): _l("Done by %(when)s: %(provider)s takes %(number)s mails a minute."),
    (DAY, False): _l("Done by %(when)s, at %(number)s mails a day."),
    (HOUR, False): _l("Done by %(when)s, at %(number)s mails an hour."),
    (MINUTE, False): _l("Done by %(when)s, at %(number)s mails a minute."),
}


@dataclass(frozen=True)
class Limit:
    """So many mails in a span, of which campaigns may use their `share`; `provider` is the key of
    whose figure it is, None where somebody set it here."""

    span: Span
    mails: int
    share: int
    provider: str | None


@dataclass(frozen=True)
class Plan:
    """When the last mail of a campaign goes out, and why no sooner.

    `limit` is the one that holds it longest, None where it is the server's pace alone.
    `limited_until` is how long the provider takes nothing at all. `has_retries` tells that it waits
    for mails that were refused for now."""

    at: datetime
    limit: Limit | None = None
    limited_until: datetime | None = None
    has_retries: bool = False


def done_at(campaign: Campaign) -> Plan | None:
    """When a running campaign will be done; None where nobody can tell, since it doesn't run or
    the mailbox doesn't work. Costs the same for a campaign of any size."""
    here = account()
    if not here or campaign.status is not CampaignStatus.RUNNING or not campaign.waiting:
        return None
    limited = here.status is AccountStatus.LIMITED
    if here.status is not AccountStatus.WORKING and not limited:
        return None
    limited_until = here.limited_until if limited else None
    at, limit = _simulated(here, campaign, limited_until)
    retried = _last_retry(here, campaign)
    if retried and retried > at:
        return Plan(retried, has_retries=True)
    return Plan(at, limit, limited_until)


def _simulated(
    here: MailAccount, campaign: Campaign, limited_until: datetime | None
) -> tuple[datetime, Limit | None]:
    settings = active_settings(here.id)
    windows = windows_of(here, limits_of(here, settings)) if settings else []
    waits = (now(), here.waits_until, here.campaigns_wait_until, limited_until)
    starts_at = max(filter(None, waits)).timestamp()
    mails = campaign.waiting + _ahead_of(campaign)
    at, held_by = simulate(mails, starts_at, _pace(campaign), windows)
    limit = None
    if held_by and settings:
        is_set_here = _name_of(held_by.span) in (here.limits or {})
        provider = None if is_set_here else settings.provider
        limit = Limit(held_by.span, held_by.limit, held_by.share, provider)
    return datetime.fromtimestamp(at, UTC), limit


def _name_of(span: Span) -> str:
    return next(name for name, counted in COUNTED.items() if counted is span)


def _ahead_of(campaign: Campaign) -> int:
    """How many mails of older campaigns go first."""
    waiting = func.sum(Campaign.queued_count + Campaign.sending_count + Campaign.deferred_count)
    older = or_(
        Campaign.launched_at < campaign.launched_at,
        and_(Campaign.launched_at == campaign.launched_at, Campaign.id < campaign.id),
    )
    running = Campaign.status == CampaignStatus.RUNNING
    return db.session.scalar(select(waiting).where(running, older)) or 0


def _pace(campaign: Campaign) -> float:
    """In mails a second, as of late."""
    sent = select(Message.status_at).where(
        Message.campaign_id == campaign.id, Message.status == Status.SENT
    )
    latest = sent.order_by(Message.status_at.desc(), Message.id.desc()).limit(RECENT)
    gaps = [later - earlier for later, earlier in pairwise(db.session.scalars(latest))]
    working = [gap for gap in gaps if gap < BREAK]
    span = sum(working, timedelta())
    return len(working) / span.total_seconds() if len(working) >= ENOUGH and span else CAREFUL


def _last_retry(here: MailAccount, campaign: Campaign) -> datetime | None:
    if not campaign.deferred_count:
        return None
    waiting = select(due_at).where(
        Message.account_id == here.id, Message.campaign_id == campaign.id, IS_WAITING
    )
    return db.session.scalar(waiting.order_by(due_at.desc()).limit(1))


def sentence(campaign: Campaign) -> str | None:
    """The plan in words, in the reader's language and the practice's zone; None where there is
    none."""
    here, plan = account(), done_at(campaign)
    if here is None or plan is None:
        return None
    return f"{campaigns_wait_sentence(here)} {_plan_sentence(plan)}".strip()


def campaigns_wait_sentence(here: MailAccount) -> str:
    """That just now no campaign's mail goes out by our own count, and until when; "" where they
    do."""
    until = max(filter(None, (here.waits_until, here.campaigns_wait_until)), default=None)
    if not until or until <= now():
        return ""
    if here.waits_until and here.waits_until > now():
        return limit_sentence(until)
    when = moment(until)
    return str(_("The campaigns' part is used up: they go on from %(when)s.", when=when))


def limit_sentence(until: datetime) -> str:
    """That no mail at all goes out by our own count."""
    return str(_("The limit is reached: mails go on from %(when)s.", when=moment(until)))


def next_attempt_at(message: Message) -> datetime | None:
    """When a mail that was refused for now is tried again, no sooner than the limits let it go.
    None where nobody can tell: the mailbox doesn't work, or the mail's campaign doesn't run."""
    here = account()
    if not here or here.status not in (AccountStatus.WORKING, AccountStatus.LIMITED):
        return None
    waits = [now(), message.next_attempt_at, here.waits_until]
    if here.status is AccountStatus.LIMITED:
        waits.append(here.limited_until)
    if message.campaign_id is not None:
        campaign = db.session.get_one(Campaign, message.campaign_id)
        if campaign.status is not CampaignStatus.RUNNING:
            return None
        waits.append(here.campaigns_wait_until)
    return max(filter(None, waits))


def _plan_sentence(plan: Plan) -> str:
    when = moment(plan.at)
    if plan.has_retries:
        return str(_("Done by %(when)s: some mails are tried again until then.", when=when))
    if plan.limited_until:
        until = moment(plan.limited_until)
        words = _("The provider takes no mail until %(until)s. Done by %(when)s.")
        return str(words) % {"until": until, "when": when}
    return _limit_sentence(plan.limit, when) if plan.limit else _time_left(plan.at - now())


def _limit_sentence(limit: Limit, when: str) -> str:
    """The provider's figure is told as it is known, and the campaigns' share after it."""
    share = format_decimal(limit.share)
    if not limit.provider:
        return str(LIMIT_SENTENCES[limit.span, False]) % {"when": when, "number": share}
    provider = providers.load()[limit.provider].label
    named = {"when": when, "provider": provider, "number": format_decimal(limit.mails)}
    told = str(LIMIT_SENTENCES[limit.span, True]) % named
    if limit.share == limit.mails:
        return told
    share_told = _("Campaigns may use %(share)s of them.", share=share)
    return f"{told} {share_told}"


def _time_left(left: timedelta) -> str:
    if left < timedelta(minutes=1):
        return str(_("Less than a minute left."))
    return str(_("About %(time)s left.", time=format_timedelta(left, "minute", threshold=1.5)))


def moment(at: datetime) -> str:
    """A moment to come as people say it, to the minute and none too early: the time today, weekday
    and time within a week, else the date."""
    at += timedelta(seconds=-at.timestamp() % 60)
    days = (to_user_timezone(at).date() - to_user_timezone(now()).date()).days
    if days >= 7:
        return str(format_date(at, "long"))
    time = str(format_time(at, "short"))
    return f"{format_date(at, 'EEEE')} {time}" if days else time
