"""Authorization servers that answer as they are told, and what to ask them."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from portal.mail import oauth
from tests.oauth_http import Answer, Received, handler

BACK = "https://portal.example.com/return"
ID, SECRET = "portal.example.com", "GOCSPX-the~secret/of+the=portal"
CODE, VERIFIER, REFRESH = (
    "4/0AbCdEfGhIjKlMn",
    "verifier-verifier-verifier-verifier-verifier",
    "1//03rst~uvw",
)


@contextmanager
def answering(answer: Callable[[Received], Answer]) -> Iterator[str]:
    """Serve every request so; give the base of the addresses."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(answer)) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


def client(issuer: str, base: str) -> oauth.Client:
    return oauth.Client(oauth.load()[issuer], ID, SECRET, base)


def fault_at(
    issuer: str, asked: Callable[[oauth.Client], object], *answer: Any
) -> oauth.OAuthFault:
    """Ask a server that answers with status, type and body."""
    with answering(lambda _: answer) as base, pytest.raises(oauth.OAuthFault) as caught:
        asked(client(issuer, base))
    return caught.value


def exchange(portal: oauth.Client) -> oauth.Granted:
    return portal.exchange(CODE, VERIFIER, BACK)


def refresh(portal: oauth.Client) -> oauth.Tokens:
    return portal.refresh(REFRESH, granted_at=datetime.now(UTC))


def error(error: str, description: str = "", **more: Any) -> tuple[int, str, str]:
    told = {"error": error, "error_description": description} | more
    return 400, "application/json", json.dumps(told)


def id_token(**changes: Any) -> str:
    now = int(time.time())
    claims = {"aud": ID, "iat": now, "exp": now + 3600, "email": "ana@clinica.es"} | changes
    parts = [{"alg": "RS256"}, {name: value for name, value in claims.items() if value is not None}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts]
    return b".".join([*(part.rstrip(b"=") for part in encoded), b"c2lnbmVk"]).decode()


def tokens(**changes: Any) -> tuple[int, str, str]:
    told = {
        "access_token": "ya29.a0",
        "expires_in": 3599,
        "refresh_token": REFRESH,
        "scope": "https://mail.google.com/",
        "id_token": id_token(),
    } | changes
    told = {name: value for name, value in told.items() if value is not None}
    return 200, "application/json", json.dumps(told)
