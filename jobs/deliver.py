"""The sending loop: one session of the account, its mails in order, each outcome committed
before the next body is sent."""

import logging
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import OperationalError

from jobs import stopping
from jobs.lease import Lease
from portal import consent, queue
from portal.extensions import db
from portal.mail.diagnosis import Diagnosis, diagnose, diagnose_outcome
from portal.mail.oauth import OAuthFault
from portal.mail.smtp import Outcome, Result, Session, SmtpFault, words
from portal.mail_settings import accounts
from portal.mail_settings.signing_in import open_session
from portal.models import AccountStatus, MailAccount, MailSettings
from portal.models import MessageStatus as Status
from portal.outbox import rendering, sessions
from portal.outbox.service import Overtaken, Verdict, claim_messages, is_due, record
from portal.vault import Unreadable

SLICE_SECONDS = 50.0  # a job ends between two mails and rings again, so that others get a turn
CLAIM_MESSAGES = 20  # small: after a power loss a whole claim would be in doubt
RETRY_SECONDS = 0.5

log = logging.getLogger(__name__)


def status_of(outcome: Outcome, found: Diagnosis | None) -> Status:
    """What becomes of the message; only its recipient's own fault is a failure."""
    if outcome.result is Result.accepted:
        return Status.SENT
    if outcome.result is Result.unconfirmed:
        return Status.UNCONFIRMED
    about_recipient = found is not None and found.permanent and found.scope == "recipient"
    return Status.FAILED if about_recipient else Status.DEFERRED


def stops_account(outcome: Outcome, found: Diagnosis | None) -> bool:
    """Whether the next mail would meet the same: a refusal for good that is not its recipient's,
    or a limit."""
    return (
        found is not None
        and outcome.result is Result.refused
        and found.scope != "recipient"
        and (found.permanent or found.wait is not None)
    )


def is_refused_again(message: Row[Any], outcome: Outcome, found: Diagnosis | None) -> bool:
    """Whether the server refuses this message for good as it did the last time, though it's not
    for its recipient: then that is the message's own, if others get through."""
    return (
        found is not None
        and outcome.result is Result.refused
        and found.permanent
        and found.wait is None
        and message.reason == found.cause
    )


def run(account_id: int) -> None:
    """Send what is due for a slice of time. Rung twice, the second finds no free session."""
    sessions.recover(account_id)
    account = db.session.get(MailAccount, account_id)
    settings = accounts.active_settings(account_id)
    db.session.commit()
    if not account or not settings or account.status is not AccountStatus.WORKING:
        return
    # Providers count sign-ins, so there is none for a bell that was rung once too often.
    claim = sessions.take_session(account_id) if is_due(account_id) else None
    if claim is None:
        return
    with Lease(claim) as lease:
        delivery = Delivery(lease, settings)
        try:
            delivery.run()
        finally:
            # With a mail in hand something unforeseen broke the loop: then the lease runs out,
            # and that mail is in doubt instead of being sent again.
            if not delivery.mail_in_hand:
                sessions.release(claim)
    if delivery.account_is_well and not delivery.session_ended_early and is_due(account_id):
        queue.enqueue("jobs.deliver.run", account_id, queue=queue.BULK)


class Delivery:
    """One slice of one session."""

    def __init__(self, lease: Lease, settings: MailSettings) -> None:
        self._lease = lease
        self._claim = lease.claim
        self._settings = settings
        self._renderer = rendering.Renderer()
        self._sender = rendering.sender_of(settings)
        db.session.commit()  # nothing stays open while a server is waited for
        self._ends_at = math.inf
        self._accepted = 0
        self.account_is_well = True
        self.session_ended_early = False
        self.mail_in_hand = False  # from before a mail is handed over until its outcome stands

    def run(self) -> None:
        """Send until the slice is over, nothing is due, or the account fails."""
        try:
            with open_session(self._settings) as session:
                self._lease.session = session
                self._send_all(session)
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

    def _may_go_on(self) -> bool:
        return (
            self.account_is_well
            and not stopping.requested()
            and self._lease.is_held()
            and time.monotonic() < self._ends_at
        )

    def _send_all(self, session: Session) -> None:
        self._ends_at = time.monotonic() + SLICE_SECONDS
        for message in self._messages():
            if not self._send(session, message):
                return

    def _messages(self) -> Iterator[Row[Any]]:
        while self._may_go_on() and self._is_at_work():
            claimed = claim_messages(self._claim, CLAIM_MESSAGES)
            if not claimed:
                return
            for message in claimed:
                if not self._may_go_on():
                    return
                yield message

    def _is_at_work(self) -> bool:
        """Whether the settings were not disconnected, or replaced by others, meanwhile."""
        at_work = accounts.is_at_work(self._settings)
        db.session.commit()
        return at_work

    def _send(self, session: Session, message: Row[Any]) -> bool:
        """Try one message and commit what became of it; False when the session is over."""
        at = datetime.now(UTC)
        try:
            refusal, data = self._prepare(message, at)
            if refusal:
                self._settle(message, Verdict(Status.SKIPPED, at, reason=refusal))
                return True
            self.mail_in_hand = True
            outcome = session.send(self._settings.email, message.recipient, data)
        except ValueError:  # an address or a header that can't be written; nothing was sent
            log.exception("Message %s can't be composed.", message.id)
            self._settle(message, Verdict(Status.FAILED, at, reason="not_composed"))
            return True
        found = self._diagnosis(outcome)
        alone = self._accepted > 0 and is_refused_again(message, outcome, found)
        self._settle(message, self._verdict(outcome, found, at, alone=alone))
        self._judge(outcome, found, alone=alone)
        return not outcome.session_lost

    def _settle(self, message: Row[Any], verdict: Verdict) -> None:
        """Commit what became of the message; a busy database is waited for while the lease
        lasts, since the mail may be out already."""
        while True:
            try:
                record(self._claim, message, verdict)
            except OperationalError:
                if not self._lease.is_held():
                    raise
                log.exception("Message %s could not be recorded; trying again.", message.id)
                time.sleep(RETRY_SECONDS)
            else:
                self.mail_in_hand = False
                return

    def _diagnosis(self, outcome: Outcome) -> Diagnosis | None:
        if outcome.result is Result.accepted:
            return None
        return diagnose_outcome(outcome, self._settings.provider)

    def _judge(self, outcome: Outcome, found: Diagnosis | None, *, alone: bool) -> None:
        """Notice what is the account's fault: what stops it, unless the message is `alone` with
        it, and a session that broke before it got any mail through. One that did ends in peace,
        since servers limit the mails of a session; the sweep rings for the rest."""
        self._accepted += found is None
        if found is None or outcome.result is Result.unconfirmed:
            return
        self.session_ended_early = outcome.session_lost
        broke = outcome.session_lost and not self._accepted and found.scope != "recipient"
        if broke or (stops_account(outcome, found) and not alone):
            self._stop(accounts.Trouble.of(found, words(outcome.reply)))

    def _prepare(self, message: Row[Any], at: datetime) -> tuple[str | None, bytes]:
        """Why the message must not go out any more, or the mail."""
        try:
            refusal = consent.refusal_now(message.contact_id, message.kind, message.recipient)
            if refusal:
                return refusal, b""
            return None, self._renderer.compose(message, self._sender, at).data
        finally:
            db.session.commit()  # read just before the envelope, and not held open behind it

    def _verdict(
        self, outcome: Outcome, found: Diagnosis | None, at: datetime, *, alone: bool
    ) -> Verdict:
        stops = stops_account(outcome, found)
        return Verdict(
            status=Status.FAILED if alone else status_of(outcome, found),
            at=at,
            reason=found.cause if found else None,
            reply=words(outcome.reply),
            settings_id=self._settings.id,
            patient=outcome.session_lost or stops,
            due_at_once=stops,
        )

    def _stop(self, trouble: accounts.Trouble) -> None:
        self.account_is_well = False
        accounts.stopped_working(self._settings, trouble)
