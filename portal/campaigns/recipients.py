"""Who gets a campaign: one message row for each contact, written in bulk."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, select

from portal import consent
from portal.admin.service import practice
from portal.extensions import db
from portal.mail import keywords
from portal.mail.compose import Template, new_message_id
from portal.models import (
    Campaign,
    Contact,
    MailAccount,
    MessageStatus,
    Purpose,
    TemplateVersion,
    UnsubscribeToken,
)
from portal.models.base import now
from portal.outbox import rendering
from portal.outbox.transitions import add

KIND = "campaign"
PORTION = 1000  # contacts read and messages written at a time
SUBJECT_LENGTH = 255

Subject = Callable[[Mapping[str, str]], str]


def write_messages(campaign: Campaign, account: MailAccount, sender_email: str) -> int:
    """Give each contact a message of the campaign, queued, or skipped with the reason.

    Returns how many are queued; the caller commits."""
    here = practice()
    language = here.language if here else "en"
    version = TemplateVersion(
        kind=KIND, language=language, subject=campaign.subject, body=campaign.body
    )
    db.session.add(version)
    db.session.flush()
    campaign.template_version_id = version.id
    template = rendering.template_of(campaign.subject, campaign.body, language, "")
    subject, shared = _subject(campaign, template), _shared(campaign, account)
    queued = 0
    for found in _contacts_by(PORTION):
        tokens = _tokens(found)
        rows = [
            {**shared, **_own(contact, tokens[contact.id], subject, sender_email)}
            for contact in found
        ]
        queued += sum(row["status"] is MessageStatus.QUEUED for row in rows)
        add(rows)
    return queued


def _subject(campaign: Campaign, template: Template) -> Subject:
    """What fills the subject, in which most campaigns have nothing to fill."""
    if keywords.used(campaign.subject):
        return lambda values: template.subject(values)[:SUBJECT_LENGTH]
    fixed = template.subject({})[:SUBJECT_LENGTH]
    return lambda _values: fixed


def _shared(campaign: Campaign, account: MailAccount) -> dict[str, Any]:
    """What all messages of the campaign have in common."""
    return {
        "account_id": account.id,
        "kind": KIND,
        "campaign_id": campaign.id,
        "campaign_name": campaign.name,
        "template_version_id": campaign.template_version_id,
        "legal_notice_id": account.legal_notice_id,
        "status_at": now(),
    }


def _own(contact: Row[Any], token: str, subject: Subject, sender_email: str) -> dict[str, Any]:
    values = rendering.contact_values(contact)
    return {
        "contact_id": contact.id,
        "template_values": values,
        "unsubscribe_token": token,
        "recipient": contact.email,
        "recipient_name": values["full_name"],
        "subject": subject(values),
        "message_id": new_message_id(sender_email),
        "status": MessageStatus.SKIPPED if contact.refusal else MessageStatus.QUEUED,
        "reason": contact.refusal,
    }


def _contacts_by(size: int) -> Iterator[Sequence[Row[Any]]]:
    """All contacts in portions, each with the reason why they get none, and the token of their link
    to unsubscribe if they have one."""
    is_theirs = and_(
        UnsubscribeToken.contact_id == Contact.id, UnsubscribeToken.purpose == Purpose.MARKETING
    )
    columns: tuple[Any, ...] = (
        *(Contact.id, Contact.first_name, Contact.last_name, Contact.email),
        *(Contact.greeting, Contact.language, UnsubscribeToken.token),
        consent.refusal(KIND).label("refusal"),
    )
    query = (
        select(*columns)
        .outerjoin(UnsubscribeToken, is_theirs)
        .where(Contact.id > bindparam("last_id"))
        .order_by(Contact.id)
        .limit(size)
    )
    last_id = 0
    while found := db.session.execute(query, {"last_id": last_id}).all():
        last_id = found[-1].id
        yield found


def _tokens(contacts: Sequence[Row[Any]]) -> dict[int, str]:
    """A token for each, by the contact's id."""
    without = [contact.id for contact in contacts if contact.token is None]
    consent.add_tokens(without, Purpose.MARKETING)
    added = select(UnsubscribeToken.contact_id, UnsubscribeToken.token).where(
        UnsubscribeToken.contact_id.in_(without), UnsubscribeToken.purpose == Purpose.MARKETING
    )
    had = {contact.id: contact.token for contact in contacts}
    return had | {row.contact_id: row.token for row in db.session.execute(added)}
