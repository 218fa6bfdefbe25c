"""Finding the provider behind an address: by its domain, else by what the DNS says of it."""

import ipaddress
import re
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.name
import dns.rdata
import dns.resolver
from dns.rdatatype import RdataType
from dns.rdtypes.ANY import MX
from dns.rdtypes.IN import AAAA, SRV, A

from portal.mail.addresses import valid_address
from portal.mail.providers import Endpoint, Provider, by_domain, by_mx_host, by_server, load
from portal.mail.smtp import Security

Question = tuple[str, RdataType]
Answers = Mapping[Question, tuple[dns.rdata.Rdata, ...]]

# RFC 8314, section 5.1, and RFC 6186, section 3.1, in the order in which they are taken.
_SERVICES: tuple[tuple[str, Security], ...] = (
    ("_submissions._tcp", "ssl"),
    ("_submission._tcp", "tls"),
)
_USUAL_NAMES = ("smtp", "mail")
_USUAL_PORTS: tuple[tuple[int, Security], ...] = ((465, "ssl"), (587, "tls"))
_ADDRESS_TYPES = (RdataType.A, RdataType.AAAA)

# The DNS of a stranger's domain decides how many exchangers there are: this many are looked up.
_MOST_OWN_EXCHANGERS = 4

_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


class How(StrEnum):
    """What the provider was found by; `guess` is to be checked by a person."""

    domain = "domain"
    mx = "mx"
    srv = "srv"
    guess = "guess"
    nothing = "nothing"


@dataclass(frozen=True)
class Found:
    """The provider behind an address, and its servers, the likeliest first.

    The provider is `other` for a guess, for nothing, and for SRV records that name a server
    outside the catalogue. Only `nothing` has no endpoints.
    """

    how: How
    provider: Provider
    endpoints: tuple[Endpoint, ...]


def detect(address: str, nameserver: tuple[str, int] | None = None, seconds: float = 2.0) -> Found:
    """Return the provider behind the address, asking the DNS where the catalogue lacks its domain.

    `nameserver` is an IP address and a port; None stands for the system's resolvers. Whatever
    they do, the answer comes within `seconds`, and what they didn't say counts as absent.
    """
    deadline = time.monotonic() + seconds
    domain = _domain_of(address)
    if domain is None:
        return _nothing()
    if provider := by_domain(domain):
        return Found(How.domain, provider, provider.endpoints_for(domain))
    try:
        lookup = _Lookup(nameserver, seconds, deadline)
    except (dns.resolver.NoResolverConfiguration, ValueError):  # a resolv.conf that can't be used
        return _nothing()
    return _look_up(domain, lookup)


def _domain_of(address: str) -> str | None:
    """Return the domain in lower-case ASCII; only the domain has to be right."""
    _, at, domain = address.strip().rpartition("@")
    try:
        return valid_address(f"postmaster@{domain}").rpartition("@")[2] if at else None
    except ValueError:
        return None


def _nothing() -> Found:
    return Found(How.nothing, load()["other"], ())


class _Lookup:
    """Questions to one resolver, those of one round side by side, all over at one deadline."""

    def __init__(self, nameserver: tuple[str, int] | None, seconds: float, deadline: float) -> None:
        self._deadline = deadline
        self._resolver = dns.resolver.Resolver(configure=nameserver is None)
        self._resolver.timeout = seconds / 2  # a packet that is lost is sent once more
        if nameserver:
            host, self._resolver.port = nameserver
            self._resolver.nameservers = [host]

    def ask(self, questions: list[Question]) -> Answers:
        """Return the records for each question, () where none came in time.

        The resolver may pause beyond its own limit between two attempts, so its threads are left
        behind at the deadline.
        """
        pool = ThreadPoolExecutor(max_workers=len(questions))
        asked = {question: pool.submit(self._records, *question) for question in questions}
        in_time = wait(asked.values(), self._remaining()).done
        pool.shutdown(wait=False, cancel_futures=True)
        return {q: future.result() if future in in_time else () for q, future in asked.items()}

    def _records(self, name: str, kind: RdataType) -> tuple[dns.rdata.Rdata, ...]:
        try:
            absolute = dns.name.from_text(name)
            return tuple(self._resolver.resolve(absolute, kind, lifetime=self._remaining()))
        except dns.exception.DNSException:
            return ()

    def _remaining(self) -> float:
        return max(0.0, self._deadline - time.monotonic())


def _look_up(domain: str, lookup: _Lookup) -> Found:
    exchangers = _exchangers(lookup.ask([(domain, RdataType.MX)])[domain, RdataType.MX])
    for provider in map(by_mx_host, exchangers):
        if provider:
            return Found(How.mx, provider, provider.endpoints_for(domain))
    own = [host for host in exchangers if f".{host}".endswith(f".{domain}")][:_MOST_OWN_EXCHANGERS]
    hosts = dict.fromkeys([*(f"{name}.{domain}" for name in _USUAL_NAMES), *own])
    services = [(f"{service}.{domain}", RdataType.SRV) for service, _ in _SERVICES]
    # Side by side: many name servers leave questions for SRV or AAAA without any answer.
    answers = lookup.ask([*services, *((host, kind) for host in hosts for kind in _ADDRESS_TYPES)])
    return (
        _by_network(domain, own, answers)
        or _by_services(domain, answers)
        or _guess(hosts, answers)
        or _nothing()
    )


def _exchangers(records: Iterable[dns.rdata.Rdata]) -> list[str]:
    """Return the hosts by preference; a null MX (RFC 7505) is none."""
    exchanges = [record for record in records if isinstance(record, MX.MX)]
    hosts = [_host(mx.exchange) for mx in sorted(exchanges, key=lambda mx: mx.preference)]
    return [host for host in hosts if host]


def _host(name: dns.name.Name) -> str | None:
    """Return the name as a host's; None for the root, which says "none", and other oddities."""
    text = name.to_text(omit_final_dot=True).lower()
    return text if _HOST.fullmatch(text) else None


def _by_network(domain: str, own_exchangers: Iterable[str], answers: Answers) -> Found | None:
    """Find a provider whose customers' exchangers have names in the customers' own domains."""
    addresses = [address for host in own_exchangers for address in _addresses(host, answers)]
    for provider in load().values():
        networks = [ipaddress.ip_network(network) for network in provider.mx_networks]
        if any(address in network for address in addresses for network in networks):
            return Found(How.mx, provider, provider.endpoints_for(domain))
    return None


def _addresses(host: str, answers: Answers) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    return [
        ipaddress.ip_address(record.address)
        for kind in _ADDRESS_TYPES
        for record in answers[host, kind]
        if isinstance(record, A.A | AAAA.AAAA)
    ]


def _by_services(domain: str, answers: Answers) -> Found | None:
    endpoints = tuple(
        endpoint
        for service, security in _SERVICES
        for endpoint in _offered(answers[f"{service}.{domain}", RdataType.SRV], security)
    )
    if not endpoints:
        return None
    return Found(How.srv, by_server(endpoints[0].host) or load()["other"], endpoints)


def _offered(records: Iterable[dns.rdata.Rdata], security: Security) -> list[Endpoint]:
    """Return one service's servers by priority, then the weightiest first (RFC 2782)."""
    services = [record for record in records if isinstance(record, SRV.SRV)]
    services.sort(key=lambda srv: (srv.priority, -srv.weight))
    hosts = [(_host(srv.target), srv.port) for srv in services]
    return [Endpoint(host, port, security) for host, port in hosts if host and port]


def _guess(hosts: Iterable[str], answers: Answers) -> Found | None:
    endpoints = tuple(
        Endpoint(host, port, security)
        for host in hosts
        if _addresses(host, answers)
        for port, security in _USUAL_PORTS
    )
    return Found(How.guess, load()["other"], endpoints) if endpoints else None
