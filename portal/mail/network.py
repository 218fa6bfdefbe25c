"""Which mail servers may be spoken to, and the way to them: addresses, sockets, encryption."""

import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from portal.mail.faults import Cause, SmtpFault, cause_of
from portal.mail.waiting import within

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Security = Literal["ssl", "tls", "none"]

# RFC 4291 section 2.5.5.1 (IPv4-compatible) and RFC 6052 section 2.1 (NAT64).
_ENDS_IN_IPV4 = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215


class Place(Protocol):
    """Where a mail server is, and how it is spoken to: TLS at once, by STARTTLS, or neither."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def security(self) -> Security: ...


@dataclass(frozen=True)
class Network:
    """The mail servers that may be spoken to.

    `private_hosts` holds networks (127.0.0.0/8) and host names that may have private addresses
    and any port; every other server has public addresses and one of `ports`. `trusted_ca` is a
    PEM file added to the system's certificate authorities.
    """

    private_hosts: tuple[str, ...]
    ports: frozenset[int]
    trusted_ca: Path | None

    def is_exempt(self, host: str, address: Address) -> bool:
        """Tell whether `private_hosts` names this host or a network that has this address."""
        return any(
            entry.lower() == host.lower()
            or _in_network(address, entry)
            or all(_in_network(carried, entry) for carried in _carried(address))
            for entry in self.private_hosts
        )

    def permitted_addresses(self, host: str, addresses: list[Address]) -> list[Address]:
        """Return the addresses that may be spoken to; raise SmtpFault when none may."""
        found = [a for a in addresses if is_public(a) or self.is_exempt(host, a)]
        if not found:
            raise SmtpFault("dns", Cause.private_address)
        return found

    def addresses_for_port(self, host: str, port: int, addresses: list[Address]) -> list[Address]:
        """Return the addresses whose port may be spoken to; raise SmtpFault when none may."""
        found = [a for a in addresses if port in self.ports or self.is_exempt(host, a)]
        if not found or not 0 < port < 65_536:
            raise SmtpFault("connect", Cause.port_not_allowed)
        return found


def _in_network(address: Address, entry: str) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:  # a host name
        return False


def is_public(address: Address) -> bool:
    """Tell whether an address, or every IPv4 address that it carries, is one host's of the world.

    ipaddress counts multicast as global, and the IPv6 of no use yet.
    """
    return all(
        carried.is_global
        and not carried.is_multicast
        and not carried.is_reserved
        and not carried.is_unspecified
        and not (isinstance(carried, ipaddress.IPv6Address) and carried.is_site_local)
        for carried in _carried(address)
    )


def _carried(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 addresses that a packet to an IPv6 address may end at, else the address."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address in _LOCAL_NAT64:
        return _behind_local_nat64(address)
    if any(address in network for network in _ENDS_IN_IPV4):
        return (_ipv4(int(address)),)
    if address.teredo:
        return address.teredo
    return (address.ipv4_mapped or address.sixtofour or address,)


def _behind_local_nat64(address: ipaddress.IPv6Address) -> tuple[Address, ...]:
    """Return what either of RFC 6052's usual forms carries; the address where they contradict."""
    number = int(address)
    if not number >> 32 & (1 << 48) - 1:
        return (_ipv4(number),)  # 64:ff9b:1::/96
    if not number & (1 << 40) - 1:
        return (_ipv4((number >> 64) << 16 | number >> 40 & 0xFFFF),)  # 64:ff9b:1::/48
    return (address,)


def _ipv4(number: int) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(number & 0xFFFF_FFFF)


def resolve(host: str, limit: float) -> list[Address]:
    """Ask the system's resolver, until `limit` (time.monotonic); raise OSError."""
    return within(limit, lambda: _look_up(host), OSError)


def _look_up(host: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except ValueError as error:  # no name at all: an empty or overlong label, a NUL
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
    return list(dict.fromkeys(parse_address(str(entry[4][0])) for entry in found))


def parse_address(text: str) -> Address:
    """Return the address, as IPv4 where IPv6 only wraps it."""
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def address_literal(sock: socket.socket) -> str:
    """Return this end's address as SMTP writes it (RFC 5321 section 4.1.3)."""
    address = parse_address(sock.getsockname()[0])
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def connect(addresses: list[Address], port: int, limit: float) -> socket.socket:
    """Connect to the first address that answers, each having its share of the time."""
    errors: list[OSError] = []
    for tried, address in enumerate(addresses):
        share = (limit - time.monotonic()) / (len(addresses) - tried)
        if share <= 0:
            errors.append(TimeoutError())
            break
        try:
            sock = socket.create_connection((str(address), port), timeout=share)
        except OSError as error:
            errors.append(error)
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    # A server that refuses tells more than a machine that has no IPv6.
    telling = [e for e in errors if cause_of(e) is not Cause.unreachable]
    raise (telling or errors)[0]


def tls_context(trusted_ca: Path | None) -> ssl.SSLContext:
    """Return what verifies a server by the system's authorities and this PEM file's.

    Raises SmtpFault when the file can't be read.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if trusted_ca:
            context.load_verify_locations(trusted_ca)
    except OSError as error:  # gone, unreadable, or no certificates any more
        raise SmtpFault("tls", Cause.authority_unreadable) from error
    return context
