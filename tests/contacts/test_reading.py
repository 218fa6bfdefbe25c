"""A contact file as people's programs write it becomes rows of contacts and errors."""

import codecs

import pytest

from portal.contacts.columns import FIELDS
from portal.contacts.reading import ContactFields, Row, read
from tests.contacts.files import Person, spanish_contact_file


def rows_of(text: str, encoding: str = "utf-8") -> list[Row]:
    return list(read(text.encode(encoding)).rows())


def contacts_of(text: str, encoding: str = "utf-8") -> list[ContactFields]:
    return [row.contact for row in rows_of(text, encoding) if row.contact]


# Encodings, delimiters, quotes


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_reads_every_encoding_with_every_delimiter(encoding: str, delimiter: str) -> None:
    content, _ = spanish_contact_file(40, 5, 5, 3, encoding=encoding, delimiter=delimiter)
    if encoding == "utf-16-be":
        content = codecs.BOM_UTF16_BE + content
    plain, _ = spanish_contact_file(40, 5, 5, 3, encoding="utf-8", delimiter=";")
    assert list(read(content).rows()) == list(read(plain).rows())


def test_tells_the_groups_of_a_spanish_file_apart() -> None:
    content, expected = spanish_contact_file(300, 30, 20, 11)
    rows = list(read(content).rows())
    people = [row.contact for row in rows if row.contact]
    privacy = [p for p in people if p.privacy_consent]
    eligible = [p for p in privacy if p.marketing_consent]
    assert [row.number for row in rows if row.errors] == expected.bad_rows
    assert {p.email for p in people if not p.privacy_consent} == set(expected.without_privacy)
    assert {p.email for p in privacy if not p.marketing_consent} == set(expected.without_marketing)
    assert {
        p.email: Person(p.email, p.first_name, p.last_name, p.greeting) for p in eligible
    } == expected.eligible
    assert (len(expected.eligible), len(expected.bad_rows)) == (239, 11)


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_reads_every_kind_of_line_end(newline: str) -> None:
    text = newline.join(["email;nombre", "ana@example.com;Ana", "luis@example.com;Luis"])
    assert [c.first_name for c in contacts_of(text)] == ["Ana", "Luis"]


@pytest.mark.parametrize(
    "text",
    [
        'correo;apellidos;nombre\nana@example.com;"Gil, hija, de Ruiz";Ana',
        'correo,apellidos,nombre\nana@example.com,"Gil, hija, de Ruiz",Ana',
        'correo, apellidos, nombre\nana@example.com, "Gil, hija, de Ruiz", Ana',
        '"Notas; a, b, c, d";correo;apellidos\n;ana@example.com;Gil, hija, de Ruiz',
        "Notas, avisos, fotos, etc.;correo;apellidos\n;ana@example.com;Gil, hija, de Ruiz",
        "correo\tapellidos\tnombre\nana@example.com\tGil, hija, de Ruiz\tAna",
    ],
)
def test_takes_the_delimiter_from_the_header_whatever_the_cells_contain(text: str) -> None:
    assert [c.last_name for c in contacts_of(text)] == ["Gil, hija, de Ruiz"]


def test_reads_a_file_of_addresses_alone() -> None:
    assert [c.email for c in contacts_of("E-mail\nana@example.com\nluis@example.com\n")] == [
        "ana@example.com",
        "luis@example.com",
    ]


@pytest.mark.parametrize("hint", ["sep=;\r\n", "SEP=;\n", '"sep=;"\r\n', "sep=,\n", "sep=\t\n"])
def test_skips_the_line_that_tells_excel_the_delimiter(hint: str) -> None:
    assert rows_of(hint + "email;nombre\nana@example.com;Ana\nmal;Luis")[1].number == 3


def test_a_line_break_within_quotes_is_a_space_and_shifts_no_row_number() -> None:
    rows = rows_of('email;nombre;saludo\nana@example.com;"Ana\r\nMaría";"Hola\n"\nmal;Luis;')
    assert rows[0].contact == ContactFields("ana@example.com", "Ana María", greeting="Hola")
    assert rows[1].number == 3
    assert rows[1].errors


def test_blank_rows_and_trailing_columns_are_ignored_but_counted_in_row_numbers() -> None:
    rows = rows_of("email;nombre;;\n\n;;;\nana@example.com;Ana;;;;\n \nluis@example.com\n\n\n")
    assert [(row.number, row.contact and row.contact.first_name) for row in rows] == [
        (4, "Ana"),
        (6, ""),
    ]


def test_a_byte_that_windows_1252_leaves_undefined_is_replaced() -> None:
    content = b"email;nombre\nana@example.com;Bego" + b"\xf1a\x81"
    assert [row.contact for row in read(content).rows()] == [
        ContactFields("ana@example.com", "Begoña\ufffd")
    ]


def test_rows_can_be_read_twice() -> None:
    file = read(b"email\nana@example.com\n")
    assert list(file.rows()) == list(file.rows()) != []


def test_columns_beyond_the_thousandth_are_not_looked_at() -> None:
    file = read(("email" + ";x" * 1_500 + ";nombre\nana@example.com").encode())
    assert (file.columns, len(file.ignored_columns)) == ({"email": "email"}, 999)


# Headers

SPELLINGS = {
    "email": "email,E-mail,E-MAIL *,e_mail,Correo,Correo electrónico,CORREO ELECTRONICO,Posta,"
    "Dirección de correo,Indirizzo e-mail,Posta elettronica,E-mail Address,«Correo-e»:",
    "first_name": "first_name,First Name,Nombre, nombre ,NOME",
    "last_name": "last_name,Surname,Apellidos,Apellido,1er apellido,Primer Apellido,Cognome",
    "greeting": "greeting,Saludo,saluto,Salutation",
    "phone": "phone,teléfono,Telefono,Tel.,Tel. móvil,TELÉFONO MÓVIL,Móvil,Cellulare,Tlf.,Tfno",
    "language": "language,Idioma,Lingua",
    "privacy_consent": "privacy_consent,RGPD,rgpd (sí/no),RGPD S/N,LOPD,Privacy,GDPR,"
    "Consenso privacy,Protección de datos,Consenso al trattamento dei dati (sì/no)",
    "marketing_consent": "marketing_consent,Publicidad,pubblicità,Pubblicita',Newsletter,"
    "Suscrito a publicidad,Consenso marketing,Publicidad (S/N)",
}


@pytest.mark.parametrize(
    ("field", "header"),
    [(field, header) for field, headers in SPELLINGS.items() for header in headers.split(",")],
)
def test_understands_headers_as_people_write_them(field: str, header: str) -> None:
    other = "nombre" if field == "email" else "email"
    file = read(f"{header};{other}\nana@example.com;ana@example.com".encode())
    assert file.columns[field] == header.strip()


@pytest.mark.parametrize(
    "header",
    [
        "Dirección",
        "Indirizzo",
        "Tratamiento",
        "Trattamento",
        "Consentimiento informado",
        "Consenso",
        "No publicidad",
        "Segundo apellido",
        "Email marketing",
        "Fecha RGPD",
    ],
)
def test_a_header_that_means_something_else_is_listed_as_ignored(header: str) -> None:
    file = read(f"{header};email\nx;ana@example.com".encode())
    assert (file.columns, file.ignored_columns) == ({"email": "email"}, (header,))


def test_every_field_of_a_contact_has_headers() -> None:
    assert set(FIELDS.values()) == set(SPELLINGS) == set(ContactFields.__dataclass_fields__)


def test_of_two_columns_with_one_meaning_the_first_counts() -> None:
    file = read(b"Email;Telefono;Tel. movil;Notas;\nana@example.com;911;622;x;y")
    assert file.columns == {"email": "Email", "phone": "Telefono"}
    assert file.ignored_columns == ("Tel. movil", "Notas")
    assert [row.contact for row in file.rows()] == [ContactFields("ana@example.com", phone="911")]


@pytest.mark.parametrize(
    ("cells", "consent"), [("si;si", True), ("si;no", False), ("no;si", False), ("si", False)]
)
def test_of_two_columns_of_one_consent_each_must_say_yes(cells: str, consent: bool) -> None:
    file = read(f"email;Newsletter;Publicidad\nana@example.com;{cells}".encode())
    assert file.columns == {"email": "email", "marketing_consent": "Newsletter, Publicidad"}
    assert file.ignored_columns == ()
    [row] = file.rows()
    assert row.contact == ContactFields("ana@example.com", marketing_consent=consent)


def test_rows_can_be_read_from_where_somebody_stopped() -> None:
    file = read(b"email\nana@example.com\n\nbea@example.com\ncleo@example.com\n")
    assert list(file.rows(skip=1)) == list(file.rows())[1:]
    assert [row.number for row in file.rows(skip=1)] == [4, 5]
    assert list(file.rows(skip=3)) == []
