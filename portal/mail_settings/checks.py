"""The live check: begun from the settings page or by the sweep, run in a worker, where mail
leaves from."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update

from portal import queue
from portal.extensions import db
from portal.mail.providers import Endpoint
from portal.mail_settings.accounts import (
    SOON,
    Trouble,
    account,
    active_settings,
    fails,
    held,
    latest_settings,
    works,
)
from portal.mail_settings.grants import forget_others
from portal.models import (
    AccountStatus,
    CheckState,
    MailAccount,
    MailCheck,
    MailSettings,
    SettingsState,
    TroubleshootingWalk,
)
from portal.models.base import now
from portal.outbox import bell

# A check ends by itself within 45 seconds. One that takes longer has lost its worker, or never
# had one.
CHECK_PATIENCE = timedelta(seconds=60)


def latest_check() -> MailCheck | None:
    """The check whose phases the page shows: of what was saved last, since settings at work are
    checked daily also beside others that were refused. None once those were disconnected. One
    whose worker was lost, or that none has begun for as long, counts as failed."""
    saved = latest_settings()
    if not saved or saved.state is SettingsState.RETIRED:
        return None
    of_those = select(MailCheck).where(MailCheck.settings_id == saved.id)
    check = db.session.scalar(of_those.order_by(MailCheck.id.desc()).limit(1))
    if check and check.state is CheckState.RUNNING and _is_overdue(check):
        db.session.expunge(check)
        check.state, check.cause = CheckState.FAILED, "check_unfinished"
    return check


def _is_overdue(check: MailCheck) -> bool:
    return (check.started_at or check.requested_at) < now() - CHECK_PATIENCE


def start_check() -> MailCheck | None:
    """Check what was saved last; while a check runs, that one. None when there is nothing to
    check."""
    here = _held_account()
    return _running_check() or _start(here)


def start_test(recipient: str, language: str) -> MailCheck | None:
    """Check what was saved last and send a test mail by it; while a check with a test mail runs,
    that one, and a plain one is replaced. None when nothing was saved."""
    here = _held_account()
    running = _running_check()
    if running and running.test_recipient:
        return running
    return _start(here, test_recipient=recipient, test_language=language)


def _held_account() -> MailAccount | None:
    here = account()
    return here and held(here.id)


def _running_check() -> MailCheck | None:
    check = latest_check()
    return check if check and check.state is CheckState.RUNNING else None


def _start(here: MailAccount | None, **test: str) -> MailCheck | None:
    last = latest_settings()
    if not here or not last or last.state is SettingsState.RETIRED:
        return None
    check = new_check(here, last, **test)
    db.session.commit()
    ring(check)
    return check


def new_check(here: MailAccount, checked: MailSettings, **test: str) -> MailCheck:
    """A check takes the place of one that still runs, whose outcome is then discarded. `test`
    has test_recipient and test_language, if a test mail is to be sent. The caller holds the
    account, and commits."""
    replaced = db.session.scalars(
        update(MailCheck)
        .where(MailCheck.state == CheckState.RUNNING)
        .values(state=CheckState.REPLACED, finished_at=now())
        .returning(MailCheck.settings_id)
    ).all()
    active = active_settings(here.id)
    if active and active.id in replaced:  # nothing else tells any more how these do
        soon = now() + SOON.first
        here.next_check_at = min(here.next_check_at or soon, soon)
    check = MailCheck(account_id=here.id, settings_id=checked.id, phases={}, **test)
    db.session.add(check)
    return check


def ring(check: MailCheck) -> None:
    queue.enqueue("jobs.mail_check.run", check.id, queue=queue.CONTROL)


def begin(check_id: int) -> MailCheck | None:
    """The check for a worker to run, once; None when it is done, replaced or begun."""
    taken = db.session.execute(
        update(MailCheck)
        .where(*_running(check_id), MailCheck.started_at.is_(None))
        .values(started_at=now())
    )
    db.session.commit()
    return db.session.get(MailCheck, check_id) if taken.rowcount == 1 else None  # type: ignore[attr-defined]


def _running(check_id: int) -> tuple[ColumnElement[bool], ...]:
    return MailCheck.id == check_id, MailCheck.state == CheckState.RUNNING


def record_phases(check_id: int, phases: dict[str, Any]) -> bool:
    """What the page shows while the check runs. False when the check was replaced in the
    meantime."""
    shown = db.session.execute(update(MailCheck).where(*_running(check_id)).values(phases=phases))
    db.session.commit()
    return shown.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def passed(check: MailCheck) -> bool:
    """The settings work: they become the active ones, the warning goes, waiting mail is rung for.

    False when the check was replaced in the meantime."""
    return _finish(check, CheckState.PASSED) and _take_up(check)


def test_failed(check: MailCheck, trouble: Trouble) -> bool:
    """The settings work as after `passed`, but one mail does not get through: the test mail, or
    one to the mailbox itself.

    False when the check was replaced in the meantime."""
    return _finish(check, CheckState.FAILED, **_verdict(trouble)) and _take_up(check)


def failed(check: MailCheck, trouble: Trouble, alternative: Endpoint | None = None) -> bool:
    """The settings don't work; the mailbox can be reached by the alternative. Those at work stay
    so, unless it is they that were checked.

    False when the check was replaced in the meantime."""
    instead = asdict(alternative) if alternative else None
    if not _finish(check, CheckState.FAILED, **_verdict(trouble), alternative=instead):
        return False
    active = active_settings(check.account_id)
    if not active or active.id == check.settings_id:
        fails(check.account_id, trouble)
    db.session.commit()
    return True


def _verdict(trouble: Trouble) -> dict[str, Any]:
    """What a check keeps of what is the matter."""
    return {
        "cause": trouble.cause,
        "field": trouble.field,
        "reply": trouble.reply,
        "permanent": trouble.permanent,
        "scope": trouble.scope,
    }


def _take_up(check: MailCheck) -> bool:
    chosen = db.session.get_one(MailSettings, check.settings_id, populate_existing=True)
    here, at_work = held(check.account_id), chosen.state is SettingsState.ACTIVE
    worked = at_work and here.status is AccountStatus.WORKING
    if not at_work:
        db.session.execute(
            update(MailSettings)
            .where(
                MailSettings.account_id == check.account_id,
                MailSettings.state == SettingsState.ACTIVE,
            )
            .values(state=SettingsState.RETIRED)
        )
        chosen.state = SettingsState.ACTIVE
        here.pipelining = True  # another server, or none the less another try
    last = latest_settings()
    forget_others(check.account_id, {chosen.grant_id, last.grant_id if last else None})
    if last is chosen:  # not those at work beside others that are being mended
        _end_troubleshooting(check.account_id, mended=not worked)
    works(check.account_id)
    db.session.commit()
    bell.ring(check.account_id)
    return True


def _end_troubleshooting(account_id: int, *, mended: bool) -> None:
    """A way on which nothing was the matter with the mailbox, as of mails that don't arrive, goes
    on while the daily check goes well."""
    way = update(TroubleshootingWalk).where(
        TroubleshootingWalk.account_id == account_id, TroubleshootingWalk.finished_at.is_(None)
    )
    if not mended:
        way = way.where(TroubleshootingWalk.cause.is_not(None))
    db.session.execute(way.values(finished_at=now()))


def _finish(check: MailCheck, state: CheckState, **values: Any) -> bool:
    """Ends with the account held; False, with nothing held, when the check no longer runs."""
    held(check.account_id)
    finished = db.session.execute(
        update(MailCheck)
        .where(*_running(check.id))
        .values(state=state, finished_at=now(), **values)
    )
    if finished.rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        return False
    return True
