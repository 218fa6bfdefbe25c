"""The practice's mail account: its settings at work, and how it does."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from sqlalchemy import select, update

from portal.extensions import db, settings
from portal.mail.addresses import ascii_host
from portal.mail.diagnosis import Diagnosis, Scope
from portal.mail.findings import MEANINGS
from portal.mail.oauth import OAuthFault
from portal.mail.smtp import Network, Server
from portal.mail_settings import grants, pauses
from portal.mail_settings.pauses import Pace
from portal.models import (
    AccountStatus,
    CheckState,
    HelpRequest,
    LegalNotice,
    MailAccount,
    MailCheck,
    MailGrant,
    MailSettings,
    SettingsState,
)
from portal.models.base import now
from portal.vault import Unreadable, vault

DAY = timedelta(days=1)  # after a check that went well, the next one
SOON = Pace(timedelta(minutes=1), timedelta(hours=1))
SELDOM = Pace(timedelta(minutes=15), DAY)  # repeated bad sign-ins lock accounts
# By whether the settings have worked and whether the trouble may pass. What never worked and was
# refused for good waits for a person.
PACES = {(True, True): SOON, (True, False): SELDOM, (False, True): SOON}


def account() -> MailAccount | None:
    """The practice's account; None before set-up."""
    return db.session.scalar(select(MailAccount).limit(1))


def held(account_id: int) -> MailAccount:
    """The account as it is now, held until the transaction ends. Whatever changes the account, its
    settings or its checks takes it first, and looks at the others behind it: so nobody overwrites
    what somebody else has just written, and no two wait for each other."""
    # FOR NO KEY UPDATE: the launch of a large campaign, whose rows refer to it, is not waited for.
    lock = {"key_share": True}
    return db.session.get_one(MailAccount, account_id, with_for_update=lock, populate_existing=True)


def latest_settings() -> MailSettings | None:
    """What was saved last, whether it works or not, unless it was disconnected and something else
    is left."""
    retired = MailSettings.state == SettingsState.RETIRED
    latest = select(MailSettings).order_by(retired, MailSettings.id.desc())
    return db.session.scalar(latest.limit(1))


def active_settings(account_id: int) -> MailSettings | None:
    """The settings that mail goes out by: the last ones that passed their check."""
    return db.session.scalar(
        select(MailSettings).where(
            MailSettings.account_id == account_id, MailSettings.state == SettingsState.ACTIVE
        )
    )


def is_at_work(used: MailSettings) -> bool:
    """Whether mail still goes out by these settings."""
    state = select(MailSettings.state).where(MailSettings.id == used.id)
    return db.session.scalar(state) is SettingsState.ACTIVE


def legal_notice(here: MailAccount) -> str:
    notice = db.session.get(LegalNotice, here.legal_notice_id) if here.legal_notice_id else None
    return notice.text if notice else ""


def network() -> Network:
    """The mail servers that this portal may speak to."""
    config = settings()
    return Network(config.mail_private_hosts, config.mail_ports, config.mail_trusted_ca)


def place_of(chosen: MailSettings) -> Server:
    """The server and how it is signed in to, without the secret for it."""
    return Server(
        host=ascii_host(chosen.smtp_server),
        port=chosen.smtp_port,
        security=chosen.security,  # type: ignore[arg-type]
        username=chosen.username,
        password="",
        access_token=None if chosen.grant_id is None else "",
        allow_unencrypted=chosen.allow_unencrypted,
    )


def is_readable(chosen: MailSettings) -> bool:
    """Whether a key of ENCRYPTION_KEYS opens the password, or the tokens."""
    grant = db.session.get(MailGrant, chosen.grant_id) if chosen.grant_id else None
    try:
        if grant is None:
            vault().open(chosen.password, chosen.password_place)
        elif grant.tokens:  # those that were forgotten are no question of keys
            grants.tokens_of(grant)
    except Unreadable:
        return False
    return True


@dataclass(frozen=True)
class Trouble:
    """Why a mailbox doesn't work: a cause of texts.SENTENCES, the form field to correct (None: no
    field mends it), the server's words, and what the diagnosis says of the rest. `scope` is None
    where nothing was learnt about the mailbox; a `wait` is `guessed` unless the server told it."""

    cause: str
    field: str | None = None
    reply: str | None = None
    permanent: bool = True
    scope: Scope | None = "account"
    wait: timedelta | None = None
    guessed: bool = False

    @classmethod
    def of(cls, found: Diagnosis, said: str | None) -> Self:
        return cls(
            found.cause,
            found.field,
            said,
            found.permanent,
            found.scope,
            found.wait,
            found.guessed,
        )

    @classmethod
    def of_permission(cls, fault: OAuthFault) -> Self:
        """Of what a provider said when it was asked for a token."""
        meaning = MEANINGS[fault.finding]
        return cls(fault.finding, meaning.field, fault.said, meaning.permanent is not False)

    @property
    def may_pass(self) -> bool:
        """In every way but one: the server itself says no, for good."""
        return not self.permanent or self.reply is None


# By any key of ENCRYPTION_KEYS.
PASSWORD_UNREADABLE = Trouble("password_unreadable", "password")
PERMISSION_UNREADABLE = Trouble("permission_unreadable")
# The connection breaks after mail upon mail, so that each is in doubt.
LOSES_MAILS = Trouble("connection_lost", permanent=False)
UNFINISHED = Trouble("check_unfinished", permanent=False, scope=None)  # its worker was lost


def unreadable(chosen: MailSettings) -> Trouble:
    """That no key opens what the settings sign in with."""
    return PASSWORD_UNREADABLE if chosen.grant_id is None else PERMISSION_UNREADABLE


def works(account_id: int) -> None:
    """A check went well: the mailbox works (again), and whoever asked for help has got it. The
    caller commits."""
    here = held(account_id)
    if here.status is AccountStatus.WORKING or _last_check_failed(account_id):
        here.failures = 0
    _set_status(here, AccountStatus.WORKING)
    here.cause = here.field = here.reply = here.limited_until = None
    here.next_check_at = now() + DAY
    # They may be another server's limits by now; whoever meets one notes it again.
    here.waits_until = here.campaigns_wait_until = None
    mended = update(HelpRequest).where(HelpRequest.closed_at.is_(None))
    db.session.execute(mended.values(closed_at=now()))


def _last_check_failed(account_id: int) -> bool:
    """Whether the check before the one that just went well saw the trouble. One that went well
    over it, as with content that is refused, is no reason to try again as soon as the last time."""
    finished = (
        select(MailCheck.state)
        .where(
            MailCheck.account_id == account_id,
            MailCheck.state.in_((CheckState.PASSED, CheckState.FAILED)),
        )
        .order_by(MailCheck.id.desc())
    )
    return db.session.scalar(finished.offset(1).limit(1)) is CheckState.FAILED


def fails(account_id: int, trouble: Trouble) -> None:
    """The mailbox doesn't work, or has met a limit, and everybody sees the warning. When it is
    checked again by itself is decided here. The caller commits."""
    here = held(account_id)
    if trouble.scope is None and here.status is not AccountStatus.UNCONFIGURED:
        here.next_check_at = now() + SOON.first
        return
    here.cause, here.field, here.reply = trouble.cause, trouble.field, trouble.reply
    if trouble.wait is None:
        _fail(here, trouble)
    elif trouble.guessed:
        _limit(here, _guessed(here, trouble.cause, trouble.wait))
    else:
        _limit(here, trouble.wait)


def _fail(here: MailAccount, trouble: Trouble) -> None:
    _set_status(here, AccountStatus.FAILING)
    here.failures += 1
    here.limited_until = None
    pace = PACES.get((active_settings(here.id) is not None, trouble.may_pass))
    here.next_check_at = now() + pace.pause(here.failures) if pace else None


def _guessed(here: MailAccount, cause: str, wait: timedelta) -> timedelta:
    used = active_settings(here.id)
    return pauses.until_limit_ends(here, used.provider if used else None, cause, wait)


def _limit(here: MailAccount, wait: timedelta) -> None:
    """The server is asked again once a day at least, once a minute at most."""
    _set_status(here, AccountStatus.LIMITED)
    here.limited_until = now() + min(max(wait, SOON.first), DAY)
    here.next_check_at = here.limited_until


def _set_status(here: MailAccount, status: AccountStatus) -> None:
    if here.status is not status:
        here.status, here.status_since = status, now()


def stopped_working(used: MailSettings, trouble: Trouble) -> None:
    """Sending met a fault of the account: everybody sees the warning, its mails wait. A fault of
    settings that others have taken the place of meanwhile says nothing."""
    held(used.account_id)
    active = active_settings(used.account_id)
    if active and active.id == used.id:
        fails(used.account_id, trouble)
    db.session.commit()


def gets_through(account_id: int) -> None:
    """The server has taken a mail: whatever comes next is not the trouble of before."""
    held(account_id).failures = 0
    db.session.commit()


def takes_no_groups(account_id: int) -> None:
    """The server said that it takes commands in groups, and didn't: from now on each waits for the
    answer to the one before."""
    held(account_id).pipelining = False
    db.session.commit()
