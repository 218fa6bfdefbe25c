"""Our mail and the same mail built by the standard library: a parser reads the same out of both."""

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.headerregistry import Address as OrdinaryAddress
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.mail.compose import Address, Content, Envelope, Mail, compile_template

ENVELOPE = Envelope(
    sender=Address("citas@clinica.example", "Clínica Sol"),
    recipient=Address("ana@example.org", "Ana Gómez"),
    message_id="<0123456789abcdef@clinica.example>",
    date=datetime(2026, 12, 1, 9, 30, tzinfo=timezone(timedelta(hours=1))),
    unsubscribe_url="https://portal.example/unsubscribe/" + "t" * 43,
)
NAMES = [
    "",
    "Ana María Núñez",
    "O'Neill, Ana (Dr.)",
    'Ana "la rubia" Gómez \\',
    "<ana@example.org>",
    "נועה לוי",
    "ليلى حداد",
    "e\u0301le\u0300ve",
    "Ana 👩‍⚕️🦷",
]
WRITTEN = [
    *("${nombre}", "${nombre_completo}", "${enlace_baja}", "$$", "${", "**", "*", "- ", "%b", "{}"),
    *(
        "\n",
        "\n\n",
        " \n",
        "\t\n",
        ".",
        "\n.\n",
        "\n..x",
        "=",
        "=2E",
        "&lt;",
        "<b>",
        "\x00",
        "\x85",
    ),
    *(
        "ñ",
        "e\u0301",
        "🦷",
        "שלום ",
        "مرحبا ",
        "x" * 80,
        "palabra " * 12,
        "[web](https://x.example/)",
    ),
]
TEXT = st.lists(st.sampled_from(WRITTEN) | st.text(max_size=9), max_size=9).map("".join)
VALUE = st.sampled_from([*NAMES, ".", "..", "a \t", "a\r\nb", "x" * 200, "\x00=\x7f"]) | st.text()
NAME = st.sampled_from(NAMES)


# Not folded, since the library loses spaces where it folds encoded subjects.
ORDINARY = policy.SMTP.clone(max_line_length=9_000)


def ordinary(mail: Mail, envelope: Envelope) -> bytes:
    """The mail as the standard library builds it."""
    message = EmailMessage(policy=ORDINARY)
    for header, one in (("From", envelope.sender), ("To", envelope.recipient)):
        message[header] = OrdinaryAddress(one.name, addr_spec=one.email)
    message["Subject"] = mail.subject
    message["Date"] = envelope.date
    message["Message-ID"] = envelope.message_id
    message["X-Mail-Reference"] = envelope.message_id[1:].partition("@")[0]
    if envelope.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()


def read(data: bytes) -> dict[str, Any]:
    """What a parser finds in a mail."""
    message = message_from_bytes(data, policy=policy.default)
    assert not any(part.defects for part in message.walk())
    addresses = {
        header: [(one.display_name, one.addr_spec) for one in message[header].addresses]
        for header in ("From", "To")
    }
    lines = {
        header: message[header]
        for header in (
            *("Subject", "Message-ID", "X-Mail-Reference"),
            *("List-Unsubscribe", "List-Unsubscribe-Post"),
        )
    }
    parts = [(part.get_content_type(), part.get_content()) for part in message.iter_parts()]
    unfolded = [(kind, text.replace("\r\n", "\n")) for kind, text in parts]
    return {**addresses, **lines, "Date": message["Date"].datetime, "parts": unfolded}


def assert_ready_for_the_wire(data: bytes) -> None:
    assert data.isascii()
    assert data.endswith(b"\r\n")
    assert not re.search(rb"[^\r]\n|\r[^\n]|(?m:^\.)", data)
    lines = data.split(b"\r\n")
    assert max(len(line) for line in lines if not line.startswith(b"List-Unsubscribe: ")) <= 76


@settings(deadline=None, max_examples=150, derandomize=True)
@given(subject=TEXT, body=TEXT, notice=TEXT, value=VALUE, link=st.booleans())
def test_a_mail_says_what_the_ordinary_one_says(
    subject: str, body: str, notice: str, value: str, link: bool
) -> None:
    template = compile_template(Content(subject, body, notice, "es", "Darse de baja"))
    envelope = ENVELOPE if link else replace(ENVELOPE, unsubscribe_url=None)
    values = {"first_name": value, "full_name": f"{value} Gómez"}
    mail = template.compose(values, envelope)
    assert_ready_for_the_wire(mail.data)
    assert template.render(values, envelope) == mail.data
    found = read(mail.data)
    assert found == read(ordinary(mail, envelope))
    assert found["Subject"] == mail.subject
    assert found["parts"] == [("text/plain", mail.text), ("text/html", mail.html)]


@settings(deadline=None, max_examples=100, derandomize=True)
@given(sender=NAME, recipient=NAME, value=NAME)
def test_names_are_read_as_in_the_ordinary_mail(sender: str, recipient: str, value: str) -> None:
    template = compile_template(Content("${nombre}", "${nombre}", "", "es", "Baja"))
    envelope = replace(
        ENVELOPE,
        sender=Address("citas@clinica.example", sender),
        recipient=Address("ana@example.org", recipient),
    )
    mail = template.compose({"first_name": value}, envelope)
    assert_ready_for_the_wire(mail.data)
    assert read(mail.data) == read(ordinary(mail, envelope))
    assert read(mail.data)["To"] == [(recipient, "ana@example.org")]


def test_the_reference_is_the_message_ids_local_part() -> None:
    mail = compile_template(Content("Cita", "Hola", "", "es", "Baja")).render({}, ENVELOPE)
    assert read(mail)["X-Mail-Reference"] == "0123456789abcdef"


@pytest.mark.parametrize(
    "envelope",
    [
        replace(ENVELOPE, sender=Address("ñandú@example.org", "Ñandú")),
        replace(ENVELOPE, recipient=Address("ñandú@example.org", "Ñandú")),
    ],
)
def test_only_an_address_beyond_ascii_makes_a_mail_for_smtputf8(envelope: Envelope) -> None:
    template = compile_template(Content("Cita 🦷", "Hola ñ", "ñ", "es", "Baja"))
    data = template.render({}, envelope)
    beyond = [line for line in data.split(b"\r\n") if not line.isascii()]
    assert template.render({}, ENVELOPE).isascii()
    assert [line.split()[-1].decode() for line in beyond] == ["<ñandú@example.org>"]
