"""Practices whose mailbox is signed in to at its provider, or is about to be."""

from dataclasses import replace

from flask import current_app

from portal.mail.findings import Finding
from portal.mail.oauth import Granted, Tokens
from portal.mail_settings import accounts, checks, grants
from portal.mail_settings import service as mail_settings
from portal.mail_settings.accounts import Trouble
from portal.models import MailGrant
from portal.models.base import now
from tests.browser.practices import PHASES, mailbox, marta, passed
from tests.oauth.provider import register


def registered() -> None:
    """The portal is registered at both providers; nobody has set a mailbox up."""
    register(current_app)


def signed_in() -> None:
    """A permission of Google's works, for an app that isn't published."""
    registered()
    check = mail_settings.save(replace(mailbox(), password=""), marta(), _grant())
    check.phases = passed(PHASES)
    checks.passed(check)


def permission_ended() -> None:
    """Somebody changed the mailbox's password, and its permission ended with that."""
    registered()
    grant = _grant()
    check = mail_settings.save(replace(mailbox(), password=""), marta(), grant)
    check.phases = passed(PHASES)
    checks.passed(check)
    grant.ended_at, grant.ended_cause = now(), Finding.oauth_expired
    used = accounts.active_settings(check.account_id)
    assert used
    said = "invalid_grant: Token has been expired or revoked."
    accounts.stopped_working(used, Trouble("oauth_expired", None, said))


def _grant() -> MailGrant:
    client = grants.client_of("google")
    assert client
    tokens = Tokens("ya29.access", 3600, "1//refresh", 6 * 24 * 3600)
    granted, address = Granted(tokens, (mailbox().email,)), mailbox().email
    return grants.keep(granted, client, tenant="", address=address, by=marta())
