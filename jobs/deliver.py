"""A slice of sending: one session slot of the account, one session after the other.

docs/delivery.md has the whole of it; jobs/sending.py is what goes on within a session."""

import logging
import random
import time
from functools import partial

from jobs import stopping
from jobs.lease import Lease
from jobs.patience import patiently
from jobs.sending import Patience, Sending
from portal.extensions import db
from portal.mail.diagnosis import diagnose
from portal.mail.oauth import OAuthFault
from portal.mail.smtp import Cause, Session, SmtpFault
from portal.mail_settings import accounts
from portal.mail_settings.signing_in import open_session
from portal.models import AccountStatus, MailAccount, MailSettings
from portal.outbox import bell, claims, leases, limits, waiting
from portal.outbox.journal import Journal
from portal.outbox.leases import Overtaken
from portal.outbox.waiting import Lanes
from portal.queue import JOB_SECONDS
from portal.vault import Unreadable

SLICE_SECONDS = 50.0  # a job ends between two mails and rings again, so that others get a turn
# A server that takes its time with every answer must not outlast the job, whose end would come
# from outside.
LONGEST_SECONDS = JOB_SECONDS - 30.0
# Before a connection that failed is tried again; when it goes on failing, the account does.
CONNECT_PAUSES = (1.0, 4.0)
CONNECTION_CAUSES = frozenset({Cause.refused, Cause.timeout, Cause.unreachable, Cause.dropped})

log = logging.getLogger(__name__)


def run(account_id: int) -> None:
    """Send what is due for a slice of time. Rung too often, it finds no free session or no mail."""
    _send(account_id, Lanes())


def transactional(account_id: int) -> None:
    """The same for mails without a campaign alone, in a worker that takes no bulk."""
    _send(account_id, Lanes(campaigns=False))


def _send(account_id: int, wanted: Lanes) -> None:
    claims.recover(account_id)
    account = db.session.get(MailAccount, account_id)
    settings = accounts.active_settings(account_id)
    db.session.commit()
    if not account or not settings or account.status is not AccountStatus.WORKING:
        return
    # Providers count sign-ins, so there is none for a bell that was rung once too often.
    if not waiting.is_due(account_id, wanted & limits.lanes(account)):
        return
    claim = leases.take(account_id, limits.limits_of(account, settings).connections)
    if claim is None:
        return
    with Lease(claim) as lease:
        piece = Slice(lease, account, settings, wanted)
        try:
            piece.run()
        finally:
            db.session.rollback()  # what broke the loop may have left a lock, which would be ours
            # With a mail in hand something unforeseen broke the loop: then the lease runs out,
            # and that mail is in doubt instead of being sent again.
            if not piece.sending.mail_in_hand:
                patiently(partial(claims.release, claim))
    if piece.sending.rings:
        bell.ring(account_id)


class Slice:
    """One slice of one session slot."""

    def __init__(
        self, lease: Lease, account: MailAccount, settings: MailSettings, wanted: Lanes
    ) -> None:
        self._lease, self._settings = lease, settings
        begun = time.monotonic()
        self._ends_at = begun + SLICE_SECONDS
        patience = Patience(self._may_begin, deadline=begun + LONGEST_SECONDS)
        self.sending = Sending(lease.claim, account, settings, wanted, patience)
        db.session.commit()  # nothing stays open while a server is waited for

    def run(self) -> None:
        """Send until the slice is over, nothing is due, or the account fails."""
        try:
            with Journal(self._lease.claim, self._settings.id) as journal:
                while self._may_begin() and self.sending.is_due():
                    with self._open() as session:
                        self._lease.session = session
                        self.sending.send_all(session, journal)
        except Unreadable:
            self._stop(accounts.unreadable(self._settings))
        except OAuthFault as fault:
            self._stop(accounts.Trouble.of_permission(fault))
        except SmtpFault as fault:
            place = accounts.place_of(self._settings)
            found = diagnose(fault, place, self._settings.provider)
            self._stop(accounts.Trouble.of(found, fault.said))
        except Overtaken as error:
            log.warning("%s was taken over while its sender slept.", error)

    def _may_begin(self) -> bool:
        """Whether another mail may be begun, as far as it depends on time."""
        return (
            not stopping.requested() and self._lease.is_held() and time.monotonic() < self._ends_at
        )

    def _open(self) -> Session:
        """A session. A connection that fails is tried again; if it goes on failing, the account
        fails with it, and nobody tries until a check went well."""
        for pause in CONNECT_PAUSES:
            try:
                return self._session()
            except SmtpFault as fault:
                if fault.cause not in CONNECTION_CAUSES or not self._may_begin():
                    raise
                time.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 (no secret)
        return self._session()

    def _session(self) -> Session:
        return open_session(self._settings, pipelining=self.sending.pipelining)

    def _stop(self, trouble: accounts.Trouble) -> None:
        accounts.stopped_working(self._settings, trouble)
