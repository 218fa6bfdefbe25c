"""What the portal fills in about the server: from the host, or from what is found behind the
address. What a person has typed stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from portal.extensions import db, settings
from portal.mail import providers
from portal.mail.addresses import valid_address
from portal.mail.detection import Found, How, detect
from portal.mail.providers import Endpoint, Provider
from portal.models import MailSettings

FIELDS = ("host", "smtp_server", "smtp_port", "security", "different_user")
SMTP_FIELDS = FIELDS[1:4]
# What a link to a provider carries along.
LINK_FIELDS = ("email", *FIELDS, "username", "allow_unencrypted", "sender_name")
# The form's fields by name, as text; of a box that is ticked "y".
Values = Mapping[str, str]

FIND_IT = ""  # the host of an account whose provider is to be found from its address
OTHER = "other"

_SEPARATOR = "|"
# Where the catalogue has no server: the port and the protocol that go together.
USUAL = (Endpoint("", 587, "tls"), Endpoint("", 465, "ssl"))


@dataclass(frozen=True)
class Part:
    """The server's part of the form: what it shows, what the portal would fill in by itself
    (the two differ where a person has typed), and what was found behind the address, if it
    was asked for."""

    shown: Values
    filled: Values
    found: Found | None = None

    @property
    def kept(self) -> dict[str, str]:
        """What a person has typed, by field, where the portal has something else to fill in."""
        return {
            name: value
            for name, value in self.shown.items()
            if value and self.filled[name] and value != self.filled[name]
        }


def pack(part: Part) -> str:
    """What was filled in, and for which host, as the form carries it along."""
    return _SEPARATOR.join([*(part.filled[name] for name in FIELDS), part.shown["host"]])


def unpack(text: str) -> Values | None:
    """What `pack` made, with the host as `for_host`; None when it makes no sense."""
    names, values = (*FIELDS, "for_host"), text.split(_SEPARATOR)
    hosts = {FIND_IT, *providers.load()}
    if len(values) != len(names) or not {values[0], values[-1]} <= hosts:
        return None
    return dict(zip(names, values, strict=True))


def domain_of(address: str) -> str:
    """The domain of an address, in ASCII and lower case; "" for what is none yet."""
    try:
        return valid_address(address).rpartition("@")[2]
    except ValueError:
        return ""


def find(address: str) -> Found:
    """The provider behind an address. No lock is held while the DNS is asked."""
    db.session.commit()
    return detect(address, settings().mail_dns_server)


def is_strangers(server: str, address: str) -> bool:
    """Whether nothing but the DNS says that a server is right for an address: neither the
    catalogue nor the address's own domain has it."""
    return not providers.by_server(server) and not f".{server}".endswith(f".{domain_of(address)}")


def for_host(key: str, address: str, saved: MailSettings | None) -> Values:
    """What a host fills in: what was saved for it, else what the catalogue has; nothing for a
    host that is still to be found."""
    if saved and key == saved.provider:
        return of_settings(saved)
    if key == FIND_IT:
        return dict.fromkeys(FIELDS, "")
    return filled_by(providers.load()[key], endpoints_of(key, domain_of(address)))


def of_settings(saved: MailSettings) -> Values:
    """What was saved, as the form shows it."""
    smtp = {name: str(getattr(saved, name)) for name in SMTP_FIELDS}
    ticked = "y" if saved.different_user else ""
    return {"host": saved.provider, **smtp, "different_user": ticked}


def endpoints_of(key: str, domain: str) -> Sequence[Endpoint]:
    """The servers of a host, the likeliest first; nameless where the domain is in the name and
    nobody knows it yet. For a host without any: what is usual."""
    provider = providers.load()[key]
    if not domain and "{" in (provider.host or ""):
        return [replace(place, host="") for place in provider.endpoints]
    return provider.endpoints_for(domain) or USUAL


def filled_by(provider: Provider, endpoints: Sequence[Endpoint]) -> Values:
    endpoint = endpoints[0] if endpoints else USUAL[0]
    return {
        "host": provider.key,
        "smtp_server": endpoint.host,
        "smtp_port": str(endpoint.port),
        "security": endpoint.security,
        "different_user": "y" if provider.username == "service_credentials" else "",
    }


def for_address(address: str, saved: MailSettings | None) -> Part:
    """What is found for an address. One of the saved domain has what was saved; what is no
    address yet has nothing."""
    domain = domain_of(address)
    if saved and domain == domain_of(saved.email):
        values = of_settings(saved)
        return Part(values, values)
    if not domain:
        values = for_host(FIND_IT, address, None)
        return Part(values, values)
    found = find(address)
    values = filled_by(found.provider, found.endpoints)
    return Part(values, values, found)


def for_own_address(address: str) -> Part:
    """What a new account begins with: what the catalogue has for the person's own address. The
    DNS is not asked merely because a page is opened."""
    domain = domain_of(address)
    provider = providers.by_domain(domain)
    values = for_host(provider.key if provider else FIND_IT, address, None)
    found = Found(How.domain, provider, provider.endpoints_for(domain)) if provider else None
    return Part(values, values, found)


@dataclass(frozen=True)
class Form:
    """The server's part as a person has it before them, and what it goes with: the address, what
    the portal had filled in (None when nobody says), and what is saved."""

    shown: Values
    filled: Values | None
    address: str
    saved: MailSettings | None

    def choose(self, host: str) -> Part:
        """The part for a host that the person has just chosen."""
        if host == FIND_IT:
            return self._merge(for_address(self.address, self.saved))
        values = for_host(host, self.address, self.saved)
        before = self.filled["host"] if self.filled else FIND_IT
        return self._merge(Part(values, {**values, "host": before}))

    def look_up(self) -> Part:
        """The part for the address. A host that the person chose against it stays."""
        looked_up = for_address(self.address, self.saved)
        if not self._is_typed("host"):
            return self._merge(looked_up)
        values = for_host(self.shown["host"], self.address, self.saved)
        own = {**values, "host": looked_up.filled["host"]}
        return self._merge(Part(values, own, looked_up.found))

    def _merge(self, fresh: Part) -> Part:
        typed = {name: self.shown[name] for name in FIELDS[1:] if self._is_typed(name)}
        return replace(fresh, shown={**fresh.shown, **typed})

    def _is_typed(self, name: str) -> bool:
        """Whether the value is the person's: neither empty nor what was filled in. Where nobody
        says what that was, it is what any host or the saved settings would."""
        value = self.shown[name]
        known = [self.filled] if self.filled else self._all_known()
        return bool(value) and all(value != values[name] for values in known)

    def _all_known(self) -> list[Values]:
        domain = domain_of(self.address)
        known = [filled_by(p, p.endpoints_for(domain)) for p in providers.load().values()]
        return [*known, of_settings(self.saved)] if self.saved else known
