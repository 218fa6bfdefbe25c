"""The authorization servers that a mailbox's provider signs people in with."""

import datetime
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

_CATALOGUE = Path(__file__).with_name("oauth.toml")


@dataclass(frozen=True)
class AuthorizationServer:
    """What is known of one authorization server, and where it was read.

    `scopes` is what is asked for; no mail goes out without `mail_scope`, which an answer may spell
    as one of `mail_scope_aliases`. `parameters` are added to the authorization request.
    `revoke_url` is None where permissions can't be revoked by a program. A URL may carry {tenant}:
    one of `tenants`, or an organisation's id or domain; no tenants, no such part.

    People withdraw their consent at `consent_urls`, by tenant ("" where there are none), and an
    operator registers the portal at `registration_url`. A token goes to `smtp_servers` only (lower
    case). A permission that is not used for `idle_days` ends. ID tokens are dated
    `backdated_seconds` back. `date` is the day when all this was looked up.
    """

    key: str
    label: str
    authorize_url: str
    token_url: str
    revoke_url: str | None
    scopes: tuple[str, ...]
    mail_scope: str
    mail_scope_aliases: tuple[str, ...]
    parameters: dict[str, str]
    tenants: tuple[str, ...]
    consent_urls: dict[str, str]
    registration_url: str
    smtp_servers: tuple[str, ...]
    idle_days: int
    backdated_seconds: int
    source: tuple[str, ...]
    date: datetime.date


@cache
def load() -> dict[str, AuthorizationServer]:
    """Return the authorization servers by key."""
    with _CATALOGUE.open("rb") as file:
        return {key: _server(key, entry) for key, entry in tomllib.load(file).items()}


def _server(key: str, entry: dict[str, Any]) -> AuthorizationServer:
    absent = {"revoke_url": None, "mail_scope_aliases": (), "tenants": ()}
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in (absent | entry).items()
    }
    return AuthorizationServer(key=key, **fields)


def address_of(url: str, tenants: tuple[str, ...], tenant: str, base: str | None) -> str:
    """Return one of a server's addresses: for a tenant ("" for the usual one), and with `base` in
    place of scheme and host."""
    chosen = tenant or (tenants[0] if tenants else "")
    address = url.replace("{tenant}", quote(chosen, safe=""))
    return f"{base.rstrip('/')}{urlsplit(address).path}" if base else address
