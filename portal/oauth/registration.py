"""What a provider wants of the address that people come back to after signing in there."""

import ipaddress
from enum import StrEnum, auto
from urllib.parse import urlsplit

# Names that only a private network knows.
_PRIVATE_ENDINGS = (".local", ".internal", ".lan", ".home", ".test")


class Refusal(StrEnum):
    """Why a provider takes no address of this portal."""

    not_https = auto()
    not_a_name = auto()  # a number, where a name is wanted
    not_public = auto()  # a name that only this network knows
    not_localhost = auto()  # this computer by its number, where its name is wanted


def refusal(issuer: str, address: str) -> Refusal | None:
    """Why people can't come back to this address of the portal; None where they can.

    Sources: Google, "Using OAuth 2.0 for Web Server Applications", section "Redirect URI
    validation rules"; Microsoft, learn.microsoft.com/entra/identity-platform/reply-url."""
    return {"google": _at_google, "microsoft": _at_microsoft}[issuer](address)


def _at_google(address: str) -> Refusal | None:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if _is_this_computer(host):
        return None
    if parts.scheme != "https":
        return Refusal.not_https
    if _is_number(host):
        return Refusal.not_a_name
    return None if "." in host and not host.endswith(_PRIVATE_ENDINGS) else Refusal.not_public


def _at_microsoft(address: str) -> Refusal | None:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https" or host == "localhost":
        return None
    return Refusal.not_localhost if _is_this_computer(host) else Refusal.not_https


def _is_this_computer(host: str) -> bool:
    return host == "localhost" or (_is_number(host) and ipaddress.ip_address(host).is_loopback)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def at_localhost(address: str) -> str:
    """The address of a portal on this computer, by its name."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://localhost{port}{parts.path}"


def is_opened_elsewhere(address: str, opened_at: str) -> bool:
    """Whether a browser has the portal open under another host than that of its address, so that
    it would come back to where nobody is signed in. The scheme doesn't count: a server in front
    of the portal may speak https for it."""
    here, there = urlsplit(opened_at), urlsplit(address)
    return (here.hostname, _port(here.port)) != (there.hostname, _port(there.port))


def _port(port: int | None) -> int | None:
    """A usual one is as good as none."""
    return None if port in {80, 443} else port
