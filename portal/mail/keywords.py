"""The `${keywords}` of a mail's subject and body, and how they are filled."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

LANGUAGES = ("en", "es", "it")

NAMES: Mapping[str, tuple[str, str, str]] = {
    names[0]: names
    for names in (
        ("greeting", "saludo", "saluto"),
        ("first_name", "nombre", "nome"),
        ("last_name", "apellidos", "cognome"),
        ("full_name", "nombre_completo", "nome_completo"),
        ("practice_name", "centro", "studio"),
        ("appointment_date", "fecha_cita", "data_appuntamento"),
        ("appointment_time", "hora_cita", "ora_appuntamento"),
        ("professional", "profesional", "professionista"),
        ("video_link", "enlace_video", "link_video"),
        ("invoice_number", "numero_factura", "numero_fattura"),
        ("invoice_date", "fecha_factura", "data_fattura"),
        ("invoice_amount", "importe_factura", "importo_fattura"),
        ("unsubscribe_link", "enlace_baja", "link_disiscrizione"),
    )
}
"""Canonical name -> its name in each of LANGUAGES, in that order."""

LINKS = frozenset({"video_link", "unsubscribe_link"})
"""The keywords whose value is a whole web address."""

AVAILABLE: Mapping[str, tuple[str, ...]] = {
    "campaign": (
        "greeting",
        "first_name",
        "last_name",
        "full_name",
        "practice_name",
        "unsubscribe_link",
    ),
}
"""Kind of mail -> the canonical names that have a value in it."""

_CANONICAL = {alias: name for name, aliases in NAMES.items() for alias in aliases}

_MARKUP = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<word>[^{}$\n]*)\}|(?P<unclosed>\{ *[^\s{}$]*))")


@dataclass(frozen=True)
class Slot:
    """The place of a known keyword in a text; `name` is canonical."""

    name: str


def parse(text: str) -> Iterator[str | Slot]:
    """Yield the text's literal pieces and its keywords in order.

    `$$` has become `$`; unknown and unclosed keywords are literal, as written.
    """
    end = 0
    for match in _MARKUP.finditer(text):
        yield text[end : match.start()]
        yield _meaning(match)
        end = match.end()
    yield text[end:]


def fill(
    text: str,
    values: Mapping[str, str],
    escape: Callable[[str], str] = lambda value: value,
) -> str:
    """Return the text with each known keyword replaced by its escaped value.

    `values` goes by canonical name; a missing one is empty. Values are never searched for
    keywords, and the text itself is not escaped.
    """
    return "".join(
        piece if isinstance(piece, str) else escape(values.get(piece.name, ""))
        for piece in parse(text)
    )


def used(text: str) -> set[str]:
    """Return the canonical names of the known keywords in the text."""
    return {piece.name for piece in parse(text) if isinstance(piece, Slot)}


def problems(text: str, kind: str) -> list[str]:
    """Return the keywords that have no value in this kind of mail: each once, as written, in order.

    Among them are unknown keywords and unclosed ones (from `${` to the end of the word).
    """
    faulty = (m[0] for m in _MARKUP.finditer(text) if not _is_available(m, kind))
    return list(dict.fromkeys(faulty))


def available(kind: str, language: str) -> list[str]:
    """Return the names to offer for a kind of mail, in one of LANGUAGES, without `${}`."""
    column = LANGUAGES.index(language)
    return [NAMES[name][column] for name in AVAILABLE[kind]]


def _canonical(match: re.Match[str]) -> str | None:
    return _CANONICAL.get((match["word"] or "").strip().casefold())


def _meaning(match: re.Match[str]) -> str | Slot:
    if match["dollar"]:
        return "$"
    name = _canonical(match)
    return Slot(name) if name else match[0]


def _is_available(match: re.Match[str], kind: str) -> bool:
    return bool(match["dollar"]) or _canonical(match) in AVAILABLE[kind]
