"""Ringing for the senders of an account."""

import logging

from sqlalchemy import exc

from portal import queue
from portal.extensions import db
from portal.mail_settings.accounts import active_settings
from portal.models import AccountStatus, MailAccount
from portal.outbox import limits, waiting
from portal.outbox.waiting import Lanes

log = logging.getLogger(__name__)


def ring(account_id: int) -> None:
    """Ring for as many senders as are worth it, where anything is due. Ends the transaction at
    hand.

    What there is to do was committed before, so nobody is shown that ringing failed, be it for
    the queue server or the database: the sweep rings again."""
    try:
        _ring(account_id)
    except (exc.OperationalError, exc.TimeoutError) as error:
        db.session.close()  # what was read before stays readable, as for the answer to a request
        log.warning("Nobody rang for account %s (%s); it waits for the sweep.", account_id, error)


def _ring(account_id: int) -> None:
    account = db.session.get(MailAccount, account_id, populate_existing=True)
    settings = active_settings(account_id)
    db.session.commit()
    if not account or not settings or account.status is not AccountStatus.WORKING:
        return
    sessions = limits.limits_of(account, settings).connections
    lanes = limits.lanes(account)
    urgent = Lanes(transactional=lanes.transactional, campaigns=False)
    if waiting.useful_sessions(account_id, urgent, sessions):
        queue.enqueue("jobs.deliver.transactional", account_id, queue=queue.TRANSACTIONAL)
    for _ in range(waiting.useful_sessions(account_id, lanes, sessions)):
        queue.enqueue("jobs.deliver.run", account_id, queue=queue.BULK)
