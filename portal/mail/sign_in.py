"""Signing in with a user name and a password: SASL PLAIN (RFC 4616) and the older LOGIN."""

import base64
from collections.abc import Collection

from portal.mail.faults import SmtpFault
from portal.mail.wire import Wire

_MECHANISMS = ("PLAIN", "LOGIN")  # the preferred one first


def mechanism_of(offered: Collection[str]) -> str | None:
    """Return the mechanism to sign in by, of those that a server offers; None for none."""
    return next((known for known in _MECHANISMS if known in offered), None)


def authenticate(wire: Wire, mechanism: str, username: str, password: str) -> None:
    """Sign in, in UTF-8; raise SmtpFault when the server does not agree.

    There is no second attempt by another mechanism: servers count it as a second bad password.
    """
    plain = _base64(f"\0{username}\0{password}")
    wire.secrets = (plain, _base64(password), password)
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
            return


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
