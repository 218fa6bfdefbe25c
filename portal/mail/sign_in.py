"""Signing in: with a password by SASL PLAIN (RFC 4616) or the older LOGIN, with an access token by
XOAUTH2 (developers.google.com/workspace/gmail/imap/xoauth2-protocol)."""

import base64
from collections.abc import Collection

from portal.mail.faults import Cause, Reply, SmtpFault
from portal.mail.redaction import Secrets
from portal.mail.wire import Wire

_MECHANISMS = {False: ("PLAIN", "LOGIN"), True: ("XOAUTH2",)}  # by token; the preferred one first
_FOR_TOKENS = {"XOAUTH2", "OAUTHBEARER"}


def mechanism_of(offered: Collection[str], *, by_token: bool) -> str | None:
    """Return the mechanism to sign in by, of those that a server offers; None for none."""
    return next((known for known in _MECHANISMS[by_token] if known in offered), None)


def missing(offered: Collection[str], *, by_token: bool) -> Cause:
    """Return why there is no mechanism to sign in by among those that a server offers."""
    if by_token:
        return Cause.token_not_offered
    only_tokens = bool(offered) and _FOR_TOKENS.issuperset(offered)
    return Cause.password_not_offered if only_tokens else Cause.auth_missing


def authenticate(wire: Wire, mechanism: str, username: str, secret: str) -> None:
    """Sign in with a password, in UTF-8, or by XOAUTH2 with an access token; raise SmtpFault when
    the server does not agree.

    There is no second attempt by another mechanism: servers count it as a second bad password.
    """
    way = _with_token if mechanism in _FOR_TOKENS else _with_password
    reply = way(wire, mechanism, username, secret)
    if reply.code // 100 != 2:
        raise SmtpFault.rejected("auth", reply)


def _with_password(wire: Wire, mechanism: str, username: str, password: str) -> Reply:
    plain = _base64(f"\0{username}\0{password}")
    wire.secrets = Secrets(base64=(plain, _base64(password)), password=password)
    lines = {  # each with the classes of reply that lead on
        # A server that takes no initial response (RFC 4954) asks for it by a 334.
        "PLAIN": ((f"AUTH PLAIN {plain}", (2, 3)), (plain, (2,))),
        "LOGIN": (("AUTH LOGIN", (3,)), (_base64(username), (3,)), (_base64(password), (2,))),
    }[mechanism]
    for line, agreed in lines:
        reply = wire.command(line)
        if reply.code // 100 not in agreed:
            raise SmtpFault.rejected("auth", reply)
        if reply.code // 100 == 2:
            break
    return reply


def _with_token(wire: Wire, mechanism: str, username: str, token: str) -> Reply:
    response = _base64(f"user={username}\1auth=Bearer {token}\1\1")
    wire.secrets = Secrets(base64=(response,), tokens=(token,))
    reply = wire.command(f"AUTH {mechanism} {response}")
    if reply.code // 100 == 3 and not reply.text:  # it takes no initial response (RFC 4954)
        reply = wire.command(response)
    if reply.code // 100 == 3:  # the error, in JSON; an empty line asks for the reply proper
        reply = wire.command("")
    return reply


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
