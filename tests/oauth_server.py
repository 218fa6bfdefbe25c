"""A real OAuth 2.0 server on loopback that speaks as Google and as Microsoft, by its paths.

`python -m tests.oauth_server` runs it as a process, which prints its port; then `POST /controls`
with {"set": {attribute: value}, "call": {method: [argument, ...]}} steers it, `GET /controls`
tells what it counted, and `GET /live?address=A&token=T` whether a mail server may let one in.
"""

import html
import json
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Literal, Self
from urllib.parse import urlencode

import httpx

from tests.oauth_http import Answer, Fields, Received, endpoint_of, handler
from tests.oauth_permissions import Invalid, Permission, Permissions, id_token

HOST = "127.0.0.1"
CLIENT_ID = "portal.apps.example.test"
CLIENT_SECRET = "GOCSPX-the~secret/of+the=portal"
ADDRESS = "consulta@clinica.example.com"
PAGE = """<!doctype html><html lang="en"><title>Sign in</title><h1>Choose an account</h1>
<form method="post"><select name="account" aria-label="Account"><option>{account}</select>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form></html>"""


@dataclass
class OAuthServer:
    """The authorization server, in threads of its own.

    `lifetime` (seconds) is what new access tokens have; `scope_granted` replaces the scope asked
    for; `claims` are put over those of the ID token, where None leaves one out; `clock_off`
    (seconds) is how far this server's clock is ahead; `refresh_expires_in` (seconds) is told as
    Google does of unpublished apps. `answers` is how the token endpoint and the revocation do:
    "silence" lasts until the server closes. `refreshes` counts those asked for, whatever came of
    them; `issued` are the access tokens."""

    signs_in_as: str = ADDRESS
    lifetime: int = 3600
    scope_granted: str | None = None
    answers: Literal["json", "html", "silence", "error500"] = "json"
    clock_off: int = 0
    refresh_expires_in: int | None = None
    without_refresh_token: bool = False
    claims: dict[str, object] = field(default_factory=dict)
    port: int = 0
    requests: list[Received] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    refreshes: int = 0

    def __enter__(self) -> Self:
        self._permissions = Permissions()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._http = ThreadingHTTPServer((HOST, self.port), handler(self.answer))
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._http.shutdown()
        self._thread.join(10)
        self._http.server_close()

    @property
    def base(self) -> str:
        """What GOOGLE_OAUTH_BASE and MICROSOFT_OAUTH_BASE are to be."""
        return f"http://{HOST}:{self.port}"

    def is_live(self, address: str, access_token: str) -> bool:
        """Whether a mail server may let this address in with this token."""
        with self._lock:
            return self._permissions.is_live(address, access_token)

    def expire_access_tokens(self) -> None:
        """Every access token issued so far is dead."""
        with self._lock:
            self._permissions.expire_access_tokens()

    def end_grants(self, description: str, error: str = "invalid_grant") -> None:
        """Every refresh by what was allowed so far fails with these words."""
        with self._lock:
            self._permissions.end(error, description)

    def answer(self, received: Received) -> Answer:
        """Answer a request to one of the endpoints."""
        place, endpoint = endpoint_of(received.path)
        with self._lock:
            self.requests.append(received)
            self.refreshes += received.fields.get("grant_type") == "refresh_token"
        if endpoint in ("token", "revoke") and self.answers != "json":
            return self._unhelpful()
        try:
            with self._lock:
                return _ENDPOINTS[endpoint](self, place, received.fields)
        except Invalid as wrong:
            return _json({"error": wrong.error, "error_description": wrong.said}, wrong.status)

    def _unhelpful(self) -> Answer:
        if self.answers == "silence":
            self._over.wait()
        status = 500 if self.answers == "error500" else 200
        return status, "text/html", "<html><h1>Something else</h1></html>"

    def authorize(self, place: str, asked: Fields) -> Answer:
        """The page on which a person allows or denies, and what follows of it."""
        if wrong := [
            name for name, is_right in _ASKED.items() if not is_right(asked.get(name, ""))
        ]:
            return 400, "text/html", f"<h1>Error 400: {' '.join(wrong)}</h1>"
        if "decision" not in asked:
            return 200, "text/html", PAGE.format(account=html.escape(self.signs_in_as))
        found = {"error": "access_denied"}
        if asked["decision"] == "allow":
            account = asked.get("account", self.signs_in_as)
            found = {"code": self._permissions.code(place, asked, account)}
        return 302, "", f"{asked['redirect_uri']}?{urlencode(found | {'state': asked['state']})}"

    def token(self, place: str, given: Fields) -> Answer:
        """The token endpoint. Raises Invalid."""
        _check_client(given)
        if given.get("grant_type") == "authorization_code":
            permission = self._permissions.redeem(place, given)
            return _json(self._tokens(permission, shows_refresh_token=True))
        if given.get("grant_type") == "refresh_token":
            permission = self._permissions.refresh(place, given.get("refresh_token", ""))
            return _json(self._tokens(permission, shows_refresh_token=bool(place)))
        raise Invalid("unsupported_grant_type", "Invalid grant_type")

    def revoke(self, place: str, given: Fields) -> Answer:
        """The revocation endpoint, which asks for no client (as Google's). Raises Invalid."""
        self._permissions.revoke(given.get("token", ""))
        return _json({})

    def _tokens(self, permission: Permission, shows_refresh_token: bool) -> dict[str, object]:
        self.issued.append(self._permissions.access_token(permission, self.lifetime))
        hides = not shows_refresh_token or self.without_refresh_token
        told = {
            "access_token": self.issued[-1],
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "scope": permission.scope if self.scope_granted is None else self.scope_granted,
            "refresh_token": None if hides else permission.refresh_token,
            "refresh_token_expires_in": self.refresh_expires_in,
            "id_token": id_token(permission, CLIENT_ID, CLIENT_SECRET, self.clock_off, self.claims),
        }
        return {name: value for name, value in told.items() if value is not None}

    def live(self, place: str, asked: Fields) -> Answer:
        """For a mail server in another process."""
        return _json(self._permissions.is_live(asked["address"], asked["token"]))

    def controls(self, place: str, posted: Fields) -> Answer:
        """For a test in another process."""
        orders = json.loads(posted.get("json", "{}"))
        vars(self).update(orders.get("set", {}))
        for name, arguments in orders.get("call", {}).items():
            getattr(self, name)(*arguments)
        return _json({"refreshes": self.refreshes, "issued": len(self.issued)})


def _unknown(server: OAuthServer, place: str, fields: Fields) -> Answer:
    return 404, "text/html", "<h1>Error 404</h1>"


_ENDPOINTS: dict[str, Callable[[OAuthServer, str, Fields], Answer]] = {
    "auth": OAuthServer.authorize,
    "authorize": OAuthServer.authorize,
    "token": OAuthServer.token,
    "revoke": OAuthServer.revoke,
    "live": OAuthServer.live,
    "controls": OAuthServer.controls,
    "unknown": _unknown,
}
_ASKED: dict[str, Callable[[str], bool]] = {
    "client_id": lambda given: given == CLIENT_ID,
    "response_type": lambda given: given == "code",
    "redirect_uri": lambda given: given.startswith(
        ("http://127.0.0.1", "http://localhost", "https://")
    ),
    "scope": bool,
    "state": bool,
    "code_challenge": lambda given: len(given) == 43,
    "code_challenge_method": lambda given: given == "S256",
}


def _check_client(given: Fields) -> None:
    if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        raise Invalid("invalid_client", "The provided client secret is invalid.", 401)


def _json(value: object, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(value)


def allow(url: str) -> str:
    """Press Allow on the page of an authorisation request; where it leads back to."""
    return _decide(url, "allow")


def deny(url: str) -> str:
    """Press Deny there."""
    return _decide(url, "deny")


def _decide(url: str, decision: str) -> str:
    page = httpx.get(url)
    assert page.status_code == 200, page.text
    return httpx.post(url, data={"decision": decision}).headers["Location"]


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with OAuthServer() as server:
        print(server.port, flush=True)
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
