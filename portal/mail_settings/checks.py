"""The live check: begun from the settings page or by the sweep, run in a worker, where mail
leaves from."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update

from portal import queue
from portal.extensions import db
from portal.mail_settings.accounts import (
    Trouble,
    account,
    active_settings,
    fails,
    latest_settings,
    works,
)
from portal.models import (
    CheckState,
    MailAccount,
    MailCheck,
    MailSettings,
    SettingsState,
)
from portal.models.base import now

# A check ends by itself within 45 seconds. One that takes longer has lost its worker.
CHECK_PATIENCE = timedelta(seconds=60)
# After this, a check that no worker has begun is rung for again.
DOORBELL_PATIENCE = timedelta(seconds=15)


def latest_check() -> MailCheck | None:
    """The check whose phases the page shows. One whose worker was lost counts as failed."""
    check = db.session.scalar(select(MailCheck).order_by(MailCheck.id.desc()).limit(1))
    if check and check.state is CheckState.RUNNING and _is_overdue(check):
        db.session.expunge(check)
        check.state, check.cause = CheckState.FAILED, "check_unfinished"
    return check


def _is_overdue(check: MailCheck) -> bool:
    return check.requested_at < now() - CHECK_PATIENCE


def start_check() -> MailCheck | None:
    """Check what was saved last; while a check runs, that one. None when nothing was saved."""
    running, last, here = latest_check(), latest_settings(), account()
    if running and running.state is CheckState.RUNNING:
        return running
    if not last or not here:
        return None
    check = new_check(here, last)
    db.session.commit()
    ring(check)
    return check


def new_check(here: MailAccount, checked: MailSettings) -> MailCheck:
    """A check takes the place of one that still runs, whose outcome is then discarded."""
    db.session.execute(
        update(MailCheck)
        .where(MailCheck.state == CheckState.RUNNING)
        .values(state=CheckState.REPLACED, finished_at=now())
    )
    check = MailCheck(account_id=here.id, settings_id=checked.id, phases={})
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


def record_phases(check_id: int, phases: dict[str, Any]) -> None:
    """What the page shows while the check runs."""
    db.session.execute(update(MailCheck).where(*_running(check_id)).values(phases=phases))
    db.session.commit()


def passed(check: MailCheck) -> bool:
    """The settings work: they become the active ones, the warning goes, waiting mail is rung for.

    False when the check was replaced in the meantime."""
    if not _finish(check.id, CheckState.PASSED):
        return False
    chosen = db.session.get_one(MailSettings, check.settings_id)
    if chosen.state is not SettingsState.ACTIVE:
        db.session.execute(
            update(MailSettings)
            .where(
                MailSettings.account_id == check.account_id,
                MailSettings.state == SettingsState.ACTIVE,
            )
            .values(state=SettingsState.RETIRED)
        )
        chosen.state = SettingsState.ACTIVE
    works(check.account_id)
    db.session.commit()
    queue.enqueue("jobs.deliver.run", check.account_id, queue=queue.BULK)
    return True


def failed(check: MailCheck, trouble: Trouble) -> bool:
    """The settings don't work. Those at work stay so, unless it is they that were checked.

    False when the check was replaced in the meantime."""
    found = {"cause": trouble.cause, "field": trouble.field, "reply": trouble.reply}
    if not _finish(check.id, CheckState.FAILED, **found):
        return False
    chosen = db.session.get_one(MailSettings, check.settings_id)
    if chosen.state is SettingsState.ACTIVE or not active_settings(check.account_id):
        fails(check.account_id, trouble)
    db.session.commit()
    return True


def _finish(check_id: int, state: CheckState, **values: Any) -> bool:
    finished = db.session.execute(
        update(MailCheck)
        .where(*_running(check_id))
        .values(state=state, finished_at=now(), **values)
    )
    if finished.rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        return False
    return True


def ring_for_checks() -> None:
    """The sweep's part: close checks whose worker died, ring for those that nobody began, and
    check failing accounts again when their time has come."""
    _close_overdue_checks()
    unbegun = select(MailCheck).where(
        MailCheck.state == CheckState.RUNNING,
        MailCheck.started_at.is_(None),
        MailCheck.requested_at < now() - DOORBELL_PATIENCE,
    )
    for check in db.session.scalars(unbegun).all():
        ring(check)
    running = exists().where(
        MailCheck.account_id == MailAccount.id, MailCheck.state == CheckState.RUNNING
    )
    due = select(MailAccount).where(MailAccount.next_check_at <= now(), ~running)
    for here in db.session.scalars(due).all():
        _recheck(here)


def _close_overdue_checks() -> None:
    overdue = select(MailCheck).where(
        MailCheck.state == CheckState.RUNNING, MailCheck.requested_at < now() - CHECK_PATIENCE
    )
    for check in db.session.scalars(overdue).all():
        failed(check, Trouble("check_unfinished", may_pass=True))
    db.session.commit()


def _recheck(here: MailAccount) -> None:
    active = active_settings(here.id)
    here.next_check_at = None
    check = new_check(here, active) if active else None
    db.session.commit()
    if check:
        ring(check)
