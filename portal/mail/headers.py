"""A mail's header lines: folded where that can't change them, closed to injection.

They are ASCII, but for an address whose local part isn't: that one is UTF-8 (RFC 6532), and its
mail needs a server with SMTPUTF8.
"""

import re
from binascii import b2a_base64
from datetime import datetime
from email.utils import quote
from functools import lru_cache

import idna

_FOLD_AT = 76

_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_CONTROLS = re.compile(f"[{_CONTROL}]+")
_LINES = re.compile(f"[^{_CONTROL}]*(\r\n [^{_CONTROL}]+)*")
_FOLDABLE = re.compile(r"[!-~]{1,60}( [!-~]{1,60})*")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+( [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_LOCAL_PART = re.compile(rf'[^\s{_CONTROL}"(),:;<>@\[\\\]]{{1,64}}')
_DOMAIN = re.compile(r"[\w.-]{1,255}", re.ASCII)
# With the name before it within the 998 of RFC 5322, section 2.1.1; other values are shorter.
_VISIBLE = re.compile(r"[ -~]{1,900}")
_BRACKETED = re.compile(r"<[!-;=?-~]{1,900}>")

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

# RFC 2047: what a word in Q may have as it is, also in a display name.
_PLAIN = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!*+-/")
_Q = [chr(byte) if byte in _PLAIN else f"={byte:02X}" for byte in range(256)]
_Q[ord(" ")] = "_"


def one_line(text: str) -> str:
    """Return the text trimmed, each run of line breaks and control characters as one space."""
    return (text if text.isprintable() else _CONTROLS.sub(" ", text)).strip()


@lru_cache(maxsize=8)  # a campaign's mails often share their subject
def text_header(name: str, text: str) -> bytes:
    """Return the line or lines of a header of free text, such as Subject."""
    return _line(name, _fold(name, one_line(text)))


def address_header(name: str, email: str, display_name: str) -> bytes:
    """Return the line or lines of a header with one address; white space in its name is one space.

    Raises ValueError for an address that can't stand in a header (`header_address`).
    """
    address = header_address(email)
    words = " ".join(one_line(display_name).split())
    if not words:
        return _line(name, address)
    phrase = _phrase(name, words)
    last_line = f"{name}: {phrase}".rsplit("\r\n", 1)[-1]
    gap = " " if len(last_line) + len(address) + 3 <= _FOLD_AT else "\r\n "
    return _line(name, f"{phrase}{gap}<{address}>")


def bracketed_header(name: str, value: str) -> bytes:
    """Return the line of a header such as Message-ID, whose `<value>` is never folded or encoded.

    Raises ValueError when the value is not visible ASCII in one pair of angle brackets.
    """
    if not _BRACKETED.fullmatch(value):
        raise ValueError(f"{name} can't be {value!r}")
    return f"{name}: {value}\r\n".encode("ascii")


def fixed_header(name: str, value: str) -> bytes:
    """Return the line of a header whose short ASCII value comes from the program.

    Raises ValueError for any other.
    """
    if not _VISIBLE.fullmatch(value):
        raise ValueError(f"{name} can't be {value!r}")
    return f"{name}: {value}\r\n".encode("ascii")


def date_header(name: str, date: datetime) -> bytes:
    """Return the line of a header with an aware date, as RFC 5322 writes it.

    Raises ValueError for a naive one.
    """
    if date.utcoffset() is None:
        raise ValueError(f"{name} needs its offset from UTC")
    iso = date.isoformat(timespec="seconds")
    day, month, offset = _DAYS[date.weekday()], _MONTHS[date.month - 1], iso[19:].replace(":", "")
    return f"{name}: {day}, {iso[8:10]} {month} {iso[:4]} {iso[11:19]} {offset}\r\n".encode("ascii")


def header_address(email: str) -> str:
    """Return the address with its domain in ASCII (IDNA); its local part stays as it is.

    Raises ValueError for anything but one plain address.
    """
    local, _, domain = email.rpartition("@")
    domain = ascii_domain(domain)
    if not (_LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        raise ValueError(f"{email!r} can't stand in a mail's header as an address")
    return f"{local}@{domain}"


def ascii_domain(domain: str) -> str:
    """Return the domain in lower-case ASCII (IDNA 2008 after UTS 46).

    Raises ValueError where there is no such form.
    """
    if domain.isascii():
        return domain.lower()
    return idna.encode(domain, uts46=True).decode("ascii")


def _fold(name: str, text: str) -> str:
    """Fold plain ASCII at its spaces; encode everything else, what looks encoded included."""
    if not _FOLDABLE.fullmatch(text) or "=?" in text:
        return _encode(name, text)
    lines = [f"{name}:"]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) >= _FOLD_AT:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).removeprefix(f"{name}: ")


def _phrase(name: str, display_name: str) -> str:
    """Return a display name as atoms, as a quoted string or as encoded words."""
    plain = display_name.isascii() and len(display_name) <= _FOLD_AT // 2
    if not plain or "=?" in display_name:
        return _encode(name, display_name)
    return display_name if _ATOMS.fullmatch(display_name) else f'"{quote(display_name)}"'


def _encode(name: str, text: str) -> str:
    """Return the text as encoded words of RFC 2047, one a line and each of whole characters.

    Q where it is not longer, since it stays readable, else B; an empty text stays empty.
    """
    if not text:
        return ""
    data = text.encode()
    room = _FOLD_AT - len(f"{name}: =?utf-8?q??=")
    quoted = data.decode("latin-1").translate(_Q)
    if len(quoted) <= (len(data) + 2) // 3 * 4:
        words = [f"=?utf-8?q?{part}?=" for part in _parts_of_q(quoted, room)]
    else:
        words = [f"=?utf-8?b?{_b(part)}?=" for part in _parts(data, room // 4 * 3)]
    return "\r\n ".join(words)


def _parts_of_q(quoted: str, longest: int) -> list[str]:
    """Cut neither amid an `=C3` nor before a byte that continues a character."""
    if len(quoted) <= longest:
        return [quoted]
    return re.findall(rf".{{1,{longest}}}(?!=[89AB])(?<!=)(?<!=.)", quoted)


def _parts(data: bytes, longest: int) -> list[bytes]:
    """Cut UTF-8 into parts of at most so many bytes, between characters."""
    if len(data) <= longest:
        return [data]
    return re.findall(rb"(?s).{1,%d}(?![\x80-\xbf])" % longest, data)


def _b(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def _line(name: str, value: str) -> bytes:
    """Return the header as bytes, having made sure that it is exactly one."""
    if not _LINES.fullmatch(value):
        raise ValueError(f"{name} can't be {value!r}")
    return f"{name}: {value}\r\n".encode()
