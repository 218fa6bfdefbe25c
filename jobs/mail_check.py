"""The live check of the mail settings, phase by phase as the page shows them."""

import time

from portal.extensions import db
from portal.mail.smtp import PHASES, Session, SmtpFault
from portal.mail_settings import accounts, checks
from portal.models import MailCheck, MailSettings
from portal.vault import Unreadable

# The contract allows 45 seconds; what remains is for writing the outcome down.
CHECK_SECONDS = 43.0


def run(check_id: int) -> None:
    """Try the check's settings as far as RCPT TO the account's own address."""
    check = checks.begin(check_id)
    if check:
        _try(check, db.session.get_one(MailSettings, check.settings_id))


def _try(check: MailCheck, chosen: MailSettings) -> None:
    progress = Progress(check.id)
    try:
        server = accounts.server_of(chosen)
    except Unreadable:
        checks.failed(check, accounts.UNREADABLE)
        return
    try:
        deadline = time.monotonic() + CHECK_SECONDS
        with Session.open(
            server, accounts.network(), deadline=deadline, on_phase=progress.ended
        ) as session:
            session.probe_sender(chosen.email)
    except SmtpFault as fault:
        progress.broke(fault.phase)
        checks.failed(check, accounts.Trouble.of(fault, server, chosen.provider))
    else:
        checks.passed(check)


class Progress:
    """Writes the phases down as they end; the first that has not ended is the one running."""

    def __init__(self, check_id: int) -> None:
        self._check_id = check_id
        self._phases: dict[str, dict[str, str | int]] = {}
        self._save()

    def ended(self, phase: str, seconds: float) -> None:
        self._phases[phase] = {"state": "passed", "ms": round(seconds * 1000)}
        self._save()

    def broke(self, phase: str) -> None:
        self._phases[phase] = {"state": "failed"}
        self._save()

    def _save(self) -> None:
        phases = dict(self._phases)
        if all(phase["state"] == "passed" for phase in phases.values()):
            waiting = [name for name in PHASES if name not in phases]
            phases |= {name: {"state": "running"} for name in waiting[:1]}
        checks.record_phases(self._check_id, phases)
