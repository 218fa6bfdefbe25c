"""Where the wizard begins: from what a check found and whose mailbox it is to the step for it."""

import tomllib
from functools import cache
from pathlib import Path

from portal.mail import providers
from portal.mail.findings import MEANINGS, Finding
from portal.models import MailSettings
from portal.troubleshooting.paths import Place

_ENTRIES = Path(__file__).with_name("entries.toml")

# Causes that are the portal's own, beside those of a diagnosis.
_OWN_CAUSES = {"password_unreadable": "password", "permission_unreadable": "oauth2"}


KINDS = frozenset(meaning.kind for meaning in MEANINGS.values())


def kind_of(cause: str) -> str:
    """The kind of trouble that a cause is of, also one of an older day."""
    try:
        return MEANINGS[Finding(cause)].kind
    except ValueError:
        return _OWN_CAUSES.get(cause, "wait")


def entry(cause: str, provider: str, server: str = "") -> Place:
    """The step for a cause at a provider of the catalogue; for `other` its server may tell more."""
    known = providers.by_server(server) if provider == "other" else None
    chosen = known or providers.load().get(provider, providers.load()["other"])
    sort = "app_password" if chosen.app_password_only else chosen.kind
    for found in (cause, kind_of(cause)):
        for name in (chosen.key, sort, "any"):
            if told := entries().get(found, {}).get(name):
                return Place.of(told)
    raise LookupError(cause)


def entry_for(cause: str, saved: MailSettings | None) -> Place:
    """The step for a cause at the mailbox that was saved."""
    return entry(cause, saved.provider, saved.smtp_server) if saved else entry(cause, "")


@cache
def entries() -> dict[str, dict[str, str]]:
    """The places by cause or kind of trouble, and by provider."""
    return tomllib.loads(_ENTRIES.read_text())
