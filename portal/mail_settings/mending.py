"""What was typed, mended where it can mean only one thing. Whoever asks for it tells the person
what was mended."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import idna

from portal.mail.providers import by_domain, by_server

SECURITY_WORDS = {
    "ssl": "ssl",
    "ssl/tls": "ssl",
    "tls/ssl": "ssl",
    "smtps": "ssl",
    "tls": "tls",
    "starttls": "tls",
    "start tls": "tls",
    "tls/starttls": "tls",
    "starttls/tls": "tls",
    "none": "none",
    "no": "none",
    "ninguno": "none",
    "ninguna": "none",
    "nessuno": "none",
    "nessuna": "none",
    "keine": "none",
    "aucun": "none",
    "aucune": "none",
}
# Submission as RFC 8314 has it, and the second doors that providers open beside it.
ENCRYPTED_FROM_THE_START = frozenset({"465", "2465"})
ENCRYPTED_LATER = frozenset({"25", "587", "2525", "2587"})

LONGEST_SERVER = 253
# Longer text is no mistyped name; it is left as it is.
LONGEST_MENDED = 300

_ZERO_WIDTH = re.compile("[\u200b-\u200d\u2060\ufeff]")
_SCHEME = re.compile(r"(https?|smtps?|ssl|tls)://", re.IGNORECASE)
_BESIDE_DOT = re.compile(r" *\. *")
_WITH_PORT = re.compile(r"(?P<server>[^:\s]+?)\.?(?: *: *| +)(?P<port>\d{1,5})")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)


@dataclass(frozen=True)
class Smtp:
    """The three fields of the server as text; an empty one is to be filled in."""

    server: str = ""
    port: str = ""
    security: str = ""


@dataclass(frozen=True)
class Mended:
    """One thing mended: `code` is one of fields.MENDED_SENTENCES, and what became what."""

    code: str
    typed: str
    mended: str


def mend(typed: Smtp, *, port_typed: bool) -> tuple[Smtp, list[Mended]]:
    """Return the fields as they were meant, and what was mended.

    A port at the end of the server's name counts unless `port_typed` and another one is."""
    mended = []
    smtp = replace(typed, port=typed.port if port_typed else "")
    for code, name, step in _STEPS:
        was = smtp
        smtp = step(smtp) if len(getattr(smtp, name)) <= LONGEST_MENDED else smtp
        if smtp != was:
            became = smtp.port if code == "server_port" else getattr(smtp, name)
            mended.append(Mended(code, getattr(was, name), became))
    return replace(smtp, port=smtp.port or typed.port), mended


def mend_pair(smtp: Smtp) -> tuple[Smtp, list[Mended]]:
    """Return the fields with a protocol that goes with the port: on a well-known one there is
    only one that can work."""
    if smtp.port in ENCRYPTED_FROM_THE_START and smtp.security in {"tls", "none"}:
        security = "ssl"
    elif smtp.port in ENCRYPTED_LATER and smtp.security == "ssl":
        security = "tls"
    else:
        return smtp, []
    return replace(smtp, security=security), [Mended("security_port", smtp.port, security)]


def without_spaces(text: str) -> str:
    """Without any kind of space, those of no width too."""
    return "".join(_ZERO_WIDTH.sub("", text).split())


def mend_app_password(password: str) -> tuple[str, list[Mended]]:
    """Return an app password as its provider takes it: it is shown in groups, whose spaces mean
    nothing. What was mended doesn't tell it."""
    bare = without_spaces(password)
    return bare, [Mended("password_spaces", "", "")] if bare != password else []


def is_server_name(text: str) -> bool:
    """Tell whether this can be a host: an IP address, or a name, also one of non-ASCII letters."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _is_host_name(text)
    return True


def _is_host_name(text: str) -> bool:
    try:
        name = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        return False
    labels = name.split(".")
    return (
        len(name) <= LONGEST_SERVER
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdecimal()
    )


def _tidy_server(smtp: Smtp) -> Smtp:
    """Without what a browser's address has around a name, and without spaces where a name has
    none. A space between two words may stand for a dot: then only the catalogue knows better."""
    text = _ZERO_WIDTH.sub("", smtp.server).replace("\N{NO-BREAK SPACE}", " ").strip()
    if scheme := _SCHEME.match(text):
        text = text[scheme.end() :]
    if "://" in text:
        return smtp
    text = _BESIDE_DOT.sub(".", text.partition("/")[0]).strip().rstrip(".").lower()
    joined = text.replace(" ", "")
    return replace(smtp, server=joined if by_server(joined) else text)


def _take_port(smtp: Smtp) -> Smtp:
    found = _WITH_PORT.fullmatch(smtp.server)
    if not found or smtp.port not in {"", found["port"]}:
        return smtp
    return Smtp(found["server"], found["port"], smtp.security)


def _server_of_address(smtp: Smtp) -> Smtp:
    _, at, domain = smtp.server.rpartition("@")
    provider = by_domain(domain) if at else None
    if not provider or not provider.host:
        return smtp
    return replace(smtp, server=provider.endpoints_for(domain)[0].host)


def _tidy_port(smtp: Smtp) -> Smtp:
    return replace(smtp, port=without_spaces(smtp.port))


def _understand_security(smtp: Smtp) -> Smtp:
    word = " ".join(smtp.security.lower().split())
    word = word.replace(" / ", "/")
    return replace(smtp, security=SECURITY_WORDS.get(word, smtp.security))


# A code, the field that is told of, and what mends it, in this order.
_STEPS: tuple[tuple[str, str, Callable[[Smtp], Smtp]], ...] = (
    ("port_spaces", "port", _tidy_port),
    ("server_name", "server", _tidy_server),
    ("server_port", "server", _take_port),
    ("server_address", "server", _server_of_address),
    ("security_word", "security", _understand_security),
)
