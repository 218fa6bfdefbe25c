"""The one renderer of every mail: a template is compiled once and filled per recipient."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import MIMEPart
from email.utils import format_datetime
from html import escape

from portal.mail import headers, keywords
from portal.mail.formatting import Formatted, format_text

_UNSUBSCRIBE = "unsubscribe_link"

# RFC 2045 ends an encoded line at 76; quoted-printable keeps the mail 7-bit on every way.
_MIME = policy.SMTP.clone(max_line_length=76, cte_type="7bit")
_ENCODING = "quoted-printable"

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# No colour but a grey line that shows on light and dark alike: a mail client's dark mode turns
# the colours it chose itself, and often only half of those it was given.
_FRAME = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
</head>
<body style="margin:0;padding:16px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,\
Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:600px;margin:0 auto;overflow-wrap:break-word">
<div>
{body}
</div>
{legal_notice}{unsubscribe}</div>
</body>
</html>
"""
_HTML_NOTICE = (
    '<div style="margin-top:32px;padding-top:12px;border-top:1px solid #888888;'
    'font-size:13px">\n{}\n</div>\n'
)
_HTML_UNSUBSCRIBE = '<p style="margin-top:16px;font-size:13px"><a href="{}">{}</a></p>\n'
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

    `message_id` has its angle brackets; `unsubscribe_url` is ASCII.
    """

    sender: Address
    recipient: Address
    message_id: str
    date: datetime
    unsubscribe_url: str | None


@dataclass(frozen=True)
class Mail:
    """One recipient's mail: what it says, and the bytes to send (ASCII, CRLF)."""

    subject: str
    text: str
    html: str
    data: bytes


@dataclass(frozen=True)
class Template:
    """A content with its formatting done, ready to be filled many times."""

    content: Content
    body: Formatted
    links_unsubscribe: bool

    def subject(self, values: Mapping[str, str]) -> str:
        """Return the filled subject, one trimmed line.

        `${unsubscribe_link}` is empty here unless `values` has it: subjects are listed, and the
        link is the recipient's own.
        """
        return headers.one_line(keywords.fill(self.content.subject, values, headers.one_line))

    def compose(self, values: Mapping[str, str], envelope: Envelope) -> Mail:
        """Return the mail for `values`, which go by canonical keyword.

        `unsubscribe_link` is the envelope's. Raises ValueError for an address, Message-ID,
        unsubscribe URL or naive date that can't stand in a header.
        """
        url = envelope.unsubscribe_url
        subject = self.subject(values)
        lines = {name: headers.one_line(value) for name, value in values.items()}
        lines[_UNSUBSCRIBE] = url or ""
        line_url = None if self.links_unsubscribe else url
        text = self._text(lines, line_url)
        html = self._html(lines, line_url, subject)
        head = _head(subject, self.content.language, envelope)
        return Mail(subject, text, html, head + _alternatives(text, html))

    def _text(self, values: Mapping[str, str], unsubscribe_url: str | None) -> str:
        notice = self.content.legal_notice
        sections = [self.body.text.fill(values)]
        if notice:
            sections.append(f"{_TEXT_RULE}\n{notice}")
        if unsubscribe_url:
            sections.append(f"{self.content.unsubscribe_label}: {unsubscribe_url}")
        return "\n\n".join(sections) + "\n"

    def _html(self, values: Mapping[str, str], unsubscribe_url: str | None, subject: str) -> str:
        notice = escape(self.content.legal_notice).replace("\n", "<br>\n")
        label = escape(self.content.unsubscribe_label)
        url = escape(unsubscribe_url or "")
        return _FRAME.format(
            language=escape(self.content.language),
            subject=escape(subject),
            body=self.body.html.fill(values),
            legal_notice=_HTML_NOTICE.format(notice) if notice else "",
            unsubscribe=_HTML_UNSUBSCRIBE.format(url, label) if url else "",
        )


def compile_template(content: Content) -> Template:
    """Return the template of a content; unknown keywords in it stay as they are written."""
    clean = Content(
        subject=headers.one_line(content.subject),
        body=_clean(content.body),
        legal_notice=_clean(content.legal_notice).strip(),
        language=content.language,
        unsubscribe_label=headers.one_line(content.unsubscribe_label),
    )
    return Template(
        content=clean,
        body=format_text(clean.body),
        links_unsubscribe=_UNSUBSCRIBE in keywords.used(clean.body),
    )


def new_message_id(sender_email: str) -> str:
    """Return a new `<random@domain>` in the sender's domain, ASCII.

    Raises ValueError for what is not an address.
    """
    domain = headers.ascii_address(sender_email).rpartition("@")[2]
    return f"<{secrets.token_hex(16)}@{domain}>"


def _head(subject: str, language: str, envelope: Envelope) -> bytes:
    """Return the headers above those of the MIME parts."""
    if envelope.date.utcoffset() is None:
        raise ValueError("a mail's date needs its offset from UTC")
    sender, recipient = envelope.sender, envelope.recipient
    lines = [
        headers.address_header("From", sender.email, sender.name),
        headers.address_header("To", recipient.email, recipient.name),
        headers.text_header("Subject", subject),
        headers.fixed_header("Date", format_datetime(envelope.date)),
        headers.bracketed_header("Message-ID", envelope.message_id),
        headers.fixed_header("Content-Language", language),
        headers.fixed_header("MIME-Version", "1.0"),
    ]
    if envelope.unsubscribe_url:
        lines += _unsubscribe_headers(envelope.unsubscribe_url)
    return b"".join(lines)


def _unsubscribe_headers(url: str) -> list[bytes]:
    """RFC 8058: mail clients offer to unsubscribe, and do it by one POST to the URL."""
    return [
        headers.bracketed_header("List-Unsubscribe", f"<{url}>"),
        headers.fixed_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def _alternatives(text: str, html: str) -> bytes:
    """Return both forms as multipart/alternative with its header, the preferred form last."""
    parts = MIMEPart(policy=_MIME)
    parts.set_content(text, cte=_ENCODING)
    parts.add_alternative(html, subtype="html", cte=_ENCODING)
    return parts.as_bytes()


def _clean(text: str) -> str:
    """Return the text with LF line breaks, and a space for what no mail may contain."""
    return _CONTROLS.sub(" ", re.sub(r"\r\n?", "\n", text))
