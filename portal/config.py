"""The environment, read once into one frozen Config."""

import contextlib
import hashlib
import ipaddress
import os
import re
import secrets
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from environs import Env, EnvError, validate
from limits import parse as parse_limit
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.name_server import name_server

HTMX_URL = "https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js"
HTMX_INTEGRITY = "sha384-2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg"

# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
SOCKET_PATH_BYTES = 100

BASE_URL = re.compile(r"https?://[\w.:\[\]-]+(/[\w.~%/-]*)?", re.ASCII | re.IGNORECASE)
HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.?", re.IGNORECASE)


@dataclass(frozen=True)
class OAuthRegistration:
    """What a provider gave this portal when it was registered there. `base` (scheme and host)
    replaces the provider's own addresses, for a stand-in."""

    client_id: str
    client_secret: str = field(repr=False)
    base: str | None


class ConfigError(Exception):
    """A variable of the environment is wrong; the text is a sentence that names it."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What the environment decides. Every process of one portal reads the same."""

    data_dir: Path
    port: int
    bind: str
    database_url: str
    redis_url: str
    embedded_queue: bool
    queue_socket: Path
    secret_key: str
    encryption_keys: tuple[str, ...]
    base_url: str | None
    htmx_url: str
    htmx_integrity: str
    login_limit: str
    workers: int
    mail_private_hosts: tuple[str, ...]
    mail_ports: frozenset[int]
    mail_trusted_ca: Path | None
    mail_dns_server: tuple[str, int] | None
    sending_location: str  # how providers see where this server is; "" where nobody said
    oauth: dict[str, OAuthRegistration]  # by the key of an authorization server; "" is not set

    @classmethod
    def from_environment(cls) -> "Config":
        """Read os.environ; make DATA_DIR and the generated keys where they are missing.

        Raises ConfigError with a sentence that names the variable.
        """
        env = Env()
        try:
            data_dir = _data_dir(env)
            redis_url = env.str("REDIS_URL", "")
            socket = _queue_socket(data_dir)
            return cls(
                data_dir=data_dir,
                port=env.int("PORT", 8000, validate=validate.Range(1, 65535)),
                bind=env.str("BIND", "127.0.0.1"),
                database_url=_checked(
                    env, "DATABASE_URL", f"sqlite:///{data_dir}/portal.db", _database_url
                ),
                redis_url=redis_url or f"unix://{socket}",
                embedded_queue=not redis_url,
                queue_socket=socket,
                secret_key=env.str("SECRET_KEY", "") or _secret_key(data_dir),
                encryption_keys=_checked(
                    env, "ENCRYPTION_KEYS", _encryption_keys(data_dir), _fernet_keys
                ),
                base_url=_checked(env, "BASE_URL", "", _base_url),
                htmx_url=_checked(env, "HTMX_URL", HTMX_URL, _script_url),
                htmx_integrity=env.str("HTMX_INTEGRITY", HTMX_INTEGRITY),
                login_limit=_checked(env, "LOGIN_LIMIT", "10 per minute", _limit),
                workers=env.int("WORKERS", 2, validate=validate.Range(1, 64)),
                mail_private_hosts=_checked(env, "MAIL_PRIVATE_HOSTS", "", _networks),
                mail_ports=_checked(env, "MAIL_PORTS", "25,465,587,2465,2525,2587", _ports),
                mail_trusted_ca=_checked(env, "MAIL_TRUSTED_CA", "", _certificates),
                mail_dns_server=_checked(env, "MAIL_DNS_SERVER", "", name_server),
                sending_location=env.str("SENDING_LOCATION", "").strip(),
                oauth={key: _registration(env, key.upper()) for key in ("google", "microsoft")},
            )
        except EnvError as error:
            raise ConfigError(str(error)) from error


def _checked(env: Env, name: str, default: str, parse: Callable[[str], Any]) -> Any:
    value = env.str(name, default)
    try:
        return parse(value)
    except ValueError as error:
        raise ConfigError(f"{name} can't be used: {error}.") from error


def _registration(env: Env, prefix: str) -> OAuthRegistration:
    return OAuthRegistration(
        client_id=env.str(f"{prefix}_CLIENT_ID", "").strip(),
        client_secret=env.str(f"{prefix}_CLIENT_SECRET", "").strip(),
        base=_checked(env, f"{prefix}_OAUTH_BASE", "", _base_url),
    )


def _data_dir(env: Env) -> Path:
    path = Path(env.str("DATA_DIR", "instance")).expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"DATA_DIR can't be used: {error}.") from error
    return path


def _queue_socket(data_dir: Path) -> Path:
    """The queue's Unix socket; in a short directory of its own where DATA_DIR is too deep."""
    socket = data_dir / "queue.sock"
    if len(os.fsencode(socket)) <= SOCKET_PATH_BYTES:
        return socket
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"portal-{os.getuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != os.getuid():
        raise ConfigError(f"DATA_DIR can't be used: {short} belongs to another user.")
    return short / "queue.sock"


def _database_url(value: str) -> str:
    try:
        url = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", value))
    except ArgumentError as error:
        raise ValueError("it is no database address such as postgresql://user@host/name") from error
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ValueError("only SQLite and PostgreSQL are supported")
    return url.render_as_string(hide_password=False)


def _fernet_keys(value: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in value.split(",") if key.strip())
    if not keys:
        raise ValueError("it holds no key")
    for key in keys:
        try:
            Fernet(key)
        except ValueError as error:
            raise ValueError("each key must be 32 bytes in URL-safe base64") from error
    return keys


def _base_url(value: str) -> str | None:
    if not value:
        return None
    if not is_base_url(value):
        raise ValueError("it must look like https://mail.example.com")
    return value.rstrip("/")


def is_base_url(value: str) -> bool:
    """Whether links can begin with it, in a mail's header too: http(s), a host, perhaps a path."""
    try:
        return bool(BASE_URL.fullmatch(value)) and bool(urlsplit(value).hostname)
    except ValueError:  # half of the brackets around an IPv6 address
        return False


def _script_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"[\s;,]", value):
        raise ValueError("it must be the http address of a script")
    return value


def _limit(value: str) -> str:
    try:
        parse_limit(value)
    except ValueError as error:
        raise ValueError('it must look like "10 per minute"') from error
    return value


def _networks(value: str) -> tuple[str, ...]:
    items = tuple(item.strip() for item in value.split(",") if item.strip())
    for item in items:
        if not _is_network(item) and not HOST_NAME.fullmatch(item):
            raise ValueError(f"{item} is neither a network such as 127.0.0.0/8 nor a host name")
    return items


def _is_network(item: str) -> bool:
    try:
        ipaddress.ip_network(item, strict=False)
    except ValueError:
        return False
    return True


def _ports(value: str) -> frozenset[int]:
    ports = frozenset(int(item) for item in value.split(",") if item.strip().isdecimal())
    if len(ports) != len(value.split(",")) or not all(0 < port < 65536 for port in ports):
        raise ValueError("it must be a list of port numbers such as 465,587")
    return ports


def _certificates(value: str) -> Path | None:
    if not value:
        return None
    path = Path(value).resolve()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        raise ValueError(f"{value} holds no certificate in PEM") from error
    except OSError as error:
        raise ValueError(f"there is no file {value} to read") from error
    return path


def _secret_key(data_dir: Path) -> str:
    return _generated(data_dir / "secret_key", lambda: secrets.token_urlsafe(48))


def _encryption_keys(data_dir: Path) -> str:
    if "ENCRYPTION_KEYS" in os.environ:
        return ""
    return _generated(data_dir / "encryption_keys", lambda: Fernet.generate_key().decode())


def _generated(path: Path, make: Callable[[], str]) -> str:
    """The secret in the file, made on first use. Several processes may ask at once: linking a
    finished file into place lets exactly one of them win, and nobody reads half a key."""
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
        with os.fdopen(handle, "w") as file:
            file.write(make())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
    return path.read_text().strip()
