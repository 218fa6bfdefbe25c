"""The sweep's part in checks: it closes those whose worker died, rings for those that nobody began,
and checks the mailbox again when its time has come."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, select

from portal.extensions import db
from portal.mail_settings.accounts import (
    DAY,
    UNFINISHED,
    active_settings,
    fails,
    held,
    is_readable,
    latest_settings,
    unreadable,
)
from portal.mail_settings.checks import CHECK_PATIENCE, failed, new_check, ring
from portal.models import AccountStatus, CheckState, MailAccount, MailCheck
from portal.models.base import now

# After this, a check that no worker has begun is rung for again.
DOORBELL_PATIENCE = timedelta(seconds=15)


def ring_for_checks() -> None:
    """Close checks whose worker died, ring for those that nobody began, and check the mailbox
    again when its time has come."""
    _close_overdue_checks()
    _ring_for_unbegun_checks()
    for account_id in db.session.scalars(select(MailAccount.id)).all():
        _notice_keys(account_id)
    due = db.session.scalars(select(MailAccount.id).where(_is_due())).all()
    db.session.commit()
    for account_id in due:
        _recheck(account_id)


def _close_overdue_checks() -> None:
    """Of those that nobody began nothing was lost, so they are only rung for."""
    overdue = select(MailCheck).where(
        MailCheck.state == CheckState.RUNNING, MailCheck.started_at < now() - CHECK_PATIENCE
    )
    for check in db.session.scalars(overdue).all():
        failed(check, UNFINISHED)
    db.session.commit()


def _ring_for_unbegun_checks() -> None:
    unbegun = select(MailCheck).where(
        MailCheck.state == CheckState.RUNNING,
        MailCheck.started_at.is_(None),
        MailCheck.requested_at < now() - DOORBELL_PATIENCE,
    )
    waiting = db.session.scalars(unbegun).all()
    db.session.commit()
    for check in waiting:
        ring(check)


def _notice_keys(account_id: int) -> None:
    """That no key of ENCRYPTION_KEYS opens what is signed in with any more, or that one does again:
    after a start with other keys nobody has to wait for a mail or a check to find out."""
    here, active = held(account_id), active_settings(account_id)
    if active:
        readable, trouble = is_readable(active), unreadable(active)
        if here.status is AccountStatus.WORKING and not readable:
            fails(account_id, trouble)
        elif here.cause == trouble.cause and readable:
            here.next_check_at = now()
    db.session.commit()


def _is_due() -> ColumnElement[bool]:
    """An account whose time has come, and that no check runs for."""
    running = exists().where(
        MailCheck.account_id == MailAccount.id, MailCheck.state == CheckState.RUNNING
    )
    return and_(MailAccount.next_check_at <= now(), ~running)


def _recheck(account_id: int) -> None:
    """Of the settings at work; of those saved last where none ever worked. The outcome says when
    the next one is due; a day is for an outcome that doesn't.

    Somebody may have saved since the account was found due: then that check is enough."""
    here = held(account_id)
    still_due = select(MailAccount.id).where(MailAccount.id == account_id, _is_due())
    chosen = active_settings(account_id) or latest_settings()
    if not chosen or not db.session.scalar(still_due):
        db.session.commit()
        return
    here.next_check_at = now() + DAY
    check = new_check(here, chosen)
    db.session.commit()
    ring(check)
