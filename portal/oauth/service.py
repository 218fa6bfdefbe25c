"""A sign-in at a provider, from the link to the permission that the mailbox sends by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from portal.extensions import db, write_from_here
from portal.mail import oauth, providers
from portal.mail.findings import Finding
from portal.mail.oauth import Client, Granted, OAuthFault
from portal.mail_settings import grants, service
from portal.mail_settings.fill import domain_of
from portal.mail_settings.grants import client_of
from portal.mail_settings.service import Disconnected, Draft
from portal.models import User
from portal.models.base import now
from portal.oauth.offer import redirect_uri
from portal.troubleshooting import walks
from portal.troubleshooting.paths import Place, step_at

PATIENCE = timedelta(minutes=30)

# The host of an address that the catalogue doesn't know.
_USUAL_HOSTS = {"google": "google_workspace", "microsoft": "microsoft365"}


@dataclass(frozen=True)
class Begun:
    """A sign-in on its way, as the browser's session keeps it for the user who began it; `at` is in
    seconds since 1970, and `fields` the form's, by which the mailbox is to be saved. `step` is that
    of the troubleshooting where it began, "path/step"; "" for none."""

    user_id: int
    issuer: str
    tenant: str
    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    at: int
    fields: dict[str, str]
    step: str


class OtherMailbox(Exception):
    """The mailbox that was signed in to is not the one of the form."""

    def __init__(self, wanted: str, signed_in: str) -> None:
        super().__init__(wanted, signed_in)
        self.wanted, self.signed_in = wanted, signed_in


def host_for(issuer: str, host: str, address: str) -> str:
    """The host of a sign-in at the issuer: the form's, if it is the issuer's."""
    known = providers.load().get(host)
    if known and known.oauth == issuer:
        return host
    own = providers.by_domain(domain_of(address))
    return own.key if own and own.oauth == issuer else _USUAL_HOSTS[issuer]


def is_own_server(client: Client, smtp_server: str) -> bool:
    """Whether a mail server is one of the provider's own."""
    return smtp_server.lower().rstrip(".") in client.server.smtp_servers


def begin(
    client: Client, tenant: str, fields: dict[str, str], step: str, by: User
) -> tuple[str, Begun]:
    """Where to send the browser, and what its session is to keep."""
    issuer = client.server.key
    uri, at = redirect_uri(issuer), int(now().timestamp())
    address = fields["username"] if "different_user" in fields else fields["email"]
    begun = client.begin(uri, tenant=tenant, address=address)
    kept = Begun(by.id, issuer, tenant, uri, begun.state, begun.verifier, at, fields, step)
    return begun.url, kept


def answered(begun: Begun | None, answer: Mapping[str, str]) -> Begun:
    """What an answer belongs to, by its `state`.

    Raises OAuthFault where that is nothing."""
    if begun is None or not oauth.belongs_to(answer, begun.state):
        raise OAuthFault(Finding.oauth_begun_elsewhere)
    return begun


def check_begun(begun: Begun, issuer: str) -> None:
    """Raises OAuthFault where it was begun at another issuer, or too long ago."""
    oldest = (now() - PATIENCE).timestamp()
    if begun.issuer != issuer or begun.at < oldest:
        raise OAuthFault(Finding.oauth_begun_elsewhere)


def redeem(begun: Begun, answer: Mapping[str, str]) -> tuple[Client, Granted]:
    """What the provider grants for its answer. No transaction is open while it is asked.

    Raises OAuthFault."""
    code = oauth.code_of(answer, begun.state)
    client = client_of(begun.issuer)
    if client is None:
        raise OAuthFault(Finding.oauth_client_refused)
    db.session.commit()
    return client, client.exchange(code, begun.verifier, begun.redirect_uri, tenant=begun.tenant)


def keep(begun: Begun, client: Client, granted: Granted, draft: Draft, by: User) -> None:
    """Save the mailbox with what was granted, and start its check.

    Raises OtherMailbox, having changed nothing."""
    wanted = draft.username if draft.different_user else draft.email
    same = [one for one in granted.addresses if oauth.is_same_mailbox(one, wanted)]
    if not same:
        raise OtherMailbox(wanted, granted.addresses[0])
    write_from_here()
    began_at = step_at(Place.of(begun.step), "en")
    if began_at:
        walks.stay(began_at, by)
    grant = grants.keep(granted, client, tenant=begun.tenant, address=same[0], by=by)
    service.save(draft, by, grant)


def disconnect() -> list[Disconnected]:
    """Forget every permission, and give it back where the provider takes it. Those where a person
    has to do that by hand are returned."""
    return [gone for gone in service.disconnect() if not _revoke(gone)]


def _revoke(gone: Disconnected) -> bool:
    client = client_of(gone.issuer)
    if not client or not client.server.revoke_url or not gone.refresh_token:
        return False
    try:
        client.revoke(gone.refresh_token)
    except OAuthFault:
        return False
    return True


def fresh(value: Any, by: User) -> Begun | None:
    """What the session kept, if that is what `begin` made for this user."""
    try:
        begun = Begun(**value)
    except TypeError:  # nothing, or from another version of the portal
        return None
    return begun if begun.user_id == by.id else None
