"""What an authorization server answers: a code, tokens, and who signed in."""

import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from portal.mail.addresses import valid_address
from portal.mail.findings import Finding
from portal.mail.oauth_faults import OAuthFault, fault_of
from portal.mail.oauth_servers import AuthorizationServer
from portal.mail.redaction import Secrets

_HOUR = 3600  # seconds: what access tokens live for at both providers
_LONGEST_ACCESS = 30 * 24 * _HOUR
_LONGEST_REFRESH = 3650 * 24 * _HOUR
_CLOCK_TOLERANCE = 120  # seconds
_LATEST_MOMENT = 1e12  # what is later is no Unix time in seconds
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Tokens:
    """An access token and the seconds that it lives; `refresh_token` is the one to use from now
    on, None where the old one stays. `refresh_expires_in` are its seconds, where they were said."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str | None = field(repr=False)
    refresh_expires_in: int | None


@dataclass(frozen=True)
class Granted:
    """The tokens, with a refresh token, and the addresses that were signed in as: in lower case,
    the likeliest first."""

    tokens: Tokens
    addresses: tuple[str, ...]


def belongs_to(answer: Mapping[str, str], state: str) -> bool:
    """Tell whether what came back to the redirect address is for the request with `state`."""
    given = answer.get("state", "")
    return bool(state) and hmac.compare_digest(given.encode(), state.encode())


def code_of(answer: Mapping[str, str], state: str) -> str:
    """Return the code that came back to the redirect address for the request with `state`.

    Raises OAuthFault. What does not belong to that request is not looked at any further.
    """
    if not belongs_to(answer, state):
        raise OAuthFault(Finding.oauth_begun_elsewhere)
    code = answer.get("code", "")
    if answer.get("error"):
        raise fault_of(answer, "authorization", Secrets(tokens=(state, code)))
    if not code:
        raise OAuthFault(Finding.oauth_answer_unclear)
    return code


def tokens_of(answer: Mapping[str, Any]) -> Tokens:
    """Read the answer of a token endpoint (RFC 6749 5.1); raise OAuthFault."""
    access_token = _token(answer.get("access_token"))
    if access_token is None:
        raise OAuthFault(Finding.oauth_answer_unclear, "access_token: -")
    return Tokens(
        access_token,
        _seconds(answer.get("expires_in"), _LONGEST_ACCESS) or _HOUR,
        _token(answer.get("refresh_token")),
        _seconds(answer.get("refresh_token_expires_in"), _LONGEST_REFRESH),
    )


def granted_of(answer: Mapping[str, Any], server: AuthorizationServer, client_id: str) -> Granted:
    """Read the answer to a code; raise OAuthFault where it would not do for sending mail."""
    tokens = tokens_of(answer)
    if not _may_send(answer.get("scope"), server):
        raise OAuthFault(Finding.oauth_scope_missing)
    if tokens.refresh_token is None:
        raise OAuthFault(Finding.oauth_refresh_missing)
    claims = _claims(answer.get("id_token"))
    _check_audience(claims, client_id)
    _check_clock(claims, server.backdated_seconds)
    addresses = _addresses(claims)
    if not addresses:
        raise OAuthFault(Finding.oauth_address_unknown)
    return Granted(tokens, addresses)


def _token(value: object) -> str | None:
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


def _seconds(value: object, most: int) -> int | None:
    text = str(value)
    return min(int(text), most) or None if re.fullmatch(r"[0-9]{1,12}", text) else None


def _may_send(scope: object, server: AuthorizationServer) -> bool:
    """No scope in the answer: all that was asked for (RFC 6749 5.1)."""
    sufficient = {name.lower() for name in (server.mail_scope, *server.mail_scope_aliases)}
    return scope is None or not sufficient.isdisjoint(str(scope).lower().split())


def _claims(token: object) -> dict[str, Any]:
    """Return what an ID token says.

    Its signature is not checked: it came from the token endpoint itself, over TLS (OpenID Connect
    Core 3.1.3.7, point 6).
    """
    if token is None:
        raise OAuthFault(Finding.oauth_address_unknown)
    try:
        claims = json.loads(jws.extract_compact(str(token).encode()).payload)
    except (JoseError, ValueError) as error:
        raise OAuthFault(Finding.oauth_answer_unclear, "id_token") from error
    if not isinstance(claims, dict):
        raise OAuthFault(Finding.oauth_answer_unclear, "id_token")
    return claims


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud", client_id)
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise OAuthFault(Finding.oauth_answer_unclear, "id_token: aud")


def _check_clock(claims: Mapping[str, Any], backdated_seconds: int) -> None:
    now = time.time()
    issued, expires = _moment(claims, "iat", now) - now, _moment(claims, "exp", now) - now
    # Ahead of our clock, or further behind than it is dated back.
    off = issued if issued > 0 else min(0, issued + backdated_seconds)
    if abs(off) > _CLOCK_TOLERANCE:
        raise OAuthFault(Finding.oauth_clock, f"iat: {_minutes(off)}")
    if expires < 0:
        raise OAuthFault(Finding.oauth_clock, f"exp: {_minutes(expires)}")


def _moment(claims: Mapping[str, Any], name: str, unsaid: float) -> float:
    value = claims.get(name, unsaid)
    if not isinstance(value, int | float) or not 0 <= value < _LATEST_MOMENT:
        raise OAuthFault(Finding.oauth_answer_unclear, f"id_token: {name}")
    return float(value)


def _minutes(seconds: float) -> str:
    return f"{round(seconds / 60):+d} min"


def _addresses(claims: Mapping[str, Any]) -> tuple[str, ...]:
    # What Google does not vouch for may be anybody's address.
    email = None if claims.get("email_verified") is False else claims.get("email")
    named = [_address(email), _address(claims.get("preferred_username"))]
    return tuple(dict.fromkeys(address for address in named if address))


def _address(value: object) -> str | None:
    try:
        return valid_address(str(value)).lower() if value else None
    except ValueError:
        return None
