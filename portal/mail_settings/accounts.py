"""The practice's mail account: its settings at work, and how it does."""

from datetime import timedelta

from sqlalchemy import select

from portal.extensions import db, settings
from portal.mail.smtp import Network, Server
from portal.models import AccountStatus, LegalNotice, MailAccount, MailSettings, SettingsState
from portal.models.base import now
from portal.vault import vault

FIRST_RECHECK = timedelta(minutes=1)
LONGEST_RECHECK = timedelta(hours=1)


def account() -> MailAccount | None:
    """The practice's account; None before set-up."""
    return db.session.scalar(select(MailAccount).limit(1))


def latest_settings() -> MailSettings | None:
    """What was saved last, whether it works or not."""
    return db.session.scalar(select(MailSettings).order_by(MailSettings.id.desc()).limit(1))


def active_settings(account_id: int) -> MailSettings | None:
    """The settings that mail goes out by: the last ones that passed their check."""
    return db.session.scalar(
        select(MailSettings).where(
            MailSettings.account_id == account_id, MailSettings.state == SettingsState.ACTIVE
        )
    )


def legal_notice(here: MailAccount) -> str:
    notice = db.session.get(LegalNotice, here.legal_notice_id) if here.legal_notice_id else None
    return notice.text if notice else ""


def network() -> Network:
    """The mail servers that this portal may speak to."""
    config = settings()
    return Network(config.mail_private_hosts, config.mail_ports, config.mail_trusted_ca)


def server_of(chosen: MailSettings) -> Server:
    """The server with the account's password. Raises Unreadable when no key opens it."""
    return Server(
        host=chosen.smtp_server,
        port=chosen.smtp_port,
        security=chosen.security,  # type: ignore[arg-type]
        username=chosen.username,
        password=vault().open(chosen.password, chosen.password_place),
        allow_unencrypted=chosen.allow_unencrypted,
    )


def set_status(
    account_id: int, status: AccountStatus, cause: str | None = None, reply: str | None = None
) -> None:
    here = db.session.get_one(MailAccount, account_id)
    if here.status is not status:
        here.status, here.status_since = status, now()
    here.cause, here.reply = cause, reply
    if status is AccountStatus.WORKING:
        here.failures, here.next_check_at = 0, None


def plan_recheck(account_id: int, permanent: bool) -> None:
    """What may pass by itself is tried again, with growing pauses; only settings that have
    worked, since the others are waited for by a person who can save again."""
    here = db.session.get_one(MailAccount, account_id)
    here.failures += 1
    pause = min(FIRST_RECHECK * 2 ** min(here.failures - 1, 10), LONGEST_RECHECK)
    may_pass = not permanent and active_settings(account_id) is not None
    here.next_check_at = now() + pause if may_pass else None


def stopped_working(used: MailSettings, *, cause: str, reply: str | None, permanent: bool) -> None:
    """Sending met a fault of the account: everybody sees the warning, its mails wait. A fault of
    settings that others have taken the place of meanwhile says nothing."""
    active = active_settings(used.account_id)
    if active and active.id == used.id:
        set_status(used.account_id, AccountStatus.FAILING, cause, reply)
        plan_recheck(used.account_id, permanent)
    db.session.commit()
