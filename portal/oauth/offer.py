"""Signing in at a host's provider, as the pages offer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from portal.admin.service import base_url
from portal.extensions import db, settings
from portal.mail import oauth, providers
from portal.mail.oauth import AuthorizationServer
from portal.mail.providers import Provider
from portal.mail_settings import fill
from portal.mail_settings.accounts import active_settings
from portal.models import MailGrant, MailSettings
from portal.models.base import now
from portal.oauth.registration import at_localhost, is_opened_elsewhere, refusal
from portal.oauth.texts import ACCOUNT_KINDS, REFUSALS

ENDS_SOON = timedelta(days=7)
UNUSED_SOON = timedelta(days=14)  # before a permission ends that isn't used


@dataclass(frozen=True)
class Offer:
    """`fields` is what the form has of the server's part: links carry it along. `grant` is the
    permission that the mailbox sends by; None while nobody is signed in, or when it is `lost`."""

    server: AuthorizationServer
    provider: Provider
    fields: Mapping[str, str]
    tenant: str
    grant: MailGrant | None
    lost: bool

    @property
    def missing(self) -> list[str]:
        return missing(self.server.key)

    @property
    def refusal(self) -> str:
        return refusal_sentence(self.server)

    @property
    def is_ready(self) -> bool:
        return not self.missing and not self.refusal

    @property
    def is_only_way(self) -> bool:
        """No password works at this host."""
        return not self.provider.takes_passwords

    @property
    def comes_first(self) -> bool:
        """It is what to press on the page."""
        return self.is_ready and not self.grant and (self.is_only_way or self.lost)

    @property
    def address(self) -> str:
        """Under which people come back."""
        return base_url()

    def is_opened_elsewhere(self, opened_at: str) -> bool:
        return is_opened_elsewhere(self.address, opened_at)

    @property
    def url(self) -> str:
        return self.url_for(self.tenant)

    def url_for(self, tenant: str) -> str:
        """Where a sign-in starts."""
        carried: dict[str, Any] = {**self.fields, **({"tenant": tenant} if tenant else {})}
        return url_for("oauth.start", issuer=self.server.key, **carried)

    @property
    def fields_as_query(self) -> str:
        """The fields in one, for a form beside theirs."""
        return urlencode(self.fields)

    @property
    def carries(self) -> str:
        """The names of the form's fields that links carry along as they stand when one is
        followed."""
        return " ".join(fill.LINK_FIELDS)

    @property
    def other_kinds(self) -> list[tuple[str, str]]:
        """The other kinds of account that can sign in: their names, and where that starts."""
        usual = self.tenant or next(iter(self.server.tenants), "")
        others = [tenant for tenant in self.server.tenants if tenant != usual]
        return [(str(ACCOUNT_KINDS[tenant]), self.url_for(tenant)) for tenant in others]

    @property
    def ends_soon(self) -> bool:
        """The permission ends whether it is used or not."""
        return self.grant is not None and bool(self.grant.expires_at) and ends_soon(self.grant)


def offer(
    host: str, fields: Mapping[str, str], saved: MailSettings | None, tenant: str = ""
) -> Offer | None:
    """What a form with this host offers; None where a password is the only way."""
    provider = providers.load().get(host)
    if not provider or not provider.oauth:
        return None
    server = oauth.load()[provider.oauth]
    last = _grant_of(saved) if saved and saved.provider == host else None
    kept = last.tenant if last else ""
    held = last if last and is_held(last) else None
    return Offer(server, provider, fields, tenant or kept, held, lost=last is not None and not held)


@dataclass(frozen=True)
class AtWork:
    """The permission that mail goes out by."""

    server: AuthorizationServer
    grant: MailGrant


def still_at_work(saved: MailSettings | None) -> AtWork | None:
    """The permission that mail goes out by while the settings saved last have none and don't work
    yet."""
    active = active_settings(saved.account_id) if saved and not saved.grant_id else None
    grant = _grant_of(active) if active else None
    return AtWork(oauth.load()[grant.issuer], grant) if grant and is_held(grant) else None


def offer_again(saved: MailSettings | None) -> Offer | None:
    """What the saved settings offer."""
    return offer(saved.provider, fields_of(saved), saved) if saved else None


def fields_of(saved: MailSettings) -> dict[str, str]:
    """The saved settings as links carry them."""
    fields = {
        **fill.of_settings(saved),
        "email": saved.email,
        "username": saved.username if saved.different_user else "",
        "allow_unencrypted": "y" if saved.allow_unencrypted else "",
    }
    return {name: value for name, value in fields.items() if value}


def _grant_of(saved: MailSettings) -> MailGrant | None:
    return db.session.get(MailGrant, saved.grant_id) if saved.grant_id else None


def is_held(grant: MailGrant) -> bool:
    """Whether mail can go out by it, as far as is known."""
    return bool(grant.tokens) and grant.ended_at is None


def stays_valid_until(grant: MailGrant) -> datetime:
    """When the permission ends, used or not; else when it ends unless it is used."""
    idle = timedelta(days=oauth.load()[grant.issuer].idle_days)
    return grant.expires_at or grant.refreshed_at + idle


def ends_soon(grant: MailGrant) -> bool:
    """Whether a person is to be told that the permission ends, or does unless it is used."""
    notice = ENDS_SOON if grant.expires_at else UNUSED_SOON
    return stays_valid_until(grant) <= now() + notice


def missing(issuer: str) -> list[str]:
    """The names of the variables without which the issuer knows nothing of this portal."""
    registration = settings().oauth[issuer]
    given = {"CLIENT_ID": registration.client_id, "CLIENT_SECRET": registration.client_secret}
    return [f"{issuer.upper()}_{name}" for name, value in given.items() if not value]


def redirect_uri(issuer: str) -> str:
    """Where people come back to, exactly as the issuer must have it."""
    return base_url() + url_for("oauth.back", issuer=issuer)


def refusal_sentence(server: AuthorizationServer, *, also_stand_in: bool = False) -> str:
    """Why the provider takes no address of this portal; "" where it does. A stand-in has no rules
    of the kind."""
    address = base_url()
    found = refusal(server.key, address)
    if not found or (settings().oauth[server.key].base and not also_stand_in):
        return ""
    names = {"provider": server.label, "address": address, "localhost": at_localhost(address)}
    return str(REFUSALS[found]) % names
