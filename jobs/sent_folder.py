"""Looks for mails in doubt in their mailbox's folder of sent mail."""

import logging
import time

from portal.mail import sent_folder
from portal.mail.oauth import OAuthFault
from portal.mail.providers import IMAP_PORT
from portal.mail.sent_folder import Mailbox, SentFolderFault
from portal.mail_settings.access import access_of
from portal.mail_settings.accounts import network
from portal.outbox import lookups
from portal.outbox.lookups import Search
from portal.vault import Unreadable, vault

SLICE_SECONDS = 50.0  # then campaigns get a turn

log = logging.getLogger(__name__)


def run(account_id: int) -> None:
    """One look for the mails that are due. Whatever goes wrong, they stay in doubt as they were."""
    search = lookups.begin(account_id)
    if search is None:
        return
    try:
        found = sent_folder.search(
            _mailbox(search), network(), list(search.doubts), seconds=SLICE_SECONDS
        )
    except (SentFolderFault, OAuthFault, Unreadable) as fault:
        log.warning("The folder of sent mail can't be looked into: %s", fault)
        return
    lookups.record(search, found)


def _mailbox(search: Search) -> Mailbox:
    """No transaction is open afterwards."""
    used = search.used
    if used.grant_id is None:
        password = vault().open(used.password, used.password_place)
        return Mailbox(search.host, IMAP_PORT, used.username, password)
    access = access_of(used.grant_id, time.monotonic() + SLICE_SECONDS)
    return Mailbox(search.host, IMAP_PORT, access.username, "", access.token)
