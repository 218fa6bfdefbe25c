"""A session with the account's mail server, signed in to as its settings have it."""

import math
from dataclasses import replace
from typing import Any

from portal.mail.diagnosis import diagnose
from portal.mail.findings import Finding
from portal.mail.smtp import Server, Session, SmtpFault
from portal.mail_settings.access import Access, access_of, renewed
from portal.mail_settings.accounts import network, place_of
from portal.models import MailSettings
from portal.vault import vault

SIGN_IN_REFUSED = 535  # RFC 4954 section 6

# What another token wouldn't change.
NOT_THE_TOKENS = frozenset(
    {
        Finding.smtp_disabled,
        Finding.organisation_policy,
        Finding.account_disabled,
        Finding.sign_in_blocked,
        Finding.too_many_sign_ins,
    }
)


def open_session(chosen: MailSettings, deadline: float = math.inf, **options: Any) -> Session:
    """A session; `deadline` and `options` are those of Session.open. No transaction is open while
    the server is waited for. An access token that the server refuses is made new once: it may have
    been withdrawn before its time.

    Raises SmtpFault, OAuthFault, and vault.Unreadable."""

    def session_on(server: Server) -> Session:
        return Session.open(server, network(), deadline=deadline, **options)

    if chosen.grant_id is None:
        return session_on(_by_password(chosen))
    access = access_of(chosen.grant_id, deadline)
    try:
        return session_on(_by_token(chosen, access))
    except SmtpFault as fault:
        if not _is_token_refused(fault, chosen):
            raise
    return session_on(_by_token(chosen, renewed(access, deadline)))


def _by_password(chosen: MailSettings) -> Server:
    password = vault().open(chosen.password, chosen.password_place)
    return replace(place_of(chosen), password=password)


def _by_token(chosen: MailSettings, access: Access) -> Server:
    return replace(place_of(chosen), username=access.username, access_token=access.token)


def _is_token_refused(fault: SmtpFault, chosen: MailSettings) -> bool:
    if fault.step != "auth" or fault.reply is None or fault.reply.code != SIGN_IN_REFUSED:
        return False
    found = diagnose(fault, place_of(chosen), chosen.provider)
    return found.cause not in NOT_THE_TOKENS
