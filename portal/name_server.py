"""Where the DNS is asked, from how a person writes it down."""

import re
import socket

_HOST_AND_PORT = re.compile(
    r"(?:\[(?P<ipv6>[^\]]+)\]|(?P<host>[^:]+))(?::(?P<port>\d+))?", re.ASCII
)
_USUAL_PORT = 53


def name_server(value: str) -> tuple[str, int] | None:
    """Return the IP address and port of `host:port`, None for "". A name is looked up with the
    system's resolver; raise ValueError when it can't be found."""
    if not value:
        return None
    parts = _HOST_AND_PORT.fullmatch(value)
    host, port = (parts["ipv6"] or parts["host"], parts["port"]) if parts else (value, None)
    if not 0 < int(port or _USUAL_PORT) < 65536:
        raise ValueError("its port must lie between 1 and 65535")
    return _address(host), int(port or _USUAL_PORT)


def _address(host: str) -> str:
    """Of several an IPv4 one: `localhost` is the IPv6 one too, where few name servers listen."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise ValueError(f"the name {host} can't be found") from error
    return min((family, str(place[0])) for family, *_, place in found)[1]
