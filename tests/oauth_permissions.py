"""What the tests' authorization server remembers: codes, permissions and the tokens of each."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field

from tests.oauth_http import Fields


class Invalid(Exception):
    """A request that the token endpoint refuses: the error, its description, the HTTP status."""

    def __init__(self, error: str, said: str, status: int = 400) -> None:
        super().__init__(error, said)
        self.error, self.said, self.status = error, said, status


@dataclass(eq=False)
class Permission:
    """What a person allowed. `place` is the tenant at Microsoft, "" at Google; `refresh_token`
    the one that works now; `ended` the error and the description that its refreshes get."""

    place: str
    address: str
    scope: str
    refresh_token: str | None
    ended: tuple[str, str] | None = None


@dataclass
class _Code:
    place: str
    asked: Fields
    address: str
    given: Permission | None = None


@dataclass
class Permissions:
    """One thread at a time may use it."""

    _codes: dict[str, _Code] = field(default_factory=dict)
    _given: list[Permission] = field(default_factory=list)
    _access: dict[str, tuple[Permission, float]] = field(default_factory=dict)

    def code(self, place: str, asked: Fields, address: str) -> str:
        """Return a code for what was asked and allowed."""
        code = f"4/{secrets.token_urlsafe(24)}"
        self._codes[code] = _Code(place, asked, address)
        return code

    def redeem(self, place: str, given: Fields) -> Permission:
        """Return what a code is good for. A code that comes twice ends what it gave (RFC 6749
        4.1.2). Raises Invalid."""
        code = self._codes.get(given.get("code", ""))
        if code is None or code.place != place:
            raise Invalid("invalid_grant", "Malformed auth code.")
        if code.given:
            self._end(code.given, "Code was redeemed twice.")
            raise Invalid("invalid_grant", "Code was already redeemed.")
        if given.get("redirect_uri") != code.asked["redirect_uri"]:
            raise Invalid("redirect_uri_mismatch", "Bad Request")
        if challenge_of(given.get("code_verifier", "")) != code.asked["code_challenge"]:
            raise Invalid("invalid_grant", "Invalid code verifier.")
        token = _refresh_token(place) if _is_offline(code) else None
        code.given = Permission(place, code.address, code.asked["scope"], token)
        self._given.append(code.given)
        return code.given

    def refresh(self, place: str, token: str) -> Permission:
        """Return the permission of a refresh token; at Microsoft its next one replaces it, and
        this one is refused from now on. Raises Invalid."""
        found = next((p for p in self._given if (p.place, p.refresh_token) == (place, token)), None)
        if found is None:
            raise Invalid("invalid_grant", "Bad Request")
        if found.ended:
            raise Invalid(*found.ended)
        if place:
            found.refresh_token = _refresh_token(place)
        return found

    def access_token(self, permission: Permission, lifetime: float) -> str:
        """Return a new access token that lives so many seconds."""
        # Microsoft's are that long.
        size, start = (1100, "EwB4A8l6") if permission.place else (120, "ya29.a0AQ~/+")
        token = start + secrets.token_urlsafe(size) + "=="
        self._access[token] = (permission, time.monotonic() + lifetime)
        return token

    def is_live(self, address: str, access_token: str) -> bool:
        """Whether the token lives and is this address's."""
        permission, until = self._access.get(access_token, (None, 0.0))
        if permission is None or time.monotonic() >= until:
            return False
        return permission.address.lower() == address.lower()

    def revoke(self, token: str) -> None:
        """End what an access or a refresh token belongs to. Raises Invalid."""
        by_access, _ = self._access.get(token, (None, 0.0))
        found = [p for p in self._given if p is by_access or p.refresh_token == token]
        if not found or found[0].ended:
            raise Invalid("invalid_token", "Token expired or revoked")
        self._end(found[0], "Token has been expired or revoked.")

    def expire_access_tokens(self) -> None:
        """Every access token issued so far is dead."""
        self._access.clear()

    def end(self, error: str, description: str) -> None:
        """Every refresh by what was allowed so far fails with these words."""
        for permission in self._given:
            permission.ended = (error, description)

    def _end(self, permission: Permission, description: str) -> None:
        permission.ended = ("invalid_grant", description)
        self._access = {t: one for t, one in self._access.items() if one[0] is not permission}


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 4.2)."""
    return _in_base64(hashlib.sha256(verifier.encode()).digest())


def id_token(
    permission: Permission,
    client_id: str,
    secret: str,
    clock_off: int,
    changed: dict[str, object],
) -> str:
    """Return who signed in, as a JSON web token (HS256). What is None of the claims is left out."""
    at_microsoft = bool(permission.place)
    # Microsoft's are dated back.
    issued_at = int(time.time()) + clock_off - (300 if at_microsoft else 0)
    claims: dict[str, object] = {
        "iss": f"https://login.microsoftonline.com/{permission.place}/v2.0"
        if at_microsoft
        else "https://accounts.google.com",
        "aud": client_id,
        "sub": "110169484474386276334",
        "iat": issued_at,
        "exp": issued_at + 3900,
        "email": permission.address,
        "email_verified": None if at_microsoft else True,
        "preferred_username": permission.address if at_microsoft else None,
        **changed,
    }
    return _signed({name: value for name, value in claims.items() if value is not None}, secret)


def _signed(claims: dict[str, object], secret: str) -> str:
    parts = [_in_base64(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims)]
    told = ".".join(parts)
    return f"{told}.{_in_base64(hmac.digest(secret.encode(), told.encode(), 'sha256'))}"


def _in_base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _is_offline(code: _Code) -> bool:
    if code.place:
        return "offline_access" in code.asked["scope"].split()
    return code.asked.get("access_type") == "offline"


def _refresh_token(place: str) -> str:
    size, start = (600, "M.C507_BAY.0.U.-") if place else (70, "1//03")
    return start + secrets.token_urlsafe(size)
