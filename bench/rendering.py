"""The portal's renderer beside email.message.EmailMessage: the same mails, parsed back to the
same content."""

import time
from collections.abc import Callable, Iterable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime
from html import escape
from string import Template

from bench import content
from bench.content import Person

COMPARED_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe")

Render = Callable[[Person], bytes]


def ours() -> Render:
    template = content.template()
    return lambda person: template.render(person.values, person.envelope)


def email_message() -> Render:
    """The same mail as a Python user writes it."""
    written = content.written("${{{}}}".format)
    subject, text, html = map(Template, (written.subject, written.text, written.html))

    def render(person: Person) -> bytes:
        values = {**person.values, "token": person.token}
        envelope = person.envelope
        message = EmailMessage(policy=SMTP)
        message["From"] = f"{content.SENDER.name} <{content.SENDER.email}>"
        message["To"] = f"{values['full_name']} <{person.email}>"
        message["Subject"] = subject.substitute(values)
        message["Date"] = format_datetime(envelope.date)
        message["Message-ID"] = envelope.message_id
        message["Content-Language"] = "es"
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(text.substitute(values))
        escaped = {name: escape(value) for name, value in values.items()}
        message.add_alternative(html.substitute(escaped), subtype="html")
        return message.as_bytes()

    return render


def rate(render: Render, mails: int) -> float:
    """Mails per second."""
    recipients = list(content.people(mails))
    began = time.perf_counter()
    for person in recipients:
        render(person)
    return mails / (time.perf_counter() - began)


def check_content(renders: Iterable[Render], person: Person) -> None:
    """Raises RuntimeError unless a parser reads the same from all of them."""
    read = [_parsed(render(person)) for render in renders]
    if any(one != read[0] for one in read):
        raise RuntimeError(f"The renderers say different things: {read}")


def _parsed(mail: bytes) -> dict[str, str]:
    message = message_from_bytes(mail, policy=default)
    assert isinstance(message, EmailMessage)
    parts = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    bodies = {kind: part.get_content() for kind, part in parts.items() if part}
    return {**{name: str(message[name]) for name in COMPARED_HEADERS}, **bodies}
