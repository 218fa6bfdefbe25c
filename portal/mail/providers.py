"""The catalogue of mail providers, and finding one by domain, MX host or server."""

import datetime
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from portal.mail.smtp import Security

Kind = Literal["mailbox", "relay", "other"]
Username = Literal["full_email", "service_credentials"]
SignIn = Literal["password", "app_password", "oauth2"]
SenderRule = Literal["own_address_only", "same_domain", "verified_aliases", "verified_identities"]
Confidence = Literal["high", "medium", "low"]

IMAP_PORT = 993  # with TLS from the first byte (RFC 8314)

_CATALOGUE = Path(__file__).with_name("providers.toml")


@dataclass(frozen=True)
class Endpoint:
    """A server to hand mail to. `host` may carry placeholders until `endpoints_for` fills them."""

    host: str
    port: int
    security: Security


@dataclass(frozen=True)
class Limits:
    """What a provider lets one account send; None where no figure is known.

    Where plans differ it is the usual paid one's figure. Megabytes are those of a whole mail.
    """

    messages_per_day: int | None = None
    recipients_per_day: int | None = None
    recipients_per_message: int | None = None
    messages_per_hour: int | None = None
    messages_per_minute: int | None = None
    messages_per_connection: int | None = None
    connections: int | None = None
    message_megabytes: int | None = None


@dataclass(frozen=True)
class Change:
    """A cut-off that touches those who sign in with a password.

    `before` is what they are told up to the day before `date`, `after` from `date` on; both by
    language (en, es, it).
    """

    date: datetime.date
    before: dict[str, str]
    after: dict[str, str]
    source: str


@dataclass(frozen=True)
class Provider:
    """What is known of one provider's outgoing mail, where it was read, and how sure it is.

    `domains` are those of its own addresses; `mx_suffixes` and `mx_networks` (CIDR) tell from the
    MX records that it keeps another domain's mailboxes. `country` (ISO 3166) is the one whose
    practices mostly use it, None for no single one. `host` is None where it has to be typed.
    `sign_in` is what works today; `oauth` is the key of the authorization server (oauth.toml) that
    this portal gets a permission from, None for none. `sender_rule` None: no rule is known.
    `imap` is the server by which the mailbox is read, on IMAP_PORT with the same user name and
    secret, None where that isn't known for sure. `keeps_sent` where the provider itself puts what
    programs send into the mailbox's folder of sent mail.
    `notes` is a paragraph by language (en, es, it), empty where there is nothing to do or know.
    `date` is the day when all this was looked up.
    """

    key: str
    label: str
    kind: Kind
    port: int
    security: Security
    username: Username
    sign_in: tuple[SignIn, ...]
    source: tuple[str, ...]
    date: datetime.date
    confidence: Confidence
    country: str | None = None
    domains: tuple[str, ...] = ()
    mx_suffixes: tuple[str, ...] = ()
    mx_networks: tuple[str, ...] = ()
    host: str | None = None
    oauth: str | None = None
    alternatives: tuple[Endpoint, ...] = ()
    limits: Limits = Limits()
    sender_rule: SenderRule | None = None
    imap: str | None = None
    keeps_sent: bool = False
    help_url: str | None = None
    notes: dict[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()

    @property
    def takes_passwords(self) -> bool:
        """Some kind of password works, usual ones or app passwords."""
        return bool({"password", "app_password"} & set(self.sign_in))

    @property
    def app_password_only(self) -> bool:
        """App passwords work and plain ones don't, so that spaces in a password mean nothing."""
        return "app_password" in self.sign_in and "password" not in self.sign_in

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The preset and then its alternatives, placeholders and all; empty for `other`."""
        if self.host is None:
            return ()
        return (Endpoint(self.host, self.port, self.security), *self.alternatives)

    def endpoints_for(self, domain: str) -> tuple[Endpoint, ...]:
        """Return the preset and its alternatives for an address of `domain`, each once."""
        names = {"domain": domain.lower(), "domain_with_dashes": domain.lower().replace(".", "-")}
        filled = (
            Endpoint(found.host.format_map(names), found.port, found.security)
            for found in self.endpoints
        )
        return tuple(dict.fromkeys(filled))


@cache
def load() -> dict[str, Provider]:
    """Return the providers by key, in the page's order."""
    with _CATALOGUE.open("rb") as file:
        return {key: _provider(key, entry) for key, entry in tomllib.load(file).items()}


def by_domain(domain: str) -> Provider | None:
    """Return the provider whose own addresses end in @`domain`."""
    return _by_domain().get(_name(domain))


def by_mx_host(host: str) -> Provider | None:
    """Return the provider that runs this MX host; the longest suffix that fits decides."""
    labels = _name(host).split(".")
    suffixes = (".".join(labels[start:]) for start in range(len(labels)))
    return next((_by_mx_suffix()[found] for found in suffixes if found in _by_mx_suffix()), None)


def by_server(host: str) -> Provider | None:
    """Return the provider that `host` is a server of; the page's first where several share it."""
    name = _name(host)
    template = "{domain_with_dashes}." + name.partition(".")[2]
    return _by_server().get(name) or _by_server().get(template)


def _name(host: str) -> str:
    return host.strip().rstrip(".").lower()


def _provider(key: str, entry: dict[str, Any]) -> Provider:
    parts = {
        "alternatives": [Endpoint(**found) for found in entry.pop("alternatives", [])],
        "changes": [Change(**found) for found in entry.pop("changes", [])],
        "limits": Limits(**entry.pop("limits", {})),
    }
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in (entry | parts).items()
    }
    return Provider(key=key, **fields)


@cache
def _by_domain() -> dict[str, Provider]:
    return {domain: found for found in load().values() for domain in found.domains}


@cache
def _by_mx_suffix() -> dict[str, Provider]:
    return {suffix: found for found in load().values() for suffix in found.mx_suffixes}


@cache
def _by_server() -> dict[str, Provider]:
    last_first = reversed(load().values())
    return {endpoint.host: found for found in last_first for endpoint in found.endpoints}
