"""How long to wait before a mailbox in trouble is tried again, where nobody says."""

from dataclasses import dataclass
from datetime import timedelta

from portal.mail.findings import Finding
from portal.models import AccountStatus, MailAccount
from portal.models.base import now
from portal.outbox.limits import eases_at, limits_at
from portal.outbox.windows import DAY, HOUR, Span

LONGEST = timedelta(days=1)
# Though mails may leave the day or hour sooner.
SHORTEST = {DAY: timedelta(hours=1), HOUR: timedelta(minutes=5)}


@dataclass(frozen=True)
class Pace:
    """How long to wait before the settings are checked again: doubled from failure to failure."""

    first: timedelta
    longest: timedelta

    def pause(self, failures: int) -> timedelta:
        """After so many failures in a row."""
        return min(self.first * (1 << min(failures - 1, 10)), self.longest)


def until_limit_ends(
    here: MailAccount, provider: str | None, cause: str, usual: timedelta
) -> timedelta:
    """How long a limit lasts whose end the server didn't tell; `usual` is what such replies mean.

    One of a day or an hour ends when the first of the mails that were counted in it has left it.
    Of others nobody knows, so the wait is doubled when they come again soon."""
    if cause != Finding.sending_limit:
        return _doubled(here, usual)
    span = _limited_span(here, provider, usual)
    eases = eases_at(here.id, span)
    return max(eases - now(), SHORTEST[span]) if eases else timedelta(seconds=span.seconds)


def _limited_span(here: MailAccount, provider: str | None, usual: timedelta) -> Span:
    """An hour where the server speaks of one, or says no for now and not for the day, or where no
    other limit of its provider is known."""
    known = limits_at(provider, here.limits).by_span if provider else {}
    is_hourly = usual < LONGEST or (HOUR in known and DAY not in known)
    return HOUR if is_hourly else DAY


def _doubled(here: MailAccount, usual: timedelta) -> timedelta:
    """`failures` counts again from the start once all went well for longer than the last wait."""
    pace = Pace(usual, LONGEST)
    went_well = here.status is AccountStatus.WORKING and here.failures
    if went_well and now() - here.status_since > pace.pause(here.failures):
        here.failures = 0
    here.failures += 1
    return pace.pause(here.failures)
