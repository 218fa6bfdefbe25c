"""What people write above the columns of a contact file, and as a language: columns.toml."""

import re
import tomllib
import unicodedata
from pathlib import Path

_YES_NO_HINT = re.compile(r"\b(s|si|y|yes)\s*/\s*no?\b")  # "RGPD (sí/no)"


def key(text: str) -> str:
    """Letters and digits alone, in lower case without accents: "Tel. móvil" is "telmovil"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(c for c in _YES_NO_HINT.sub("", plain) if c.isalnum())


def _by_key(names: dict[str, list[str]]) -> dict[str, str]:
    return {key(written): name for name, spellings in names.items() for written in spellings}


_NAMES = tomllib.loads(Path(__file__).with_name("columns.toml").read_text(encoding="utf-8"))
FIELDS = _by_key(_NAMES["columns"])
LANGUAGES = _by_key(_NAMES["languages"])
