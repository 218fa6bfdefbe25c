"""Signing in to the tests' mail server by an access token, as Google and Microsoft describe it."""

import base64
from collections import defaultdict
from collections.abc import Callable
from typing import cast

import httpx
from aiosmtpd.smtp import SMTP, AuthResult, Session

Tokens = Callable[[str, str], bool]  # whether (address, token) may come in

# What Gmail says to a token that it doesn't take, before its 535 and with it.
CHALLENGE = b'{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}'
REFUSAL = "535 5.7.8 Username and Password not accepted. For more information, go to gsmtp"


class LongCommands(SMTP):
    """Takes commands as long as a token makes them (RFC 4954 section 4)."""

    line_length_limit = 12288
    command_size_limits: dict[str, int] = defaultdict(lambda: 12288)  # noqa: RUF012


def excluded(tokens: Tokens | None) -> list[str]:
    """Return the mechanisms that a server does not offer: by tokens none by a password."""
    return ["PLAIN", "LOGIN"] if tokens else ["XOAUTH2"]


async def sign_in(server: SMTP, arguments: list[str], tokens: Tokens) -> AuthResult:
    """Answer AUTH XOAUTH2, with the token in the command or after it."""
    if len(arguments) > 1:
        given: object = base64.b64decode(arguments[1])
    else:
        given = await server.challenge_auth(b"")
    assert isinstance(given, bytes)
    address, token = _parts(given.decode())
    if tokens(address, token):
        return AuthResult(success=True, auth_data=(address, token))
    await server.challenge_auth(CHALLENGE)
    return AuthResult(success=False, handled=False, message=REFUSAL)


def is_gone(session: Session, tokens: Tokens | None) -> bool:
    """Whether somebody signed in by a token that is not good any more."""
    return tokens is not None and not tokens(*cast(tuple[str, str], session.auth_data))


def _parts(text: str) -> tuple[str, str]:
    user, bearer, *rest = text.split("\1")
    if rest != ["", ""]:
        raise ValueError("not user=...^Aauth=Bearer ...^A^A")
    return user.removeprefix("user="), bearer.removeprefix("auth=Bearer ")


def asking(oauth_server: str) -> Tokens:
    """Ask the tests' authorization server at that address."""
    client = httpx.Client(base_url=oauth_server)

    def is_live(address: str, token: str) -> bool:
        asked = {"address": address, "token": token}
        return bool(client.get("/live", params=asked).json())

    return is_live
