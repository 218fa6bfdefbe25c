"""The practice's mail account: its settings at work, and how it does."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from portal.extensions import db, settings
from portal.mail.diagnosis import diagnose
from portal.mail.smtp import Network, Server, SmtpFault, words
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


@dataclass(frozen=True)
class Trouble:
    """Why a mailbox doesn't work: a cause of texts.SENTENCES, the form field to correct (None: no
    field mends it), the server's words, and whether it may pass by itself."""

    cause: str
    field: str | None = None
    reply: str | None = None
    may_pass: bool = False

    @classmethod
    def of(cls, fault: SmtpFault, server: Server, provider: str) -> "Trouble":
        """Settings that have worked can fail for a while in any way but one: the server itself
        says no, for good."""
        found = diagnose(fault, server, provider)
        may_pass = fault.reply is None or not found.permanent
        return cls(found.cause, found.field, words(fault.reply), may_pass)


UNREADABLE = Trouble("password_unreadable", "password")  # by any key of ENCRYPTION_KEYS


def works(account_id: int) -> None:
    """The mailbox works (again). The caller commits."""
    here = db.session.get_one(MailAccount, account_id)
    _set_status(here, AccountStatus.WORKING)
    here.cause = here.field = here.reply = here.next_check_at = None
    here.failures = 0


def fails(account_id: int, trouble: Trouble) -> None:
    """The mailbox doesn't work, and everybody sees the warning. What may pass by itself is tried
    again, with growing pauses; only settings that have worked, since the others are waited for
    by a person who can save again. The caller commits."""
    here = db.session.get_one(MailAccount, account_id)
    _set_status(here, AccountStatus.FAILING)
    here.cause, here.field, here.reply = trouble.cause, trouble.field, trouble.reply
    here.failures += 1
    pause = min(FIRST_RECHECK * 2 ** min(here.failures - 1, 10), LONGEST_RECHECK)
    tried_again = trouble.may_pass and active_settings(account_id) is not None
    here.next_check_at = now() + pause if tried_again else None


def _set_status(here: MailAccount, status: AccountStatus) -> None:
    if here.status is not status:
        here.status, here.status_since = status, now()


def stopped_working(used: MailSettings, trouble: Trouble) -> None:
    """Sending met a fault of the account: everybody sees the warning, its mails wait. A fault of
    settings that others have taken the place of meanwhile says nothing."""
    active = active_settings(used.account_id)
    if active and active.id == used.id:
        fails(used.account_id, trouble)
    db.session.commit()
