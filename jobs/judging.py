"""What a mail's outcome means: for the message, for the session and for the account."""

from dataclasses import dataclass
from datetime import datetime

from portal.mail.diagnosis import Diagnosis
from portal.mail.smtp import Outcome, Result, words
from portal.models import MessageStatus as Status
from portal.models.base import now
from portal.outbox.claims import Claimed
from portal.outbox.doubts import REPEATS
from portal.outbox.journal import Verdict
from portal.outbox.retries import GivenUp, retry


@dataclass(frozen=True)
class Judgement:
    """One attempt: the message, what came of it, what that means (None: all went well), how many
    mails the session had got through before, and whether the server had lied about taking
    commands in groups."""

    message: Claimed
    outcome: Outcome
    found: Diagnosis | None
    accepted_before: int
    was_lied_to: bool

    @property
    def stops_account(self) -> bool:
        """Whether the next mail would meet the same: a refusal for good that is not its
        recipient's, or a limit. A session that broke before it got anything through is the
        account's fault too; one that did ends in peace, since servers limit the mails of one."""
        if self.found is None or self.outcome.result is Result.unconfirmed or self.was_lied_to:
            return False
        if self.outcome.session_lost and not self.accepted_before:
            return not self._is_recipients and not self._breaks_again
        return self._refuses_all and not self.is_alone

    @property
    def is_alone(self) -> bool:
        """Whether the server refuses this message for good as it did the last time, while others
        got through: then that is the message's own fault, though it is not its recipient's."""
        return (
            self.found is not None
            and self._refuses_all
            and self.found.permanent
            and self.found.wait is None
            and self.accepted_before > 0
            and self.message.reason == self.found.cause
        )

    @property
    def _is_recipients(self) -> bool:
        return self.found is not None and self.found.scope == "recipient"

    @property
    def _breaks_again(self) -> bool:
        """Whether the connection broke in the text of this message as it did the last time: then
        that is the message's own, as where a filter cuts it off."""
        return (
            self.found is not None
            and self.outcome.session_lost
            and self.outcome.step == "body"
            and self.message.reason == self.found.cause
        )

    @property
    def _refuses_all(self) -> bool:
        return (
            self.found is not None
            and self.outcome.result is Result.refused
            and not self._is_recipients
            and (self.found.permanent or self.found.wait is not None)
        )

    def verdict(self, begun_at: datetime, settings_id: int, *, repeated: bool) -> Verdict:
        """What becomes of the message; `repeated` says that its kind goes out once more when it is
        in doubt."""
        doubtful = self.outcome.result is Result.unconfirmed
        repeats = doubtful and repeated and self.message.repeats < REPEATS
        status = self._status(repeats=repeats)
        reason: str | None = self.found.cause if self.found else None
        next_attempt_at, retry_until = None, self.message.retry_until
        if status is Status.DEFERRED:
            try:
                again = retry(self.message, patient=self._is_patient, at_once=self._is_due_at_once)
                next_attempt_at, retry_until = again.next_attempt_at, again.retry_until
            except GivenUp as given_up:
                status, reason = Status.UNCONFIRMED if doubtful else Status.FAILED, given_up.reason
        return Verdict(
            status=status,
            at=now(),
            attempted_at=begun_at,
            settings_id=settings_id,
            last_command=self.outcome.step,
            reason=reason,
            reply=words(self.outcome.reply),
            next_attempt_at=next_attempt_at,
            retry_until=retry_until,
            repeats=self.message.repeats + repeats,
        )

    def _status(self, *, repeats: bool) -> Status:
        """Only what is its recipient's own fault, or its own, is a failure."""
        if self.outcome.result is Result.accepted:
            return Status.SENT
        if self.outcome.result is Result.unconfirmed:
            return Status.DEFERRED if repeats else Status.UNCONFIRMED
        for_good = self._is_recipients and self.found is not None and self.found.permanent
        return Status.FAILED if for_good or self.is_alone else Status.DEFERRED

    @property
    def _is_patient(self) -> bool:
        return (self.outcome.session_lost and not self._breaks_again) or self._refuses_all

    @property
    def _is_due_at_once(self) -> bool:
        """As soon as the account works again, or the next session has begun."""
        ended_in_peace = self.outcome.session_lost and (self.accepted_before or self.was_lied_to)
        is_first = not self.message.attempts or self.outcome.step != "body"
        return self._refuses_all or bool(ended_in_peace and is_first)
