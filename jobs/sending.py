"""What goes on within a session: claims, their mails strictly in order, each outcome committed
before the next body is sent."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import partial

from jobs import stopping
from jobs.judging import Judgement
from jobs.patience import patiently
from portal.extensions import db
from portal.mail.diagnosis import diagnose_outcome
from portal.mail.smtp import Outcome, Result, Session, words
from portal.mail_settings import accounts
from portal.models import MailAccount, MailSettings
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.outbox import claims, doubts, limits, rendering, waiting
from portal.outbox.claims import Claimed
from portal.outbox.journal import Journal, Verdict
from portal.outbox.kinds import repeated_kinds
from portal.outbox.leases import Claim, Overtaken
from portal.outbox.waiting import Lanes

# A claim is what goes out in about half a second, and what is left of it is put back after some
# seconds: after a power loss a whole one is in doubt.
CLAIM_SECONDS, LONGEST_CLAIM_SECONDS = 0.5, 5.0
SMALLEST_CLAIM, FIRST_CLAIM, LARGEST_CLAIM = 5, 20, 250
SETTLE_SECONDS = 0.5
# A session that the server ended before it got so many through is not followed by another at once,
# since providers count sign-ins: the sweep rings for the rest.
WORTH_ANOTHER = 10

log = logging.getLogger(__name__)


class Then(Enum):
    """How to go on after a mail."""

    NEXT = auto()
    CLAIM = auto()  # anew, since something else goes first
    LEAVE = auto()  # the session


@dataclass(frozen=True)
class Patience:
    """How long to go on: `may_begin` is asked before each mail, and no answer is waited for past
    `deadline` (time.monotonic)."""

    may_begin: Callable[[], bool]
    deadline: float


class Sending:
    """The mails of one claim, over one session or several.

    Read afterwards: `rings`, whether to ring for what is left; `mail_in_hand`, from before a mail
    is handed over until its outcome stands."""

    def __init__(
        self,
        claim: Claim,
        account: MailAccount,
        settings: MailSettings,
        wanted: Lanes,
        patience: Patience,
    ) -> None:
        self._claim, self._settings = claim, settings
        self._wanted, self._patience = wanted, patience
        self._go_by(account)
        self._renderer = rendering.Renderer()
        self._sender = rendering.sender_of(settings)
        self._size = FIRST_CLAIM
        self._settled_at = time.monotonic()
        self._begun = self._accepted = 0  # in this session
        self._is_over = False
        self.pipelining = account.pipelining
        self._had_failed = account.failures > 0
        self._suspects = False  # that the server only says it takes commands in groups
        self.rings = True
        self.mail_in_hand = False

    def is_due(self) -> bool:
        """Whether a mail waits that may go now."""
        return not self._is_over and waiting.is_due(self._claim.account_id, self._lanes())

    def _lanes(self) -> Lanes:
        """Which mails may go, by what the account has now: its limits may have been changed."""
        account_id = self._claim.account_id
        account = db.session.get_one(MailAccount, account_id, populate_existing=True)
        db.session.commit()
        self._go_by(account)
        return self._wanted & limits.lanes(account)

    def _go_by(self, account: MailAccount) -> None:
        self._limits = limits.limits_of(account, self._settings)
        self._repeated = repeated_kinds(account.repeated_kinds)

    def send_all(self, session: Session, journal: Journal) -> None:
        """Send until the session is over or nothing is due."""
        self._begun = self._accepted = 0
        then = Then.NEXT
        while then is not Then.LEAVE:
            taking = partial(claims.claim_messages, self._claim, self._lanes(), self._size)
            claimed = patiently(taking)
            if not claimed:
                return
            then = self._send_claimed(session, journal, claimed)
        patiently(partial(claims.put_back, self._claim))

    def _adapt(self, mails_per_second: float) -> None:
        size = round(mails_per_second * CLAIM_SECONDS)
        self._size = min(max(size, SMALLEST_CLAIM), LARGEST_CLAIM)

    def _send_claimed(self, session: Session, journal: Journal, claimed: Sequence[Claimed]) -> Then:
        """Until the claim is done, or has lasted too long: the next one lets go of its rest."""
        begun = time.monotonic()
        for number, message in enumerate(claimed, start=1):
            then = self._send(session, journal, message)
            self._settle_now_and_then()
            if then is not Then.NEXT:
                return then
            seconds = time.monotonic() - begun
            self._adapt(number / seconds)
            if seconds > LONGEST_CLAIM_SECONDS:
                break
        return Then.NEXT

    def _settle_now_and_then(self) -> None:
        if time.monotonic() - self._settled_at >= SETTLE_SECONDS:
            patiently(partial(claims.settle, self._claim))
            self._settled_at = time.monotonic()

    def _send(self, session: Session, journal: Journal, message: Claimed) -> Then:
        """Try one message and commit what became of it."""
        standing = patiently(partial(journal.standing, message))
        if not standing.account_works or not self._patience.may_begin():
            self._is_over = True
            return Then.LEAVE
        if standing.is_overtaken or not standing.campaign_runs:
            return Then.CLAIM
        begun_at = now()
        if reason := standing.refusal:
            return self._leave_out(journal, message, Status.SKIPPED, reason)
        if message.expires_at and message.expires_at <= begun_at:
            may_be_out = message.repeats > 0
            status = Status.UNCONFIRMED if may_be_out else Status.FAILED
            return self._leave_out(journal, message, status, "too_late")
        try:
            data = self._composed(message, begun_at)
        except ValueError:  # an address or a header that can't be written
            log.exception("Message %s can't be composed.", message.id)
            return self._leave_out(journal, message, Status.FAILED, "not_composed")
        if not self._is_within_limits(message):
            return Then.CLAIM
        return self._hand_over(session, journal, message, data, begun_at)

    def _leave_out(self, journal: Journal, message: Claimed, status: Status, reason: str) -> Then:
        verdict = Verdict(status, now(), reason=reason, repeats=message.repeats)
        self._write(journal, message, verdict)
        return Then.NEXT

    def _write(self, journal: Journal, message: Claimed, verdict: Verdict) -> None:
        """A database that is busy, full or away is waited for: the mail may be out already."""
        try:
            patiently(partial(journal.write, message, verdict))
        except Overtaken:
            if verdict.status is Status.SENT:
                doubts.late_word(message.id, verdict.reply)
            raise
        self.mail_in_hand = False

    def _composed(self, message: Claimed, at: datetime) -> bytes:
        try:
            return self._renderer.render(message, self._sender, at)
        finally:
            if db.session().in_transaction():  # what was read for it is not held open behind it
                db.session.commit()

    def _is_within_limits(self, message: Claimed) -> bool:
        if not self._limits.counts:
            return True
        campaign = message.campaign_id is not None
        counting = partial(
            limits.may_begin, self._claim.account_id, self._limits, campaign=campaign
        )
        return patiently(counting)

    def _hand_over(
        self, session: Session, journal: Journal, message: Claimed, data: bytes, begun_at: datetime
    ) -> Then:
        # The last look: rendering and counting may have taken their time.
        if not self._patience.may_begin():
            self._is_over = True
            return Then.LEAVE
        try:
            outcome = self._sent(session, message, data)
        except ValueError:  # an address that can't stand in a command; nothing was sent
            log.exception("Message %s can't be addressed.", message.id)
            return self._leave_out(journal, message, Status.FAILED, "not_composed")
        found = None
        if outcome.result is not Result.accepted:
            found = diagnose_outcome(outcome, self._settings.provider)
        judged = Judgement(message, outcome, found, self._accepted, session.distrusts_pipelining)
        repeated = self._repeated.get(message.kind, False)
        verdict = judged.verdict(begun_at, self._settings.id, repeated=repeated)
        self._write(journal, message, verdict)
        self._accepted += outcome.result is Result.accepted
        return self._then(judged)

    def _sent(self, session: Session, message: Claimed, data: bytes) -> Outcome:
        self.mail_in_hand = True
        self._begun += 1
        return session.send(
            self._settings.email,
            message.recipient,
            data,
            deadline=self._patience.deadline,
            envelope_id=message.message_id.strip("<>").partition("@")[0],
        )

    def _then(self, judged: Judgement) -> Then:
        outcome, found = judged.outcome, judged.found
        if outcome.result is Result.accepted:
            self._note_acceptance()
        if outcome.session_lost and stopping.requested():
            self._is_over = True  # it may have been us who broke it
            return Then.LEAVE
        if found and judged.stops_account:
            return self._stop(accounts.Trouble.of(found, words(outcome.reply)))
        if self._is_lossy(outcome):
            return self._stop(accounts.LOSES_MAILS)
        if not outcome.session_lost:
            most = self._limits.messages_per_connection
            return Then.LEAVE if most and self._begun >= most else Then.NEXT
        if judged.was_lied_to:
            self.pipelining, self._suspects = False, True
        elif self._accepted < WORTH_ANOTHER:
            self._is_over, self.rings = True, False
        return Then.LEAVE

    def _note_acceptance(self) -> None:
        """What the server has shown by taking a mail."""
        if self._suspects:
            accounts.takes_no_groups(self._claim.account_id)
        if self._had_failed:
            accounts.gets_through(self._claim.account_id)
        self._suspects = self._had_failed = False

    def _stop(self, trouble: accounts.Trouble) -> Then:
        self._is_over = True
        accounts.stopped_working(self._settings, trouble)
        return Then.LEAVE

    def _is_lossy(self, outcome: Outcome) -> bool:
        """Whether the server loses the connection after one mail and after the next: each is in
        doubt, and so would be all that follow."""
        return (
            outcome.result is Result.unconfirmed
            and not self._accepted
            and doubts.are_piling_up(self._claim.account_id)
        )
