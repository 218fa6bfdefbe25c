"""The one renderer of every mail: a template is compiled once and filled per recipient."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Self

from portal.mail import headers, keywords
from portal.mail.formatting import Formatted, Pattern, format_text
from portal.mail.skeleton import Skeleton, alternatives

_SUBJECT = "subject"  # no keyword: the filled subject, which the HTML has for its title
_UNSUBSCRIBE = "unsubscribe_link"

# RFC 8058: mail clients offer to unsubscribe, and do it by one POST to the URL.
_ONE_CLICK = headers.fixed_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# No colour but a grey line that shows on light and dark alike: a mail client's dark mode turns
# the colours it chose itself, and often only half of those it was given.
_HTML_TOP = """\
<!DOCTYPE html>
<html lang="{}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>"""
_HTML_MIDDLE = """\
</title>
</head>
<body style="margin:0;padding:16px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,\
Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:600px;margin:0 auto;overflow-wrap:break-word">
<div>
"""
_HTML_NOTICE = (
    '<div style="margin-top:32px;padding-top:12px;border-top:1px solid #888888;'
    'font-size:13px">\n{}\n</div>\n'
)
_HTML_UNSUBSCRIBE = '<p style="margin-top:16px;font-size:13px"><a href="'
_HTML_BOTTOM = "</div>\n</body>\n</html>\n"
_TEXT_RULE = "-" * 40


@dataclass(frozen=True)
class Content:
    """What a mail says.

    `subject` and `body` carry `${keywords}`, the body light formatting too. The legal notice is
    plain text. `language` is a tag such as `es`; `unsubscribe_label` the words of the
    unsubscribe line in it.
    """

    subject: str
    body: str
    legal_notice: str
    language: str
    unsubscribe_label: str


@dataclass(frozen=True)
class Address:
    """A mail address with the name shown beside it."""

    email: str
    name: str = ""


@dataclass(frozen=True)
class Envelope:
    """What differs from mail to mail beside the values; `date` is aware.

    `message_id` has its angle brackets; `unsubscribe_url` is ASCII. An address whose local part
    is not ASCII makes a mail that needs a server with SMTPUTF8.
    """

    sender: Address
    recipient: Address
    message_id: str
    date: datetime
    unsubscribe_url: str | None


@dataclass(frozen=True)
class Mail:
    """One recipient's mail: what it says, and the bytes to send, as `Template.render` has them."""

    subject: str
    text: str
    html: str
    data: bytes


@dataclass(frozen=True)
class _Forms:
    """The text and the HTML of a content, and the MIME of both."""

    text: Pattern
    html: Pattern
    mime: Skeleton

    @classmethod
    def of(cls, content: Content, body: Formatted, *, unsubscribe_line: bool) -> Self:
        text = _text(content, body.text, unsubscribe_line)
        html = _html(content, body.html, unsubscribe_line)
        return cls(text, html, alternatives(text, html))


@dataclass(frozen=True)
class Template:
    """A content compiled, ready to be filled many times."""

    _subject: Pattern
    _fixed_headers: bytes
    _with_link: _Forms
    _without_link: _Forms

    def subject(self, values: Mapping[str, str]) -> str:
        """Return the filled subject, one trimmed line.

        `${unsubscribe_link}` is empty here unless `values` has it: subjects are listed, and the
        link is the recipient's own.
        """
        return headers.one_line(self._subject.fill(values))

    def compose(self, values: Mapping[str, str], envelope: Envelope) -> Mail:
        """Return the mail for `values`, to be looked at; otherwise as `render`."""
        lines, forms = self._lines(values, envelope), self._forms(envelope)
        text, html = forms.text.fill(lines), forms.html.fill(lines)
        return Mail(lines[_SUBJECT], text, html, self.render(values, envelope))

    def render(self, values: Mapping[str, str], envelope: Envelope) -> bytes:
        """Return the bytes to send for `values`, which go by canonical keyword.

        They end in CRLF, as every line does, and no line begins with a dot. They are ASCII unless
        an address has a local part that isn't (`data.isascii()` tells): then the mail needs a
        server with SMTPUTF8.

        `unsubscribe_link` is the envelope's. Raises ValueError for an address, Message-ID,
        unsubscribe URL or naive date that can't stand in a header.
        """
        lines = self._lines(values, envelope)
        return self._head(lines[_SUBJECT], envelope) + self._forms(envelope).mime.fill(lines)

    def _lines(self, values: Mapping[str, str], envelope: Envelope) -> dict[str, str]:
        """Return what the slots ask for, each on one line."""
        lines = {name: headers.one_line(value) for name, value in values.items()}
        lines[_SUBJECT] = self.subject(values)
        lines[_UNSUBSCRIBE] = envelope.unsubscribe_url or ""
        return lines

    def _forms(self, envelope: Envelope) -> _Forms:
        return self._with_link if envelope.unsubscribe_url else self._without_link

    def _head(self, subject: str, envelope: Envelope) -> bytes:
        """Return the headers above those of the MIME parts."""
        to = envelope.recipient
        reference = envelope.message_id[1:].rpartition("@")[0]
        lines = [
            _from(envelope.sender),
            headers.address_header("To", to.email, to.name),
            headers.text_header("Subject", subject),
            headers.date_header("Date", envelope.date),
            headers.bracketed_header("Message-ID", envelope.message_id),
            headers.fixed_header("X-Mail-Reference", reference),  # some providers rewrite the ID
            self._fixed_headers,
        ]
        if envelope.unsubscribe_url:
            url = f"<{envelope.unsubscribe_url}>"
            lines += [headers.bracketed_header("List-Unsubscribe", url), _ONE_CLICK]
        return b"".join(lines)


def compile_template(content: Content) -> Template:
    """Return the template of a content; unknown keywords in it stay as they are written.

    Raises ValueError for a language beyond ASCII.
    """
    clean = Content(
        subject=headers.one_line(content.subject),
        body=_clean(content.body),
        legal_notice=_clean(content.legal_notice).strip(),
        language=content.language,
        unsubscribe_label=headers.one_line(content.unsubscribe_label),
    )
    body = format_text(clean.body)
    has_own_link = _UNSUBSCRIBE in keywords.used(clean.body)
    return Template(
        _subject=_subject(clean.subject),
        _fixed_headers=headers.fixed_header("Content-Language", clean.language)
        + headers.fixed_header("MIME-Version", "1.0"),
        _with_link=_Forms.of(clean, body, unsubscribe_line=not has_own_link),
        _without_link=_Forms.of(clean, body, unsubscribe_line=False),
    )


def new_message_id(sender_email: str) -> str:
    """Return a new `<random@domain>` in the sender's domain, ASCII.

    Raises ValueError for what is not an address.
    """
    domain = headers.header_address(sender_email).rpartition("@")[2]
    return f"<{secrets.token_hex(16)}@{domain}>"


def _subject(source: str) -> Pattern:
    return Pattern(
        tuple(
            piece if isinstance(piece, str) else (piece.name, headers.one_line)
            for piece in keywords.parse(source)
        )
    )


def _text(content: Content, body: Pattern, unsubscribe_line: bool) -> Pattern:
    notice = f"\n\n{_TEXT_RULE}\n{content.legal_notice}" if content.legal_notice else ""
    line = (f"\n\n{content.unsubscribe_label}: ", (_UNSUBSCRIBE, str))
    return Pattern((*body.pieces, notice, *(line if unsubscribe_line else ()), "\n"))


def _html(content: Content, body: Pattern, unsubscribe_line: bool) -> Pattern:
    notice = escape(content.legal_notice).replace("\n", "<br>\n")
    label = f'">{escape(content.unsubscribe_label)}</a></p>\n'
    line = (_HTML_UNSUBSCRIBE, (_UNSUBSCRIBE, escape), label)
    return Pattern(
        (
            *(_HTML_TOP.format(escape(content.language)), (_SUBJECT, escape), _HTML_MIDDLE),
            *(*body.pieces, "\n</div>\n", _HTML_NOTICE.format(notice) if notice else ""),
            *(line if unsubscribe_line else ()),
            _HTML_BOTTOM,
        )
    )


@lru_cache(maxsize=8)
def _from(sender: Address) -> bytes:  # a campaign's mails have one sender
    return headers.address_header("From", sender.email, sender.name)


def _clean(text: str) -> str:
    """Return the text with LF line breaks, and a space for what no mail may contain."""
    return _CONTROLS.sub(" ", re.sub(r"\r\n?", "\n", text))
