"""HTTP for the tests' authorization server."""

import base64
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, unquote, urlsplit

Fields = dict[str, str]
Answer = tuple[int, str, str]  # status, content type, body; or 302, "", address

_PATHS = (
    re.compile(r"/o/oauth2/v2/(?P<endpoint>auth)"),
    re.compile(r"/(?P<tenant>[^/]+)/oauth2/v2\.0/(?P<endpoint>authorize|token)"),
    re.compile(r"/(?P<endpoint>token|revoke|live|controls)"),
)


@dataclass(frozen=True)
class Received:
    """A request as it arrived. A client that signs in by Basic has its id and its secret among
    the fields, as one that posts them; posted JSON is the field `json`."""

    path: str
    fields: Fields


def handler(answer: Callable[[Received], Answer]) -> type[BaseHTTPRequestHandler]:
    """Return what http.server needs to answer every request so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            posted = _posted(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            signed_in = _basic(self.headers.get("Authorization", ""))
            fields = dict(parse_qsl(address.query)) | posted | signed_in
            # A client that waited long enough has gone.
            with suppress(ConnectionError):
                _send(self, *answer(Received(address.path, fields)))

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            """Keep the tests' output free of the requests."""

    return Handler


def endpoint_of(path: str) -> tuple[str, str]:
    """Return the tenant ("" where the path has none) and the name of an endpoint."""
    for pattern in _PATHS:
        if found := pattern.fullmatch(path):
            return found.groupdict().get("tenant", ""), found["endpoint"]
    return "", "unknown"


def _posted(body: str) -> Fields:
    return {"json": body} if body.startswith("{") else dict(parse_qsl(body))


def _basic(authorization: str) -> Fields:
    scheme, _, given = authorization.partition(" ")
    if scheme != "Basic":
        return {}
    client_id, _, secret = base64.b64decode(given).decode().partition(":")
    return {"client_id": unquote(client_id), "client_secret": unquote(secret)}


def _send(to: BaseHTTPRequestHandler, status: int, kind: str, body: str) -> None:
    to.send_response(status)
    to.send_header("Content-Type" if kind else "Location", kind or body)
    to.end_headers()
    if kind:
        to.wfile.write(body.encode())
