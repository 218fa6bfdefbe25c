"""What the page of sending says: whose figures hold, and what was used of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.mail import providers
from portal.mail_settings.fill import OTHER
from portal.models import MailAccount
from portal.models.base import now
from portal.outbox.limits import RESERVED, Limits
from portal.outbox.planning import campaigns_wait_sentence, limit_sentence
from portal.outbox.windows import DAY, HOUR, Span, Window

# What a figure means, where its name doesn't say it.
MEANINGS: Mapping[str, Any] = {
    "messages_per_connection": _l("After so many mails the portal signs in anew."),
    "connections": _l("Over so many connections mails go out side by side, from 1 to 10."),
}
USED: Mapping[Span, Any] = {
    DAY: _l("%(used)s of %(limit)s mails in the last 24 hours."),
    HOUR: _l("%(used)s of %(limit)s mails in the last hour."),
}


@dataclass(frozen=True)
class Use:
    """What was used of a limit, and in words."""

    used: int
    limit: int
    sentence: str


def hints(known: Limits) -> dict[str, str]:
    """Under each figure, what holds while it is empty; `known` are the provider's own."""
    return {
        name: " ".join(filter(None, (str(MEANINGS.get(name, "")), _left_empty(name, known))))
        for name in (
            *("messages_per_day", "messages_per_hour", "messages_per_minute"),
            *("messages_per_connection", "connections"),
        )
    }


def _left_empty(name: str, known: Limits) -> str:
    figure = getattr(known, name)
    provider = providers.load()[known.provider].label
    if name == "connections":
        return str(_("Left empty: %(number)s.", number=figure))
    if figure:
        number = format_decimal(figure)
        words = _("%(provider)s takes %(number)s. Left empty, that holds.")
        return str(words) % {"provider": provider, "number": number}
    if known.provider == OTHER:
        return str(_("Left empty, there is no limit."))
    return str(
        _("No figure of %(provider)s is known. Left empty, there is no limit.", provider=provider)
    )


def uses(windows: Sequence[Window]) -> list[Use]:
    """One for each limit of a day or an hour; a minute is over before anybody has read it."""
    return [_use(window) for window in windows if window.span in RESERVED]


def _use(window: Window) -> Use:
    used, limit = format_decimal(window.mails), format_decimal(window.limit)
    told = str(USED[window.span]) % {"used": used, "limit": limit}
    share = _("Campaigns may use %(share)s of them.", share=format_decimal(window.share))
    return Use(
        window.mails, window.limit, f"{told} {share}" if window.share < window.limit else told
    )


def wait_sentence(account: MailAccount) -> str:
    """Until when mails wait for room; "" where none do."""
    if account.waits_until and account.waits_until > now():
        return limit_sentence(account.waits_until)
    return campaigns_wait_sentence(account)
