"""What is no contact file is refused as a whole, with the reason."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contacts.reading import NotAContactFile, Reason, read


def refusal(content: bytes) -> NotAContactFile:
    with pytest.raises(NotAContactFile) as caught:
        read(content)
    return caught.value


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"\r\n \n\t\n", Reason.EMPTY),
        (b"\xef\xbb\xbf", Reason.EMPTY),
        (b";;;\n;;;\n", Reason.EMPTY),
        (b"sep=;\r\n", Reason.EMPTY),
        (b"%PDF-1.7 email;nombre\nana@example.com;Ana", Reason.NOT_TEXT),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Reason.NOT_TEXT),
        (b"email\nana@example.com\0\n", Reason.NOT_TEXT),
        ("email\nana@example.com".encode("utf-16-le"), Reason.NOT_TEXT),
        ("email\nana@example.com".encode("utf-32"), Reason.NOT_TEXT),
        (zipped("fotos/ana.jpg"), Reason.NOT_TEXT),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), Reason.SPREADSHEET),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), Reason.SPREADSHEET),
        (b"ana@example.com;Ana\nluis@example.com;Luis\n", Reason.NO_HEADER),
        (b"<html><body>hola</body></html>\n", Reason.NO_HEADER),
        (b"nombre;apellidos\nAna;Gil\n", Reason.NO_EMAIL_COLUMN),
        (b"email;nombre\n;\n\n", Reason.NO_ROWS),
    ],
)
def test_a_file_without_contacts_is_refused_with_the_reason(content: bytes, reason: Reason) -> None:
    assert refusal(content).reason is reason


def test_an_open_document_spreadsheet_is_known_as_one() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert refusal(target.getvalue()).reason is Reason.SPREADSHEET


@pytest.mark.parametrize("rest", ["", "luis@example.com;Luis\n" * 3, "x" * 200_000])
@pytest.mark.parametrize("before", ['"', 'mal;"', '"";"'])
def test_a_quote_that_is_never_closed_is_told_with_its_row(before: str, rest: str) -> None:
    refused = refusal(f"email;nombre\nana@example.com;Ana\n{before}{rest}".encode())
    assert (refused.reason, refused.row) == (Reason.UNCLOSED_QUOTE, 3)


def test_a_hundred_thousand_rows_are_the_most() -> None:
    content = b"email;nombre\n" + b"ana@example.com;Ana\n" * 100_000
    assert read(content).row_count == 100_000
    assert refusal(content + b"luis@example.com;Luis\n").reason is Reason.TOO_MANY_ROWS


CSV_LIKE = st.lists(
    st.sampled_from(
        ["email", "Nombre", "rgpd", "idioma", "a@example.com", ";", ",", "\t", '"', "\n", "\r\n"]
    )
    | st.text(max_size=8),
    max_size=40,
).map("".join)
ENCODED = st.tuples(CSV_LIKE, st.sampled_from(["utf-8-sig", "utf-16", "cp1252"])).map(
    lambda pair: pair[0].encode(pair[1], errors="ignore")
)


@given(
    st.binary() | ENCODED | ENCODED.map(b"email;nombre;idioma\nana@example.com;Ana;es\n".__add__)
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        file = read(content)
    except NotAContactFile:
        return
    rows = list(file.rows())
    assert len(rows) == file.row_count
    for row in rows:
        assert (row.contact is None) == bool(row.errors)
