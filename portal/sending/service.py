"""What an administrator decides of sending."""

from collections.abc import Mapping

from portal.extensions import db
from portal.mail_settings import accounts
from portal.outbox import bell


def save(
    account_id: int,
    limits: Mapping[str, int | None],
    reserved_percent: int,
    repeated: Mapping[str, bool],
) -> None:
    """Keep it, and ring: `limits` is what differs from the provider's figures (MailAccount.limits).
    Whoever waits for other limits looks anew whether there is room."""
    here = accounts.held(account_id)
    chosen = dict(limits) or None
    if (here.limits, here.reserved_percent) != (chosen, reserved_percent):
        here.waits_until = here.campaigns_wait_until = None
    here.limits, here.reserved_percent = chosen, reserved_percent
    here.repeated_kinds = dict(repeated)
    db.session.commit()
    bell.ring(account_id)
