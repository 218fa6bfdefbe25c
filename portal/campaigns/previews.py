"""A campaign as one of its recipients gets it."""

from dataclasses import dataclass

from sqlalchemy import select

from portal import consent
from portal.admin.service import practice
from portal.campaigns.recipients import KIND
from portal.extensions import db
from portal.mail.compose import Address, Envelope, Mail, new_message_id
from portal.mail_settings import accounts
from portal.models import Campaign, Contact
from portal.models.base import now
from portal.outbox import rendering


@dataclass(frozen=True)
class Preview:
    """The draft as one person would get it, and the neighbours to look at."""

    contact: Contact
    mail: Mail
    previous_id: int | None
    next_id: int | None


def preview(campaign: Campaign, contact_id: int | None) -> Preview | None:
    """The mail for a contact who may get it, the first by default; None where there is none."""
    eligible = select(Contact).where(consent.refusal(KIND).is_(None))
    at = contact_id or 0
    contact = db.session.scalar(
        eligible.where(Contact.id >= at).order_by(Contact.id).limit(1)
    ) or db.session.scalar(eligible.where(Contact.id < at).order_by(Contact.id.desc()).limit(1))
    if contact is None:
        return None
    before = eligible.where(Contact.id < contact.id).order_by(Contact.id.desc()).limit(1)
    after = eligible.where(Contact.id > contact.id).order_by(Contact.id).limit(1)
    previous, following = db.session.scalar(before), db.session.scalar(after)
    return Preview(
        contact,
        _compose(campaign, contact),
        previous.id if previous else None,
        following.id if following else None,
    )


def _compose(campaign: Campaign, contact: Contact) -> Mail:
    here, account = practice(), accounts.account()
    template = rendering.template_of(
        campaign.subject,
        campaign.body,
        here.language if here else "en",
        accounts.legal_notice(account) if account else "",
    )
    sender = rendering.sender_now()
    envelope = Envelope(
        sender=sender,
        recipient=Address(contact.email, contact.full_name),
        message_id=new_message_id(sender.email),
        date=now(),
        unsubscribe_url=rendering.unsubscribe_url(rendering.PREVIEW_TOKEN),
    )
    return template.compose(rendering.contact_values(contact), envelope)
