"""Header lines, read back by the standard library's parser."""

import re
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header
from email.utils import format_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.mail import headers

EMAIL = "citas@clinica.example"
NASTY = [
    "",
    '"Ana", la <de> x@example.org; (sí)',
    "Clínica Sol, S.L.",
    "O'Neill (Dr.) \\ x",
    "=?utf-8?q?Ana=0ABcc:_x?=",
    "مرحبا بك في العيادة " * 6,
    "👩‍⚕️🦷 " * 20,
    "palabra " * 30,
    "x" * 1500,
    "á" * 400,
    "two  spaces   kept",
    "a\r\nBcc: x@example.org\r\n\r\n<b>",
    "\x00\x1b\x85\u2028\ud800",
]
ANYTHING = st.sampled_from(NASTY) | st.text()


def read(lines: bytes) -> dict[str, str]:
    """Every header that a parser finds, having seen that all of it is ASCII lines with CRLF."""
    lines.decode("ascii")
    assert re.fullmatch(rb"([^\r\n]{1,998}\r\n)+", lines)
    message = message_from_bytes(lines + b"\r\n", policy=policy.default)
    return {name: str(value) for name, value in message.items()}


def read_address(line: bytes) -> tuple[str, str]:
    message = message_from_bytes(line + b"\r\n", policy=policy.default)
    (address,) = message["From"].addresses
    return address.display_name, address.addr_spec


def shown(name: str) -> str:
    return " ".join(headers.one_line(name).split())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a\r\n\tb\r\n", "a b"),
        ("a\x00\x1b\x7f\x85\u2028\u2029\ud800b", "a b"),
        ("\n", ""),
        ("una  línea 🦷", "una  línea 🦷"),
    ],
)
def test_one_line_has_a_space_for_each_run_of_breaks_and_controls(text: str, line: str) -> None:
    assert headers.one_line(text) == line


@settings(deadline=None, max_examples=100, derandomize=True)
@given(text=ANYTHING)
def test_a_subject_is_read_back_as_one_line(text: str) -> None:
    assert read(headers.text_header("Subject", text)) == {"Subject": headers.one_line(text)}


@pytest.mark.parametrize("subject", [*NASTY, "Recordatorio: su próxima cita en Mayor 1 " * 4])
def test_a_subject_is_folded_before_78_characters(subject: str) -> None:
    lines = headers.text_header("Subject", subject).split(b"\r\n")
    assert max(map(len, lines)) <= 78


def test_a_plain_subject_goes_as_it_is() -> None:
    assert headers.text_header("Subject", "Your visit, 5 * 3") == b"Subject: Your visit, 5 * 3\r\n"


@settings(deadline=None, max_examples=100, derandomize=True)
@given(name=ANYTHING.filter(lambda name: len(name.encode("utf-8", "replace")) <= 42))
def test_a_display_name_is_read_back_beside_its_address(name: str) -> None:
    assert read_address(headers.address_header("From", EMAIL, name)) == (shown(name), EMAIL)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(name=ANYTHING)
@example("\u00e1" * 400)
def test_a_display_name_of_any_length_is_read_back(name: str) -> None:
    """After RFC 2047; `email.policy` puts spaces between a name's encoded words (Python 3.11)."""
    line = headers.address_header("From", EMAIL, name)
    assert list(read(line)) == ["From"]
    assert read_address(line)[1] == EMAIL
    phrase = re.sub(r"\s*<[^<>]*>\s*$", "", line.decode().removeprefix("From: "))
    if phrase.startswith("=?"):
        ((content, charset),) = decode_header(phrase)
        assert isinstance(content, bytes)
        assert content.decode(str(charset)) == shown(name)


@pytest.mark.parametrize("name", ["Clinica Sol", "Clínica Sol " * 5, "palabra " * 20])
def test_a_long_address_goes_below_its_name(name: str) -> None:
    line = headers.address_header("From", "l" * 50 + "@example.org", name)
    assert max(map(len, line.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("", b"From: citas@clinica.example\r\n"),
        ("Ana Gomez", b"From: Ana Gomez <citas@clinica.example>\r\n"),
        ("Sol, S.L.", b'From: "Sol, S.L." <citas@clinica.example>\r\n'),
        ('"Sol" \\', b'From: "\\"Sol\\" \\\\" <citas@clinica.example>\r\n'),
        ("ana@x.org", b'From: "ana@x.org" <citas@clinica.example>\r\n'),
    ],
)
def test_a_plain_display_name_stays_readable(name: str, line: bytes) -> None:
    assert headers.address_header("From", EMAIL, name) == line


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ana",
        "@example.org",
        "ana@",
        "ana@example.org\r\nBcc: x@example.org",
        "ana@example.org\n",
        "ana@example.org, x@example.org",
        "ana,x@example.org",
        "Ana <ana@example.org>",
        "a na@example.org",
        "ana@exa mple.org",
        "ñandú\u2028@example.org",
        "ñandú\u00a0x@example.org",
        "ñ" * 65 + "@example.org",
        "\ud800@example.org",
        "ana@ñ\r\n.org",
        "ana@" + "ñ" * 64 + ".org",
    ],
)
def test_what_is_not_one_plain_address_is_refused(email: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        headers.address_header("To", email, "Ana")


def test_an_international_domain_goes_in_ascii() -> None:
    assert headers.header_address("Citas@Clínica.example") == "Citas@xn--clnica-4va.example"


def test_a_local_part_beyond_ascii_stays_as_it_is_in_utf8() -> None:
    line = headers.address_header("To", "ñandú@Clínica.example", "Ana")
    assert line == "To: Ana <ñandú@xn--clnica-4va.example>\r\n".encode()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Su próxima cita", b"Subject: =?utf-8?q?Su_pr=C3=B3xima_cita?=\r\n"),
        ("🦷", b"Subject: =?utf-8?b?8J+mtw==?=\r\n"),
        ("תור", b"Subject: =?utf-8?b?16rXldeo?=\r\n"),
        ("cita =?x", b"Subject: =?utf-8?q?cita_=3D=3Fx?=\r\n"),
        ("", b"Subject: \r\n"),
    ],
)
def test_an_encoded_subject_is_as_readable_as_it_can_be(text: str, line: bytes) -> None:
    assert headers.text_header("Subject", text) == line


@pytest.mark.parametrize(
    "text",
    [
        *("ñ" * 200, "🦷" * 100, "a🦷" * 100, "e\u0301" * 90),
        *("a" * length + "🦷" + "a" * 60 for length in range(40, 60)),
    ],
)
def test_no_encoded_word_splits_a_character_or_is_longer_than_75(text: str) -> None:
    lines = headers.text_header("Subject", text).decode().removeprefix("Subject: ").split()
    words = [decode_header(word) for word in lines]
    assert max(map(len, lines)) <= 75
    assert "".join(part.decode() for ((part, _),) in words) == text


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    date=st.datetimes(
        min_value=datetime(1000, 1, 1),
        timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))),
    )
)
def test_a_date_is_written_as_the_standard_library_writes_it(date: datetime) -> None:
    assert headers.date_header("Date", date) == f"Date: {format_datetime(date)}\r\n".encode()


def test_a_long_value_in_brackets_stays_whole_on_one_line() -> None:
    value = "<https://example.org/" + "a-" * 200 + ">"
    line = headers.bracketed_header("List-Unsubscribe", value)
    assert line == f"List-Unsubscribe: {value}\r\n".encode()
    assert read(line) == {"List-Unsubscribe": value}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "<>",
        "a@example.org",
        "<a@example.org>\r\nBcc: x@example.org",
        "<a@example.org>\n",
        "<a b@example.org>",
        "<https://example.org/>, <mailto:x@example.org>",
        "<ñ@example.org>",
        "<" + "a" * 1000 + "@example.org>",
    ],
)
def test_what_is_not_one_visible_value_in_brackets_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        headers.bracketed_header("Message-ID", value)


@pytest.mark.parametrize("value", ["es\r\nBcc: x@example.org", "es\r\n x", "es\n", "ñ"])
def test_a_fixed_value_is_plain_ascii(value: str) -> None:
    with pytest.raises(ValueError, match="Content-Language"):
        headers.fixed_header("Content-Language", value)
