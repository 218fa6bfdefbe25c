"""The live check of the mail settings, phase by phase as the page shows them, with a test mail
where one was asked for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Timer

from portal.extensions import db
from portal.mail import alternatives, providers
from portal.mail.diagnosis import diagnose, diagnose_outcome
from portal.mail.oauth import OAuthFault
from portal.mail.providers import Endpoint
from portal.mail.smtp import PHASES, Cause, Outcome, Result, Session, SmtpFault, words
from portal.mail_settings import accounts, checks, test_mail
from portal.mail_settings.accounts import Trouble
from portal.mail_settings.signing_in import open_session
from portal.models import MailCheck, MailSettings, SettingsState
from portal.models.base import now
from portal.vault import Unreadable

# A check may take 45 seconds; what remains is for taking leave and writing the outcome down.
CHECK_SECONDS = 40.0
PHASE_SECONDS = 10.0
SILENT_SECONDS = 6.0  # a server that has not greeted by then may never do so
TEST = "test"  # the phase of the test mail
UNCONFIRMED = Trouble("test_unconfirmed", permanent=False)
OWN_MAILBOX_BUSY = "own_mailbox_busy"


class Replaced(Exception):
    """Another check has taken this one's place: nobody waits for its outcome any more."""


def run(check_id: int) -> None:
    """Try the check's settings as far as RCPT TO the account's own address, or a test mail."""
    check = checks.begin(check_id)
    if not check:
        return
    chosen = db.session.get_one(MailSettings, check.settings_id)
    with suppress(Replaced):
        Attempt(check, chosen).run()


class Attempt:
    """One check, from the server's name to the verdict."""

    def __init__(self, check: MailCheck, chosen: MailSettings) -> None:
        self._check = check
        self._chosen = chosen
        self._server = accounts.place_of(chosen)
        self._deadline = time.monotonic() + CHECK_SECONDS
        self._mail = self._test_mail()
        # From here on no transaction is open while the server is waited for.
        self._progress = Progress(check.id, (*PHASES, TEST) if self._mail else PHASES)
        by_token = chosen.grant_id is not None
        self._search = alternatives.Search(accounts.network(), self._deadline, by_token=by_token)

    def run(self) -> None:
        with self._looking_elsewhere():
            self._run()

    def _run(self) -> None:
        try:
            outcome = self._converse()
        except SmtpFault as fault:
            self._progress.broke(fault.phase)
            self._fail(fault)
        except OAuthFault as fault:
            self._fail_to_sign_in(Trouble.of_permission(fault))
        except Unreadable:
            self._fail_to_sign_in(accounts.unreadable(self._chosen))
        else:
            if outcome is None or outcome.result is Result.accepted:
                checks.passed(self._check)
            else:
                self._judge(outcome)

    @contextmanager
    def _looking_elsewhere(self) -> Iterator[None]:
        """While the server keeps silent, other places are tried already."""
        self._silence = Timer(SILENT_SECONDS, self._search.begin, [self._places()])
        self._silence.daemon = True
        self._silence.start()
        try:
            yield
        finally:
            self._silence.cancel()
            self._search.end()

    def _ended(self, phase: str, seconds: float) -> None:
        if phase == "greeting":
            self._silence.cancel()
        self._progress.ended(phase, seconds)

    def _test_mail(self) -> bytes | None:
        recipient, language = self._check.test_recipient, self._check.test_language
        if not recipient or not language:
            return None
        return test_mail.compose(self._chosen, recipient, language, now()).data

    def _converse(self) -> Outcome | None:
        """Go through every phase; give what became of the test mail, if there is one."""
        with open_session(
            self._chosen,
            deadline=self._deadline,
            phase_timeout=PHASE_SECONDS,
            on_phase=self._ended,
        ) as session:
            session.probe_sender(self._chosen.email)
            return self._send(session, self._mail) if self._mail else None

    def _send(self, session: Session, mail: bytes) -> Outcome:
        start = time.monotonic()
        recipient = self._check.test_recipient or ""
        outcome = session.send(self._chosen.email, recipient, mail, deadline=self._deadline)
        if outcome.result is Result.accepted:
            self._progress.ended(TEST, time.monotonic() - start)
        else:
            self._progress.broke(TEST)
        return outcome

    def _fail_to_sign_in(self, trouble: Trouble) -> None:
        """There is nothing to sign in with, so no server was asked; or none any more."""
        self._progress.broke("auth")
        checks.failed(self._check, trouble)

    def _fail(self, fault: SmtpFault) -> None:
        found = diagnose(fault, self._server, self._chosen.provider)
        trouble = Trouble.of(found, fault.said)
        if found.scope == "recipient":
            self._fail_at_own_address(replace(trouble, cause=OWN_MAILBOX_BUSY))
            return
        instead = self._search.first(self._places(fault))
        if instead:
            field = alternatives.field_to_correct(self._server, instead)
            trouble = replace(trouble, field=field)
            if instead.host == self._server.host:
                instead = replace(instead, host=self._chosen.smtp_server)  # as it was typed
        checks.failed(self._check, trouble, instead)

    def _fail_at_own_address(self, trouble: Trouble) -> None:
        """The mailbox takes no mail just now, as when it is full. What has worked goes on sending:
        patients' mailboxes have nothing to do with it."""
        at_work = self._chosen.state is SettingsState.ACTIVE
        settle = checks.test_failed if at_work else checks.failed
        settle(self._check, trouble)

    def _places(self, fault: SmtpFault = alternatives.SILENCE) -> tuple[Endpoint, ...]:
        """Where else to try after the fault."""
        domain = self._chosen.email.rpartition("@")[2]
        known = providers.load()[self._chosen.provider].endpoints_for(domain)
        return alternatives.candidates(self._server, fault, known)

    def _judge(self, outcome: Outcome) -> None:
        """The probe went well, so the mailbox works unless it is at fault. Time running out says
        nothing of it: a check has less than other mails have."""
        if outcome.result is Result.unconfirmed:
            checks.test_failed(self._check, UNCONFIRMED)
            return
        found = diagnose_outcome(outcome, self._chosen.provider)
        at_fault = found.scope == "account" and outcome.cause is not Cause.timeout
        settle = checks.failed if at_fault else checks.test_failed
        settle(self._check, Trouble.of(found, words(outcome.reply)))


class Progress:
    """Writes the phases down as they end; the one after the last that ended is running.

    Raises Replaced once that has no use."""

    def __init__(self, check_id: int, names: tuple[str, ...]) -> None:
        self._check_id = check_id
        self._names = names
        self._phases: dict[str, dict[str, str | int]] = {}
        self._record(names[:1])

    def ended(self, phase: str, seconds: float) -> None:
        self._phases[phase] = {"state": "passed", "ms": round(seconds * 1000)}
        # TLS by STARTTLS ends before the greeting, which goes on behind it; there may be no TLS.
        behind = self._names[self._names.index(phase) + 1 :]
        self._record(tuple(name for name in behind if name not in self._phases)[:1])

    def broke(self, phase: str) -> None:
        self._phases[phase] = {"state": "failed"}
        self._record(())

    def _record(self, running: tuple[str, ...]) -> None:
        going_on = {name: {"state": "running"} for name in running}
        if not checks.record_phases(self._check_id, {**self._phases, **going_on}):
            raise Replaced
