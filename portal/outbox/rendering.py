"""From a message's row to the mail, by the one renderer: for sending, for previews and for
showing a mail again as it went."""

from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Row

from portal.admin.service import base_url, practice
from portal.extensions import db
from portal.mail.compose import Address, Content, Envelope, Mail, Template, compile_template
from portal.mail_settings.accounts import account, active_settings
from portal.models import Contact, LegalNotice, MailSettings, Message, TemplateVersion

NO_SENDER = Address("not-configured@example.com")  # in previews, before there is a mailbox
PREVIEW_TOKEN = "preview"  # nobody's  # noqa: S105
DEFAULT_GREETINGS = {"en": "Dear", "es": "Estimado/a", "it": "Gentile"}


def contact_values(contact: Contact | Row[Any]) -> dict[str, str]:
    """The values of a contact's keywords, as a message keeps them; of a row, its columns
    first_name, last_name, greeting and language are read."""
    here = practice()
    language = contact.language or (here.language if here else "en")
    return {
        "greeting": contact.greeting or DEFAULT_GREETINGS[language],
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "full_name": f"{contact.first_name} {contact.last_name}".strip(),
        "practice_name": here.name if here else "",
    }


def template_of(subject: str, body: str, language: str, legal_notice: str) -> Template:
    """A text with its legal notice, compiled to be filled for many."""
    with force_locale(language):
        label = _("Unsubscribe from our news")
    return compile_template(Content(subject, body, legal_notice, language, label))


def unsubscribe_url(token: str | None) -> str | None:
    """The link to unsubscribe by a token; None without one."""
    return f"{base_url()}/unsubscribe/{token}" if token else None


def sender_of(settings: MailSettings) -> Address:
    """Whom a mail comes from: the mailbox, under the practice's name unless it has its own."""
    here = practice()
    return Address(settings.email, settings.sender_name or (here.name if here else ""))


def sender_now() -> Address:
    """Whom a mail would come from as things stand."""
    here = account()
    settings = active_settings(here.id) if here else None
    return sender_of(settings) if settings else NO_SENDER


def _envelope(
    message: Message | Row[Any], sender: Address, date: datetime, token: str | None
) -> Envelope:
    return Envelope(
        sender=sender,
        recipient=Address(message.recipient, message.recipient_name),
        message_id=message.message_id,
        date=date,
        unsubscribe_url=unsubscribe_url(token),
    )


class Renderer:
    """Composes mails; compiles each template and legal notice once."""

    def __init__(self) -> None:
        self._templates: dict[tuple[int, int | None], Template] = {}

    def compose(self, message: Message | Row[Any], sender: Address, date: datetime) -> Mail:
        """The mail of a message, to be shown on our pages: its link to unsubscribe does nothing,
        since only its recipient may use the real one."""
        envelope = _envelope(message, sender, date, message.unsubscribe_token and PREVIEW_TOKEN)
        return self._template(message).compose(message.template_values, envelope)

    def render(self, message: Row[Any], sender: Address, date: datetime) -> bytes:
        """The mail of a message, to be sent."""
        envelope = _envelope(message, sender, date, message.unsubscribe_token)
        return self._template(message).render(message.template_values, envelope)

    def _template(self, message: Message | Row[Any]) -> Template:
        key = (message.template_version_id, message.legal_notice_id)
        if key not in self._templates:
            self._templates[key] = self._compile(*key)
        return self._templates[key]

    def _compile(self, version_id: int, notice_id: int | None) -> Template:
        version = db.session.get_one(TemplateVersion, version_id)
        notice = db.session.get(LegalNotice, notice_id) if notice_id else None
        return template_of(
            version.subject, version.body, version.language, notice.text if notice else ""
        )
