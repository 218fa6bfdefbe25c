"""The mail that a check sends on request, to show that the mailbox brings mail to the end."""

from datetime import datetime

from flask_babel import force_locale
from flask_babel import gettext as _

from portal.admin.service import practice
from portal.mail.compose import Address, Content, Envelope, Mail, compile_template, new_message_id
from portal.mail_settings.accounts import account, legal_notice
from portal.models import MailSettings
from portal.outbox.rendering import sender_of
from portal.pages import short_time


def compose(chosen: MailSettings, recipient: str, language: str, date: datetime) -> Mail:
    """The test mail by these settings, from whom and with the legal notice that other mails have.
    `date` is aware."""
    here, mailbox = practice(), account()
    envelope = Envelope(
        sender=sender_of(chosen),
        recipient=Address(recipient),
        message_id=new_message_id(chosen.email),
        date=date,
        unsubscribe_url=None,
    )
    content = _content(language, legal_notice(mailbox) if mailbox else "", date)
    values = {"practice_name": here.name if here else ""}
    return compile_template(content).compose(values, envelope)


def _content(language: str, notice: str, date: datetime) -> Content:
    with force_locale(language):
        subject = _("Test mail from ${practice_name}")
        body = _(
            "This is a test of the mailbox of ${practice_name}, made on %(date)s. It has arrived, "
            "so mails to your patients can go out.\n\nThere is nothing for you to do.",
            date=short_time(date),
        )
    return Content(subject, body, notice, language, unsubscribe_label="")
