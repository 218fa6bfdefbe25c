"""A mail's header lines: ASCII, folded where that can't change them, closed to injection."""

import re
from email.header import Header
from email.utils import quote

import idna

_LONGEST_LINE = 998  # RFC 5322, section 2.1.1, without CRLF
_FOLD_AT = 76

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_FOLDABLE = re.compile(r"[!-~]{1,60}( [!-~]{1,60})*")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+( [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}@[\w.-]{1,255}", re.ASCII)
_VISIBLE = re.compile(r"[ -~]+")
_BRACKETED = re.compile(r"<[!-;=?-~]+>")


def one_line(text: str) -> str:
    """Return the text trimmed, each run of line breaks and control characters as one space."""
    return _CONTROLS.sub(" ", text).strip()


def text_header(name: str, text: str) -> bytes:
    """Return the line or lines of a header of free text, such as Subject."""
    return _line(name, _fold(name, one_line(text)))


def address_header(name: str, email: str, display_name: str) -> bytes:
    """Return the line or lines of a header with one address; white space in its name is one space.

    Raises ValueError for an address that can't stand in a header (`ascii_address`).
    """
    address = ascii_address(email)
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
    return _line(name, value)


def fixed_header(name: str, value: str) -> bytes:
    """Return the line of a header whose short ASCII value comes from the program.

    Raises ValueError for any other.
    """
    if not _VISIBLE.fullmatch(value):
        raise ValueError(f"{name} can't be {value!r}")
    return _line(name, value)


def ascii_address(email: str) -> str:
    """Return the address with its domain in ASCII (IDNA).

    Raises ValueError for anything but one plain address with an ASCII local part.
    """
    local, at, domain = email.rpartition("@")
    address = f"{local}{at}{ascii_domain(domain)}"
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"{email!r} can't stand in a mail's header as an address")
    return address


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
    """Return the text as encoded words of RFC 2047, folded; an empty one stays empty."""
    return Header(text, "utf-8", _FOLD_AT - 1, name).encode(linesep="\r\n") if text else ""


def _line(name: str, value: str) -> bytes:
    """Return the header as bytes, having made sure that it is exactly one."""
    lines = f"{name}: {value}".split("\r\n")
    visible = all(_VISIBLE.fullmatch(line) for line in lines)
    one_header = all(line.startswith(" ") for line in lines[1:])
    if not (visible and one_header) or max(map(len, lines)) > _LONGEST_LINE:
        raise ValueError(f"{name} can't be {value!r}")
    return "\r\n".join([*lines, ""]).encode("ascii")
