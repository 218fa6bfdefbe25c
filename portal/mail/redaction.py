"""Blanking what a server's words echo of a secret."""

import re
from dataclasses import dataclass, field
from functools import cached_property

_BASE64_RUN = re.compile(r"[A-Za-z0-9+/]+=*")
_TOKEN_RUN = re.compile(r"[A-Za-z0-9._~+/=-]+")  # RFC 6750 section 2.1, RFC 7636 section 4.1
_AFTER_AUTH = re.compile(r"\bAUTH\W+(?:PLAIN|LOGIN|XOAUTH2)\W+$", re.IGNORECASE)
_AUTH_CHARACTERS = 30  # enough for "AUTH PLAIN" and what is put between it and a secret
_TELLING_CHARACTERS = 8  # one after the other: of base64, six bytes of what they hide
_LONGEST_WORD = 11  # characters; a longer password made of letters can hardly be one of the words


@dataclass(frozen=True)
class Secrets:
    """What people are never told: SASL's base64 and tokens, whole or cut anywhere, and a password
    as such."""

    base64: tuple[str, ...] = field(default=(), repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)
    password: str = field(default="", repr=False)

    def blanked(self, line: str) -> str:
        """Return a line of text without them."""
        blobs, tokens = self._letters
        line = _BASE64_RUN.sub(lambda run: _without_response(blobs, run), line)
        if self.tokens:
            line = _TOKEN_RUN.sub(lambda run: _without_pieces(tokens, run.group()), line)
        for secret in (*self.tokens, one_line(self.password)):
            line = _without_password(secret, line)
        return line

    @cached_property
    def _letters(self) -> tuple[str, str]:
        """Base64 and tokens, each secret between two NULs, to look for many pieces at once."""
        # Some servers echo a command in capitals.
        blobs = [blob.rstrip("=").upper() for blob in self.base64]
        tokens = [token.upper() for token in self.tokens]
        return "\0".join(("", *blobs, "")), "\0".join(("", *tokens, ""))


def one_line(text: str) -> str:
    """Return a text as one printable line."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def _without_response(blobs: str, run: re.Match[str]) -> str:
    """Blank a run that is a secret or, behind AUTH, the beginning of one; else pieces of secrets.

    Not all that stands behind AUTH: "AUTH PLAIN not supported" is to keep its meaning.
    """
    letters = run.group().rstrip("=").upper()
    if f"\0{letters}" in blobs:  # one begins so
        before = run.string[max(0, run.start() - _AUTH_CHARACTERS) : run.start()]
        if f"\0{letters}\0" in blobs or _AFTER_AUTH.search(before):
            return "***"
    return _without_pieces(blobs, run.group())


def _without_pieces(secrets: str, run: str) -> str:
    if len(run) < _TELLING_CHARACTERS or not (told := _told(secrets, run.upper())):
        return run
    blanked = "".join("\0" if at in told else c for at, c in enumerate(run))
    return re.sub(r"\0+", "***", blanked)


def _told(secrets: str, letters: str) -> set[int]:
    """Return where letters are that stand in a secret together with so many neighbours."""
    size = _TELLING_CHARACTERS
    starts = range(len(letters) - size + 1)
    pieces = [at for at in starts if letters[at : at + size] in secrets]
    return {at + further for at in pieces for further in range(size)}


def _without_password(password: str, text: str) -> str:
    """Blank the password as such, unless it may be one of the server's own words.

    Whoever has "password" for a password would else be told so by the gap in "bad user name or
    ***", whose meaning would be lost besides.
    """
    if not password or password not in text:
        return text
    if password.isalpha() and len(password) <= _LONGEST_WORD:
        return text
    # Whole, and no part of a code, a host or a compound: "7" in 5.7.8.
    token = rf"(?<!\w)(?<!\w[.-]){re.escape(password)}(?!\w|[.-]\w)"
    return re.sub(token, "***", text)
