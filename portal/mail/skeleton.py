"""A mail's text and HTML as MIME: what all recipients read is encoded once, values per recipient.

Quoted-printable keeps the mail 7-bit on every way, and RFC 2045 ends its rows at 76 characters.
No row begins with a dot, so that SMTP has nothing to double. Every literal piece and every value
begins a row of its own: so no value can make another's row too long, and what stands before and
behind it never has to be encoded again.
"""

import re
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from portal.mail.formatting import Escape, Pattern

_SOFT_BREAK = b"=\r\n"
_LONGEST_ROW = 75  # the soft break's `=` is the 76th
# No row ends amid an `=2E`; one that begins with a dot has room to encode it.
_ROW = re.compile(rb"(?:\..{0,72}|[^.].{0,74})(?<!=)(?<!=.)")

_BOUNDARY = "=_alternative"  # quoted-printable never has `=_` (RFC 2045, section 6.7)
_TOP = f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n\r\n'.encode()
_PART = (
    f"--{_BOUNDARY}\r\n"
    'Content-Type: text/{}; charset="utf-8"\r\n'
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)
_TEXT, _HTML = _PART.format("plain").encode(), _PART.format("html").encode()
_END = f"--{_BOUNDARY}--\r\n".encode()


@dataclass(frozen=True)
class Skeleton:
    """Bytes with a `%b` for each slot, in order: the name of its value and its place's escaping."""

    frame: bytes
    slots: tuple[tuple[str, Escape], ...]

    def fill(self, values: Mapping[str, str]) -> bytes:
        """Return the bytes for `values`; a missing one is empty."""
        rows = [_value_rows(escape(values.get(name, ""))) for name, escape in self.slots]
        return self.frame % tuple(rows)


def alternatives(text: Pattern, html: Pattern) -> Skeleton:
    """Return both forms as multipart/alternative: the Content-Type header, an empty line and the
    parts, the preferred one last.

    The forms' lines end in LF; the skeleton's bytes are ASCII with CRLF throughout.
    """
    frame = [_TOP, _TEXT, *map(_framed, text.pieces), b"\r\n", _HTML]
    frame += [*map(_framed, html.pieces), b"\r\n", _END]
    slots = [piece for piece in (*text.pieces, *html.pieces) if isinstance(piece, tuple)]
    return Skeleton(b"".join(frame), tuple(slots))


def _framed(piece: str | tuple[str, Escape]) -> bytes:
    return _rows(piece).replace(b"%", b"%%") if isinstance(piece, str) else b"%b"


def _rows(text: str) -> bytes:
    """Return a text, whose lines end in LF, as rows of quoted-printable; what follows begins the
    next row."""
    if not text:
        return b""
    rows = b"\r\n".join([_line(line) for line in text.encode().split(b"\n")])
    return rows if text.endswith("\n") else rows + _SOFT_BREAK


# Many mails share some values, such as the practice's name, and one mail's forms share most.
_value_rows = lru_cache(maxsize=64)(_rows)


def _line(line: bytes) -> bytes:
    quoted = b2a_qp(line, istext=False).replace(b"=\n", b"")  # its own breaks mind no dots
    if len(quoted) <= _LONGEST_ROW and not quoted.startswith(b"."):
        return quoted
    rows: list[bytes] = _ROW.findall(quoted)
    return _SOFT_BREAK.join([b"=2E" + row[1:] if row[:1] == b"." else row for row in rows])
