"""The cells of one person in a contact file, and what is wrong with them."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from portal.contacts.columns import LANGUAGES, key
from portal.mail.addresses import MAX_ADDRESS, valid_address

_YES = frozenset(["1", "true", "yes", "y", "x", "si", "sí", "sì", "s", "vero", "verdadero"])
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class CellReason(StrEnum):
    """Why a cell, and with it its row, is refused."""

    MISSING = "missing"
    INVALID = "invalid"
    TOO_LONG = "too_long"
    UNKNOWN_LANGUAGE = "unknown_language"
    TOO_MANY_CELLS = "too_many_cells"


@dataclass(frozen=True, slots=True)
class ContactFields:
    """A person as the file tells it; texts are trimmed and on one line, "" where nothing stands.

    `language` is "", "en", "es" or "it".
    """

    email: str
    first_name: str = ""
    last_name: str = ""
    greeting: str = ""
    phone: str = ""
    language: str = ""
    privacy_consent: bool = False
    marketing_consent: bool = False


class BadCell(Exception):
    """The cell can't be taken as its column's field."""

    def __init__(self, reason: CellReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def read_cell(field: str, cell: str) -> str | bool:
    """The value for a field of ContactFields. Raises BadCell."""
    return _READERS[field](cell)


def one_line(cell: str) -> str:
    """Line breaks, other white space and control characters become one space."""
    return _SPACE.sub(" ", cell).strip()


def _address(cell: str) -> str:
    text = cell.strip()
    if not text:
        raise BadCell(CellReason.MISSING)
    if len(text) > MAX_ADDRESS:
        raise BadCell(CellReason.TOO_LONG)
    try:
        return valid_address(text)
    except ValueError:
        raise BadCell(CellReason.INVALID) from None


def _line(limit: int, cell: str) -> str:
    text = one_line(cell)
    if len(text) > limit:
        raise BadCell(CellReason.TOO_LONG)
    return text


def _language(cell: str) -> str:
    text = cell.strip()
    if not text:
        return ""
    words = re.split(r"[\s_(,;/-]", text, maxsplit=1)  # the language, then perhaps a region
    try:
        return LANGUAGES[key(words[0])]
    except KeyError:
        raise BadCell(CellReason.UNKNOWN_LANGUAGE) from None


def _consent(cell: str) -> bool:
    return unicodedata.normalize("NFC", cell.strip().casefold()) in _YES


_READERS: dict[str, Callable[[str], str | bool]] = {
    "email": _address,
    "first_name": partial(_line, 100),
    "last_name": partial(_line, 100),
    "greeting": partial(_line, 60),
    "phone": partial(_line, 40),
    "language": _language,
    "privacy_consent": _consent,
    "marketing_consent": _consent,
}
