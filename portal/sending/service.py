"""What an administrator decides of sending."""

from collections.abc import Mapping, Set

from portal.extensions import db
from portal.mail_settings import accounts
from portal.models import MailAccount
from portal.outbox import bell
from portal.outbox.limits import begin_to_count, limits_of
from portal.outbox.windows import Span


def save(
    account_id: int,
    limits: Mapping[str, int | None],
    reserved_percent: int,
    repeated: Mapping[str, bool],
) -> None:
    """Keep it, and ring: `limits` is what differs from the provider's figures (MailAccount.limits).
    Whoever waits for other limits looks anew whether there is room, and what went out before there
    was a limit counts for it."""
    here = accounts.held(account_id)
    chosen = dict(limits) or None
    if (here.limits, here.reserved_percent) != (chosen, reserved_percent):
        here.waits_until = here.campaigns_wait_until = None
    limited_before = _limited_spans(here)
    here.limits, here.reserved_percent = chosen, reserved_percent
    for span in _limited_spans(here) - limited_before:
        begin_to_count(account_id, span)
    here.repeated_kinds = dict(repeated)
    db.session.commit()
    bell.ring(account_id)


def _limited_spans(here: MailAccount) -> Set[Span]:
    used = accounts.active_settings(here.id)
    return limits_of(here, used).by_span.keys() if used else frozenset()
