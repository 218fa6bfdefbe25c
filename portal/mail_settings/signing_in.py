"""A session with the account's mail server, signed in to as its settings have it."""

from dataclasses import replace
from typing import Any

from portal.mail.smtp import Server, Session, SmtpFault
from portal.mail_settings import grants
from portal.mail_settings.accounts import network, place_of
from portal.models import MailSettings
from portal.vault import vault

SIGN_IN_REFUSED = 535  # RFC 4954 section 6


def open_session(chosen: MailSettings, **options: Any) -> Session:
    """A session; `options` are those of Session.open. No transaction is open while the server is
    waited for. An access token that the server refuses is made new once: it may have been
    withdrawn before its time.

    Raises SmtpFault, OAuthFault, and vault.Unreadable."""
    if chosen.grant_id is None:
        return Session.open(_by_password(chosen), network(), **options)
    access = grants.access(chosen.grant_id)
    try:
        return Session.open(_by_token(chosen, access), network(), **options)
    except SmtpFault as fault:
        if not _is_sign_in_refused(fault):
            raise
    return Session.open(_by_token(chosen, grants.renewed(access)), network(), **options)


def _by_password(chosen: MailSettings) -> Server:
    password = vault().open(chosen.password, chosen.password_place)
    return replace(place_of(chosen), password=password)


def _by_token(chosen: MailSettings, access: grants.Access) -> Server:
    return replace(place_of(chosen), username=access.username, access_token=access.token)


def _is_sign_in_refused(fault: SmtpFault) -> bool:
    return fault.step == "auth" and fault.reply is not None and fault.reply.code == SIGN_IN_REFUSED
