"""A mail's envelope: the commands that offer the mail, with what the server's extensions add."""

import re
from collections.abc import Iterator

from portal.mail.extensions import Extensions
from portal.mail.faults import Cause

# Printable ASCII but space and angle brackets, and what SMTPUTF8 adds.
_PATH = re.compile(r"[!-;=?-~\u00a1-\U0010ffff]+")
_NOT_IN_XTEXT = re.compile(r"[^!-*,-<>-~]")
_MAX_ENVELOPE_ID = 100  # characters of xtext; RFC 3461 section 4.4


class Envelope:
    """Of one mail to one recipient; `message` is the mail in CRLF lines, its dots not doubled.

    `envelope_id` is what delivery reports repeat, left out where it is too long to be sent.
    Raises ValueError for an address that can't stand in a command, or an id that is not printable
    ASCII.
    """

    def __init__(
        self, sender: str, recipient: str, message: bytes, envelope_id: str | None = None
    ) -> None:
        self._sender = checked_path(sender)
        self._recipient = checked_path(recipient)
        self._id = _xtext(envelope_id) if envelope_id else ""
        self._bytes = len(message)
        self._is_8bit = not message.isascii()
        # RFC 6531 is for addresses and headers; a text of 8 bits is RFC 6152's alone.
        headers = message.partition(b"\r\n\r\n")[0] if self._is_8bit else b""
        self._is_utf8 = not (sender.isascii() and recipient.isascii() and headers.isascii())

    def obstacle(self, offered: Extensions) -> Cause | None:
        """Return why a server with these extensions can't be given the mail, if it can't."""
        if self._is_utf8 and "SMTPUTF8" not in offered:
            return Cause.smtputf8_missing
        if self._is_8bit and "8BITMIME" not in offered:
            return Cause.eight_bit_missing
        if offered.max_bytes and self._bytes > offered.max_bytes:
            return Cause.too_large
        return None

    def commands(self, offered: Extensions) -> dict[str, str]:
        """Return the commands before DATA by their steps, in order."""
        notify = " NOTIFY=FAILURE" if "DSN" in offered else ""
        return {
            "mail": f"MAIL FROM:<{self._sender}>{''.join(self._parameters(offered))}",
            "rcpt": f"RCPT TO:<{self._recipient}>{notify}",
        }

    def _parameters(self, offered: Extensions) -> Iterator[str]:
        if "SIZE" in offered and self._bytes:
            yield f" SIZE={self._bytes}"
        if self._is_8bit:
            yield " BODY=8BITMIME"
        if self._is_utf8:
            yield " SMTPUTF8"
        if "DSN" in offered:
            yield " RET=HDRS"
            if 0 < len(self._id) <= _MAX_ENVELOPE_ID:
                yield f" ENVID={self._id}"


def checked_path(address: str) -> str:
    """Return an address that can stand between angle brackets; raise ValueError for others."""
    if not _PATH.fullmatch(address) or not address.isprintable():
        raise ValueError("not an address that can stand in an SMTP command")
    return address


def _xtext(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ValueError("not an envelope id that can stand in an SMTP command")
    return _NOT_IN_XTEXT.sub(lambda found: f"+{ord(found.group()):02X}", text)
