"""A mail's text and HTML as the rows that go out, read back by the standard library's parser."""

import re
from email import message_from_bytes, policy
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.mail.formatting import Pattern
from portal.mail.skeleton import alternatives

PIECES = [
    *("", ".", "..", "\n", "\n.", "\n.\n", " ", "\t", " \n", "\t\n", "=", "=\n", "=2E", "%", "%b"),
    *(
        "%(value)b",
        "From ",
        "--=_alternative--",
        "\x00",
        "\x7f",
        "\r",
        "ñ",
        "e\u0301",
        "🦷",
        "שלום",
    ),
    *("x" * 75, "x" * 76, "." * 80, "=" * 30, "ñ" * 40, " " * 80, "x" * 74 + ".", "y" * 10_000),
]
ANY_TEXT = st.lists(st.sampled_from(PIECES) | st.text(st.characters(codec="utf-8"))).map("".join)


def filled(before: str, value: str, behind: str) -> bytes:
    """The bytes of a text, and of an HTML in which the value is escaped."""
    text = Pattern((before, ("value", str), behind))
    html = Pattern((before, ("value", escape), behind))
    return alternatives(text, html).fill({"value": value})


def parts(data: bytes) -> list[tuple[str, str]]:
    """Each part's type and text, with its line ends as they came."""
    message = message_from_bytes(b"MIME-Version: 1.0\r\n" + data, policy=policy.default)
    assert not any(part.defects for part in message.walk())
    return [(part.get_content_type(), part.get_content()) for part in message.iter_parts()]


def rows(before: str, value: str, behind: str) -> list[bytes]:
    """The rows of the text's part."""
    body = filled(before, value, behind).split(b"\r\n\r\n", 2)[2]
    return body.partition(b"\r\n--=_")[0].split(b"\r\n")


@settings(deadline=None, max_examples=300, derandomize=True)
@given(before=ANY_TEXT, value=ANY_TEXT, behind=ANY_TEXT)
def test_whatever_is_written_or_filled_in_is_read_back(
    before: str, value: str, behind: str
) -> None:
    data = filled(before, value, behind)
    assert data.isascii()
    assert data.endswith(b"\r\n")
    assert not re.search(rb"[^\r]\n|\r[^\n]", data)
    assert max(map(len, data.split(b"\r\n"))) <= 76
    assert not re.search(rb"(?m)^\.|[ \t]\r$", data)
    assert parts(data) == [
        ("text/plain", (before + value + behind).replace("\n", "\r\n")),
        ("text/html", (before + escape(value) + behind).replace("\n", "\r\n")),
    ]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (".", b"=2E"),
        (".hidden", b"=2Ehidden"),
        ("...", b"=2E.."),
        ("a.", b"a."),
    ],
)
def test_a_dot_that_begins_a_line_is_encoded(text: str, row: bytes) -> None:
    assert rows(text + "\n", text, "\n" + text)[:2] == [row, row + b"="]


def test_a_dot_that_a_break_brings_to_the_front_is_encoded() -> None:
    assert rows("x" * 75 + ".com\n", "", "")[:2] == [b"x" * 75 + b"=", b"=2Ecom"]


def test_a_long_row_of_dots_stays_short_rows() -> None:
    first, *others = rows("." * 200 + "\n", "", "")
    assert first == b"=2E" + b"." * 72 + b"="
    assert all(row.startswith(b"=2E") for row in others if row)


@pytest.mark.parametrize("length", range(70, 80))
def test_no_row_ends_amid_an_encoded_byte(length: int) -> None:
    for row in rows("x" * length + "ñ" * 50 + "\n", "", ""):
        assert re.fullmatch(rb"([!-<>-~]|=[0-9A-F]{2})*=?", row)


def test_white_space_before_a_line_end_is_encoded() -> None:
    assert rows("a \nb\t\n", "", "")[:2] == [b"a=20", b"b=09"]


def test_a_value_stands_in_a_row_of_its_own() -> None:
    assert rows("Hola ", "Ana", ", adiós\n")[:3] == [b"Hola=20=", b"Ana=", b", adi=C3=B3s"]


def test_an_empty_value_leaves_no_row() -> None:
    assert rows("Hola", "", ", adiós\n")[:2] == [b"Hola=", b", adi=C3=B3s"]


def test_a_value_of_ten_thousand_characters_is_cut_into_rows_of_76() -> None:
    value = rows("", "x" * 10_000, "\n")
    assert {len(row) for row in value[:133]} == {76}
    assert b"".join(value).replace(b"=", b"") == b"x" * 10_000


def test_the_lines_of_a_value_end_in_crlf() -> None:
    assert rows("Datos: ", "Calle Mayor, 1\n28001 Madrid", "\n")[1:3] == [
        b"Calle Mayor, 1",
        b"28001 Madrid=",
    ]


def test_a_missing_value_is_empty() -> None:
    text = Pattern(("a", ("value", str), "b\n"))
    assert parts(alternatives(text, text).fill({}))[0] == ("text/plain", "ab\r\n")


def test_a_text_that_looks_like_a_boundary_divides_nothing() -> None:
    data = filled("", "--=_alternative--\r\n--=_alternative\n", "--=_alternative\n")
    assert len(parts(data)) == 2


def test_a_skeleton_serves_many_mails() -> None:
    text = Pattern(("Hola ", ("value", str), "\n"))
    skeleton = alternatives(text, text)
    mails = [parts(skeleton.fill({"value": name})) for name in ("Ana", "Luca")]
    assert [mail[0][1] for mail in mails] == ["Hola Ana\r\n", "Hola Luca\r\n"]
