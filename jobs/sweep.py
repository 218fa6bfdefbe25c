"""Every 15 seconds: take over from dead senders, and ring again for whatever waits in the
database, since a doorbell may be lost."""

import logging

from sqlalchemy import select

from portal.campaigns import steering
from portal.contacts import imports
from portal.extensions import db
from portal.mail_settings import rechecks
from portal.models import AccountStatus, MailAccount
from portal.outbox import bell, claims, limits, lookups

log = logging.getLogger(__name__)


def run() -> None:
    """One round. What goes wrong in one of its parts must not keep mails from going out."""
    for part in PARTS:
        try:
            part()
        except Exception:
            log.exception("A part of the sweep failed: %s.", part.__name__)
            db.session.rollback()


def _ring_for_mails() -> None:
    working = select(MailAccount.id).where(MailAccount.status == AccountStatus.WORKING)
    account_ids = db.session.scalars(working).all()
    db.session.commit()
    for account_id in account_ids:
        bell.ring(account_id)


PARTS = (
    claims.recover,
    claims.finish_campaigns,
    _ring_for_mails,
    rechecks.ring_for_checks,
    steering.start_due,
    steering.finish_cancelling,
    imports.ring_for_imports,
    lookups.ring_for_lookups,
    limits.forget_old_usage,
)
