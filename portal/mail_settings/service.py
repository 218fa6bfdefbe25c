"""What the settings page does: show the mailbox, and save new settings for it."""

from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select, update

from portal.extensions import db
from portal.mail import providers
from portal.mail.diagnosis import Scope
from portal.mail.providers import Endpoint
from portal.mail_settings.accounts import (
    Trouble,
    account,
    active_settings,
    held,
    latest_settings,
    legal_notice,
)
from portal.mail_settings.checks import latest_check, new_check, ring
from portal.mail_settings.grants import forget, forget_others
from portal.models import (
    AccountStatus,
    CheckState,
    LegalNotice,
    MailAccount,
    MailCheck,
    MailGrant,
    MailSettings,
    SettingsState,
    User,
)
from portal.models.base import now
from portal.vault import Unreadable, vault


class PasswordNeeded(Exception):
    """The stored password must not go to where the new settings point, or can't be read."""


@dataclass(frozen=True)
class Secret:
    """What settings sign in with: a password, or a grant's access token."""

    password: str = field(default="", repr=False)
    grant_id: int | None = None


@dataclass(frozen=True)
class Draft:
    """The settings as the form has them, complete; an empty password keeps the stored one."""

    email: str
    sender_name: str
    different_user: bool
    username: str
    password: str
    provider: str
    smtp_server: str
    smtp_port: int
    security: str
    allow_unencrypted: bool
    legal_notice: str


def status_shown() -> str:
    """The account's status for people: `checking` while it doesn't work and is being tried."""
    here, check = account(), latest_check()
    if not here:
        return AccountStatus.UNCONFIGURED
    if here.status is not AccountStatus.WORKING and check and check.state is CheckState.RUNNING:
        return "checking"
    return here.status


def trouble() -> Trouble | None:
    """What is the matter: what the last check found, or what sending met since it passed. None
    while a check runs, and when all is well."""
    return trouble_of(account(), latest_check())


def trouble_of(here: MailAccount | None, check: MailCheck | None) -> Trouble | None:
    """The same, of the account and its latest check."""
    if not here or not check or check.state is CheckState.RUNNING:
        return None
    if check.state is CheckState.FAILED:
        scope = cast(Scope, check.scope or "account")
        permanent = bool(check.permanent)
        return Trouble(check.cause or "", check.field, check.reply, permanent, scope)
    if here.status in (AccountStatus.FAILING, AccountStatus.LIMITED):
        return Trouble(here.cause or "", here.field, here.reply)
    return None


def save(draft: Draft, by: User, grant: MailGrant | None = None) -> MailCheck:
    """Keep the settings as a candidate and start their check; what works stays at work. With a
    grant they sign in by that, else by the password.

    Raises PasswordNeeded, having changed nothing."""
    here = held(db.session.scalars(select(MailAccount.id)).one())
    secret = Secret(grant_id=grant.id) if grant else _secret(draft)
    candidate = _candidate(draft, here, by)
    candidate.grant_id = secret.grant_id
    db.session.add(candidate)
    db.session.flush()
    active = active_settings(here.id)
    forget_others(here.id, {candidate.grant_id, active.grant_id if active else None})
    if secret.grant_id is None:
        sealed = vault().seal(secret.password, candidate.password_place)
        candidate.password, candidate.password_key_id = sealed.ciphertext, sealed.key_id
    _keep_legal_notice(here, draft.legal_notice)
    here.failures = 0
    check = new_check(here, candidate)
    db.session.commit()
    ring(check)
    return check


def use_alternative(by: User) -> MailCheck | None:
    """Save the latest settings with the place where the latest check found the mailbox, and check
    that. None when it found none.

    Raises PasswordNeeded, having changed nothing, when it is another server."""
    here = account()
    if not here:
        return None
    held(here.id)  # else what somebody saves meanwhile would be saved over
    check, last = latest_check(), latest_settings()
    if not check or not last or not check.alternative:
        return None
    return save(_draft_at(Endpoint(**check.alternative), last, legal_notice(here)), by)


def _draft_at(place: Endpoint, last: MailSettings, notice: str) -> Draft:
    return Draft(
        email=last.email,
        sender_name=last.sender_name,
        different_user=last.different_user,
        username=last.username,
        password="",
        provider=last.provider,
        smtp_server=place.host,
        smtp_port=place.port,
        security=place.security,
        allow_unencrypted=last.allow_unencrypted,
        legal_notice=notice,
    )


def _candidate(draft: Draft, here: MailAccount, by: User) -> MailSettings:
    db.session.execute(
        update(MailSettings)
        .where(MailSettings.state == SettingsState.CANDIDATE)
        .values(state=SettingsState.RETIRED)
    )
    return MailSettings(
        account_id=here.id,
        state=SettingsState.CANDIDATE,
        email=draft.email,
        sender_name=draft.sender_name,
        different_user=draft.different_user,
        username=draft.username if draft.different_user else draft.email,
        password="",
        password_key_id="",
        provider=draft.provider,
        smtp_server=draft.smtp_server,
        smtp_port=draft.smtp_port,
        security=draft.security,
        allow_unencrypted=draft.allow_unencrypted,
        created_by_id=by.id,
    )


def _secret(draft: Draft) -> Secret:
    """The password that was typed, or what is stored, if the new settings may have it: it never
    follows a changed server or user name, where it would be handed to somebody else, nor a step
    down to unencrypted."""
    if draft.password:
        return Secret(draft.password)
    last = latest_settings()
    username = draft.username if draft.different_user else draft.email
    if (
        last is None
        or (draft.smtp_server, username) != (last.smtp_server, last.username)
        or (draft.allow_unencrypted and not last.allow_unencrypted)
        or (draft.security == "none" and last.security != "none")
    ):
        raise PasswordNeeded
    return _stored(last, draft.provider)


def _stored(last: MailSettings, provider: str) -> Secret:
    """Raises PasswordNeeded when it can't be used any more, or not at this provider's."""
    if last.grant_id is not None:
        grant = db.session.get_one(MailGrant, last.grant_id)
        if grant.tokens and grant.issuer == providers.load()[provider].oauth:
            return Secret(grant_id=grant.id)
        raise PasswordNeeded
    try:
        return Secret(vault().open(last.password, last.password_place))
    except Unreadable as error:
        raise PasswordNeeded from error


def _keep_legal_notice(here: MailAccount, text: str) -> None:
    if text == legal_notice(here):
        return
    notice = LegalNotice(text=text)
    db.session.add(notice)
    db.session.flush()
    here.legal_notice_id = notice.id


@dataclass(frozen=True)
class Disconnected:
    """A permission that was forgotten here; the provider still has it, until it is told."""

    issuer: str
    tenant: str
    refresh_token: str | None = field(repr=False)


def disconnect() -> list[Disconnected]:
    """Forget every token, so that nothing is sent by them any more. Without other settings at work
    the mailbox is as it was before it was set up; mails wait."""
    here = held(db.session.scalars(select(MailAccount.id)).one())
    _retire_granted()
    if here.status is not AccountStatus.UNCONFIGURED and not active_settings(here.id):
        here.status, here.status_since = AccountStatus.UNCONFIGURED, now()
        here.cause = here.field = here.reply = here.limited_until = here.next_check_at = None
    kept = db.session.scalars(select(MailGrant).where(MailGrant.tokens != "")).all()
    gone = [Disconnected(grant.issuer, grant.tenant, forget(grant)) for grant in kept]
    db.session.commit()
    return gone


def _retire_granted() -> None:
    """Settings that sign in by a grant, and the check of them that runs."""
    retired = db.session.scalars(
        update(MailSettings)
        .where(MailSettings.grant_id.is_not(None), MailSettings.state != SettingsState.RETIRED)
        .values(state=SettingsState.RETIRED)
        .returning(MailSettings.id)
    ).all()
    db.session.execute(
        update(MailCheck)
        .where(MailCheck.settings_id.in_(retired), MailCheck.state == CheckState.RUNNING)
        .values(state=CheckState.REPLACED, finished_at=now())
    )
