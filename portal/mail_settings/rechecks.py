"""The sweep's part in checks: it closes those whose worker died, rings for those that nobody began,
and checks the mailbox again when its time has come."""

from datetime import timedelta

from sqlalchemy import exists, select

from portal.extensions import db
from portal.mail_settings.accounts import DAY, UNFINISHED, active_settings, latest_settings
from portal.mail_settings.checks import CHECK_PATIENCE, failed, new_check, ring
from portal.models import CheckState, MailAccount, MailCheck
from portal.models.base import now

# After this, a check that no worker has begun is rung for again.
DOORBELL_PATIENCE = timedelta(seconds=15)


def ring_for_checks() -> None:
    """Close checks whose worker died, ring for those that nobody began, and check the mailbox
    again when its time has come."""
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
        failed(check, UNFINISHED)
    db.session.commit()


def _recheck(here: MailAccount) -> None:
    """Of the settings at work; of those saved last where none ever worked. The outcome says when
    the next one is due; a day is for an outcome that doesn't."""
    chosen = active_settings(here.id) or latest_settings()
    here.next_check_at = now() + DAY
    check = new_check(here, chosen) if chosen else None
    db.session.commit()
    if check:
        ring(check)
