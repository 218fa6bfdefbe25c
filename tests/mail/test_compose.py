"""A mail as it is sent, read back by the standard library's parser."""

import html as html_module
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.mail import headers
from portal.mail.compose import (
    Address,
    Content,
    Envelope,
    Mail,
    compile_template,
    new_message_id,
)

UNSUBSCRIBE = "https://portal.example/unsubscribe/" + "t" * 120
CONTENT = Content(
    subject="Cita de ${nombre}",
    body="Hola **${nombre}**:\n\n- DNI",
    legal_notice="Clínica Sol, S.L.\nDatos: <privacidad> ${nombre}",
    language="es",
    unsubscribe_label="Darse de baja",
)
ENVELOPE = Envelope(
    sender=Address("citas@clinica.example", "Clínica Sol"),
    recipient=Address("ana@example.org", "Ana Gómez"),
    message_id="<" + "0123456789abcdef" * 8 + "@clinica.example>",
    date=datetime(2026, 12, 1, 9, 30, tzinfo=timezone(timedelta(hours=1))),
    unsubscribe_url=UNSUBSCRIBE,
)
TEMPLATE = compile_template(CONTENT)
VALUES = {"first_name": "Ana"}

NASTY = [
    "",
    "Ana María Núñez",
    '"Ana", la <de> x@example.org; (sí)',
    "=?utf-8?q?Ana=0ABcc:_x?=",
    "<script>alert(1)</script> & 'x'",
    "**a** _b_ [x](https://example.org) ${last_name} $$ {0}",
    "مرحبا بك 👩‍⚕️🦷 " * 20,
    "x" * 1500,
    ".\n..\r\n.",
    "a\r\nBcc: x@example.org\r\n\r\n<b>",
    "\x00\x1b\x85\u2028\ud800",
]
ANYTHING = st.sampled_from(NASTY) | st.text()


def parsed(mail: Mail) -> EmailMessage:
    return message_from_bytes(mail.data, policy=policy.default)


def part(mail: Mail, subtype: str) -> str:
    body = parsed(mail).get_body((subtype,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def compose(content: Content = CONTENT, envelope: Envelope = ENVELOPE) -> Mail:
    return compile_template(content).compose(VALUES, envelope)


def test_the_headers_of_a_mail() -> None:
    message = parsed(compose())
    assert message.keys() == [
        *("From", "To", "Subject", "Date", "Message-ID", "X-Mail-Reference", "Content-Language"),
        *("MIME-Version", "List-Unsubscribe", "List-Unsubscribe-Post", "Content-Type"),
    ]
    assert str(message["From"]) == "Clínica Sol <citas@clinica.example>"
    assert str(message["To"]) == "Ana Gómez <ana@example.org>"
    assert message["Subject"] == "Cita de Ana"
    assert message["Date"].datetime == ENVELOPE.date
    assert message["Content-Language"] == "es"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    assert not any(p.defects for p in message.walk())


def test_the_text_form() -> None:
    assert compose().text == (
        "Hola Ana:\n\n- DNI\n\n"
        "----------------------------------------\n"
        "Clínica Sol, S.L.\nDatos: <privacidad> ${nombre}\n\n"
        f"Darse de baja: {UNSUBSCRIBE}\n"
    )


def test_the_html_form_is_a_small_document_that_fetches_nothing() -> None:
    page = BeautifulSoup(compose().html, "html.parser")
    assert page.html is not None
    assert page.title is not None
    assert page.html["lang"] == "es"
    assert page.title.text == "Cita de Ana"
    assert page.select_one("meta[name=viewport]")
    assert page.select_one("meta[name=color-scheme]")
    assert not page.find_all(["img", "link", "script", "style", "iframe"])
    assert not page.find_all(src=True)


def test_the_legal_notice_stands_apart_with_the_unsubscribe_line_below() -> None:
    page = BeautifulSoup(compose().html, "html.parser")
    body, notice, unsubscribe = page.select("body > div > *")
    assert body.text.split() == ["Hola", "Ana:", "DNI"]
    assert "border-top" in str(notice["style"])
    assert notice.get_text().strip() == CONTENT.legal_notice
    assert len(notice.find_all("br")) == 1
    assert unsubscribe.a is not None
    assert (unsubscribe.a["href"], unsubscribe.text) == (UNSUBSCRIBE, "Darse de baja")


def test_without_legal_notice_nothing_stands_in_its_place() -> None:
    mail = compose(replace(CONTENT, legal_notice=" \n"))
    assert "---" not in mail.text
    assert "border-top" not in mail.html


def test_without_unsubscribe_url_there_is_no_line_and_no_header() -> None:
    mail = compose(envelope=replace(ENVELOPE, unsubscribe_url=None))
    assert "List-Unsubscribe" not in parsed(mail)
    assert "List-Unsubscribe-Post" not in parsed(mail)
    assert "Darse de baja" not in mail.text + mail.html


def test_a_body_with_its_own_unsubscribe_link_gets_no_second_one() -> None:
    mail = compose(replace(CONTENT, body="[Baja](${enlace_baja})"))
    assert mail.text.count(UNSUBSCRIBE) == mail.html.count(UNSUBSCRIBE) == 1
    assert f"Baja ({UNSUBSCRIBE})" in mail.text
    assert parsed(mail)["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"


def test_the_envelopes_unsubscribe_url_outranks_a_value() -> None:
    template = compile_template(replace(CONTENT, body="${enlace_baja}"))
    mail = template.compose({"unsubscribe_link": "https://evil.example"}, ENVELOPE)
    assert "evil" not in mail.text + mail.html


def test_a_subject_never_carries_the_recipients_own_link() -> None:
    template = compile_template(replace(CONTENT, subject="Hola ${enlace_baja}"))
    assert template.compose(VALUES, ENVELOPE).subject == template.subject(VALUES) == "Hola"


def test_dollar_signs_survive_in_subject_and_body() -> None:
    mail = compose(replace(CONTENT, subject="$$5 $${nombre}", body="$$5 $${nombre}"))
    assert mail.subject == "$5 ${nombre}"
    assert mail.text.startswith("$5 ${nombre}\n")
    assert "<p>$5 ${nombre}</p>" in mail.html


def assert_safe_on_the_wire(mail: Mail) -> None:
    mail.data.decode("ascii")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", mail.data)
    head, _, body = mail.data.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert b"\nbcc:" not in head.lower()


@settings(deadline=None, max_examples=150, derandomize=True)
@given(value=ANYTHING)
def test_whatever_a_value_contains_arrives_as_text_on_one_line(value: str) -> None:
    template = compile_template(replace(CONTENT, body="Hola **<${nombre}>**:"))
    mail = template.compose({"first_name": value}, ENVELOPE)
    shown = headers.one_line(value)
    assert_safe_on_the_wire(mail)
    assert parsed(mail)["Subject"] == mail.subject == f"Cita de {shown}".strip()
    assert part(mail, "plain") == mail.text
    assert mail.text.startswith(f"Hola <{shown}>:\n")
    assert part(mail, "html") == mail.html
    assert f"<strong>&lt;{html_module.escape(shown)}&gt;</strong>:" in mail.html
    assert f"<title>{html_module.escape(mail.subject)}</title>" in mail.html


@settings(deadline=None, max_examples=100, derandomize=True)
@given(text=ANYTHING)
def test_whatever_is_written_into_subject_body_and_notice_arrives(text: str) -> None:
    mail = compose(Content(text, text, text, "es", "Baja"))
    assert_safe_on_the_wire(mail)
    assert parsed(mail)["Subject"] == mail.subject
    assert part(mail, "plain") == mail.text
    assert part(mail, "html") == mail.html


def test_message_id_and_list_unsubscribe_stand_whole_on_one_line() -> None:
    mail = compose()
    lines = mail.data.split(b"\r\n")
    assert f"Message-ID: {ENVELOPE.message_id}".encode() in lines
    assert f"List-Unsubscribe: <{UNSUBSCRIBE}>".encode() in lines
    assert parsed(mail)["Message-ID"] == ENVELOPE.message_id
    assert parsed(mail)["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"


@pytest.mark.parametrize(
    "change",
    [
        {"sender": Address("a@example.org\r\nBcc: x@example.org")},
        {"recipient": Address("a@example.org, x@example.org")},
        {"message_id": "<a@example.org>\r\nBcc: x@example.org"},
        {"unsubscribe_url": "https://example.org/\r\nBcc: x@example.org"},
        {"unsubscribe_url": "https://example.org/>, <mailto:x@example.org"},
        {"date": datetime(2026, 12, 1, 9, 30)},
    ],
)
def test_what_cannot_stand_in_a_header_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        compose(envelope=replace(ENVELOPE, **change))


@pytest.mark.parametrize("name", NASTY)
def test_no_name_adds_a_header(name: str) -> None:
    named = replace(ENVELOPE, sender=Address("a@x.org", name), recipient=Address("b@x.org", name))
    mail = compose(envelope=named)
    assert_safe_on_the_wire(mail)
    assert parsed(mail).keys() == parsed(compose()).keys()


def test_an_international_domain_goes_out_in_ascii() -> None:
    mail = compose(envelope=replace(ENVELOPE, sender=Address("citas@Clínica.example")))
    assert parsed(mail)["From"] == "citas@xn--clnica-4va.example"


def test_a_new_message_id_is_ascii_in_the_senders_domain_and_new_each_time() -> None:
    ids = {new_message_id("citas@clínica.example") for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(r"<[0-9a-f]{32}@xn--clnica-4va\.example>", one) for one in ids)


def test_a_message_id_has_no_place_for_what_is_no_address() -> None:
    with pytest.raises(ValueError, match="address"):
        new_message_id("citas@clinica.example>\r\nBcc: <x@example.org")


def test_a_template_serves_many_recipients() -> None:
    mails = [TEMPLATE.compose({"first_name": name}, ENVELOPE) for name in ("Ana", "Luca")]
    assert [mail.subject for mail in mails] == ["Cita de Ana", "Cita de Luca"]
    assert ["Luca" in mail.html for mail in mails] == [False, True]
