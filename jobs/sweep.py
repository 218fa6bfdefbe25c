"""Every 15 seconds: take over from dead senders, and ring again for whatever waits in the
database, since a doorbell may be lost."""

from sqlalchemy import select

from portal import queue
from portal.contacts import imports
from portal.extensions import db
from portal.mail_settings import rechecks
from portal.models import AccountStatus, MailAccount
from portal.outbox import sessions
from portal.outbox.service import is_due


def run() -> None:
    """One round."""
    sessions.recover()
    sessions.finish_campaigns()
    rechecks.ring_for_checks()
    imports.ring_for_imports()
    working = select(MailAccount.id).where(MailAccount.status == AccountStatus.WORKING)
    for account_id in db.session.scalars(working).all():
        db.session.commit()
        if is_due(account_id) and sessions.has_free_session(account_id):
            queue.enqueue("jobs.deliver.run", account_id, queue=queue.BULK)
