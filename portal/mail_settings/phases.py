"""The lines of the live check: how far it came, and how long each phase took."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.models import CheckState, MailCheck

PHASE_NAMES = {
    "dns": _l("Name found"),
    "connect": _l("Connected"),
    "tls": _l("Secured"),
    "greeting": _l("Greeted"),
    "auth": _l("Signed in"),
    "sender": _l("Sender accepted"),
}

TEST_NAME = _l("Test mail accepted")


# What took the place of a check that was replaced goes on.
_STATES_SHOWN = {CheckState.REPLACED: CheckState.RUNNING}


def state_shown(check: MailCheck | None) -> CheckState | None:
    """How a check stands on the page: running, passed or failed; None where there is none."""
    return _STATES_SHOWN.get(check.state, check.state) if check else None


@dataclass(frozen=True)
class PhaseRow:
    """One line of the check: `state` is waiting, running, passed, failed or skipped."""

    name: str
    label: Any
    state: str
    seconds: float | None


def phase_rows(check: MailCheck | None) -> list[PhaseRow]:
    """The six lines of a check, in the order of the page, and that of its test mail."""
    names = {**PHASE_NAMES, "test": TEST_NAME} if check and check.test_recipient else PHASE_NAMES
    return [_phase_row(check, name, label) for name, label in names.items()]


def _phase_row(check: MailCheck | None, name: str, label: Any) -> PhaseRow:
    found = check.phases.get(name, {}) if check else {}
    seconds = found["ms"] / 1000 if "ms" in found else None
    return PhaseRow(name, label, found.get("state", _missing_state(check)), seconds)


def _missing_state(check: MailCheck | None) -> str:
    """A phase that left no trace: not needed in a check that passed (an unencrypted connection
    was allowed), else not reached."""
    return "skipped" if check and check.state is CheckState.PASSED else "waiting"
