"""The cells of a contact file become a person's fields, or errors by row and column."""

import unicodedata
from dataclasses import astuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.contacts.reading import CellError, CellReason, ContactFields, Row, read
from portal.mail.addresses import valid_address
from tests.contacts.files import as_csv


def rows_of(text: str, encoding: str = "utf-8") -> list[Row]:
    return list(read(text.encode(encoding)).rows())


def contacts_of(text: str, encoding: str = "utf-8") -> list[ContactFields]:
    return [row.contact for row in rows_of(text, encoding) if row.contact]


def only_error(text: str) -> tuple[int, CellError]:
    (row,) = (row for row in rows_of(text) if row.errors)
    assert row.contact is None
    (error,) = row.errors
    return row.number, error


@pytest.mark.parametrize(
    "word",
    ["1", "true", "yes", "y", "x", "si", "sí", "sì", "s", "vero", "verdadero", "SÍ", "si\u0301"],
)
def test_a_word_for_yes_is_a_consent(word: str) -> None:
    text = f"email;rgpd;publicidad\nana@example.com; {word} ;no"
    assert contacts_of(text) == [ContactFields("ana@example.com", privacy_consent=True)]


@pytest.mark.parametrize("word", ["", "no", "0", "false", "2", "-1", "¿sí?", "sí, pero", "n", "?"])
def test_anything_else_is_no_consent(word: str) -> None:
    text = as_csv([("email", "rgpd", "publicidad"), ("ana@example.com", word, word)])
    assert contacts_of(text) == [ContactFields("ana@example.com")]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", ""),
        ("es", "es"),
        ("ES-es", "es"),
        ("es_MX", "es"),
        ("Español (España)", "es"),
        ("CASTELLANO", "es"),
        ("spagnolo", "es"),
        ("inglés", "en"),
        ("English", "en"),
        ("en-GB", "en"),
        ("italiano", "it"),
        ("it", "it"),
    ],
)
def test_understands_languages_by_code_and_name(written: str, code: str) -> None:
    contacts = contacts_of(f"email;idioma\nana@example.com;{written}")
    assert contacts == [ContactFields("ana@example.com", language=code)]


@pytest.mark.parametrize(
    ("column", "field", "cell", "reason"),
    [
        ("Correo", "email", "", CellReason.MISSING),
        ("Correo", "email", "ana", CellReason.INVALID),
        ("Correo", "email", "ana@example.com luis@example.com", CellReason.INVALID),
        ("Correo", "email", "begoña@example.com", CellReason.INVALID),
        ("Correo", "email", "ana@example.com\nBcc: luis@example.com", CellReason.INVALID),
        ("Correo", "email", "a" * 250 + "@example.com", CellReason.TOO_LONG),
        ("Nombre", "first_name", "N" * 101, CellReason.TOO_LONG),
        ("Apellidos", "last_name", "A" * 101, CellReason.TOO_LONG),
        ("Saludo", "greeting", "S" * 61, CellReason.TOO_LONG),
        ("Teléfono", "phone", "6" * 41, CellReason.TOO_LONG),
        ("Idioma", "language", "klingon", CellReason.UNKNOWN_LANGUAGE),
    ],
)
def test_a_bad_cell_is_told_by_row_and_column_and_stops_no_other_row(
    column: str, field: str, cell: str, reason: CellReason
) -> None:
    header = ("Correo", "Nombre", "Apellidos", "Saludo", "Teléfono", "Idioma")
    good = ("ana@example.com", "N" * 100, "A" * 100, "S" * 60, "6" * 40, "es")
    bad = tuple(cell if name == column else value for name, value in zip(header, good, strict=True))
    text = as_csv([header, good, bad, good])
    shown = " ".join(cell.split())[:100]
    assert only_error(text) == (3, CellError(column, field, reason, shown))
    assert [astuple(contact)[:6] for contact in contacts_of(text)] == [
        ("ana@example.com", "N" * 100, "A" * 100, "S" * 60, "6" * 40, "es")
    ] * 2


def test_every_bad_cell_of_a_row_is_told() -> None:
    (row,) = rows_of("nombre;email;idioma\nAna;;klingon")
    assert [(e.column, e.reason) for e in row.errors] == [
        ("email", CellReason.MISSING),
        ("idioma", CellReason.UNKNOWN_LANGUAGE),
    ]


def test_a_row_with_more_cells_than_the_header_is_not_guessed_at() -> None:
    text = "email,nombre,rgpd\nana@example.com,Gil, Ana,si\nluis@example.com,Luis,si"
    assert only_error(text) == (2, CellError("", "", CellReason.TOO_MANY_CELLS, "si"))
    assert [c.first_name for c in contacts_of(text)] == ["Luis"]


def test_a_row_with_fewer_cells_than_the_header_has_the_others_empty() -> None:
    assert contacts_of("email;nombre;rgpd\nana@example.com") == [ContactFields("ana@example.com")]


def test_control_characters_do_not_get_into_names() -> None:
    assert contacts_of("email;nombre\nana@example.com;\x07Ana\x1b \x85 María\u2028") == [
        ContactFields("ana@example.com", "Ana María")
    ]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (" ana@example.com ", "ana@example.com"),
        ("Ana.Gil+citas@EXAMPLE.com", "Ana.Gil+citas@example.com"),
        ("ana@correo.example.test", "ana@correo.example.test"),
        ("ana@clínica.es", "ana@xn--clnica-4va.es"),
    ],
)
def test_an_address_comes_out_as_an_envelope_carries_it(written: str, address: str) -> None:
    assert valid_address(written) == address


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ana",
        "ana@",
        "@example.com",
        "ana@example",
        "ana@localhost",
        "ana@servidor.local",
        "ana@[127.0.0.1]",
        "Ana <ana@example.com>",
        "ana@example.com\r\nBcc: luis@example.com",
        "begoña@example.com",
        "ana@example.com,luis@example.com",
        "a" * 300 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        valid_address(written)


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_a_name_of_any_characters_is_read_back_on_one_line(
    first: str, last: str, consent: bool
) -> None:
    first, last = first.replace("\0", ""), last.replace("\0", "")
    person = ("ana@example.com", first, last, "sí" if consent else "no")
    text = as_csv([("email", "nombre", "apellidos", "rgpd"), person])
    assert contacts_of(text) == [
        ContactFields(
            "ana@example.com", on_one_line(first), on_one_line(last), privacy_consent=consent
        )
    ]


def on_one_line(text: str) -> str:
    visible = (" " if unicodedata.category(c) == "Cc" else c for c in text)
    return " ".join("".join(visible).split())
