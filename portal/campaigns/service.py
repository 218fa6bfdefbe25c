"""Campaigns: written as a draft, looked at, launched once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from portal import consent, queue
from portal.admin.service import practice
from portal.extensions import db
from portal.mail import keywords
from portal.mail.compose import Address, Envelope, Mail, new_message_id
from portal.mail_settings import accounts
from portal.models import (
    AccountStatus,
    Campaign,
    CampaignStatus,
    Contact,
    MailAccount,
    MailSettings,
    MessageStatus,
    Purpose,
    TemplateVersion,
    UnsubscribeToken,
    User,
)
from portal.models.base import now
from portal.outbox import rendering
from portal.outbox.service import add

KIND = "campaign"
LAUNCH_ROWS = 1000  # contacts read and messages written at a time; the launch is one transaction
SUBJECT_LENGTH = 255


class LaunchRefused(Exception):
    """Why a campaign can't start: `reason` is a code that the page has a sentence for."""

    def __init__(self, reason: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.names = names


def unknown_keywords(campaign: Campaign) -> list[str]:
    """The keywords of subject and body that a campaign can't fill, as written."""
    found = keywords.problems(campaign.subject, KIND) + keywords.problems(campaign.body, KIND)
    return list(dict.fromkeys(found))


def obstacle(campaign: Campaign) -> LaunchRefused | None:
    """What stands in the way of a launch, before the number of recipients is asked."""
    if campaign.status is not CampaignStatus.DRAFT:
        return LaunchRefused("launched")
    here = accounts.account()
    # At its limit a mailbox is well: the mails wait for the limit to end.
    if not here or here.status not in (AccountStatus.WORKING, AccountStatus.LIMITED):
        return LaunchRefused("mailbox")
    if unknown := unknown_keywords(campaign):
        return LaunchRefused("keywords", tuple(unknown))
    return None


def launch(campaign: Campaign, confirmed: int, by: User) -> None:
    """Make one message row per contact in one transaction, and ring for the workers.

    `confirmed` is the number of recipients that the person saw. Raises LaunchRefused."""
    if refused := obstacle(campaign):
        raise refused
    here = db.session.scalars(select(MailAccount)).one()
    started = db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.status == CampaignStatus.DRAFT)
        .values(status=CampaignStatus.RUNNING, launched_at=now(), launched_by_id=by.id)
    )
    if started.rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        raise LaunchRefused("launched")
    recipients = _Launch(campaign, here).write()
    if recipients != confirmed:
        db.session.rollback()
        raise LaunchRefused("outdated")
    if not recipients:
        db.session.rollback()
        raise LaunchRefused("nobody")
    db.session.commit()
    queue.enqueue("jobs.deliver.run", here.id, queue=queue.BULK)


class _Launch:
    """Writes a campaign's messages; the caller commits."""

    def __init__(self, campaign: Campaign, account: MailAccount) -> None:
        self._campaign = campaign
        self._account = account
        self._sender = _active(account).email
        here = practice()
        language = here.language if here else "en"
        self._version = TemplateVersion(
            kind=KIND, language=language, subject=campaign.subject, body=campaign.body
        )
        self._template = rendering.template_of(campaign.subject, campaign.body, language, "")
        db.session.add(self._version)
        db.session.flush()
        campaign.template_version_id = self._version.id

    def write(self) -> int:
        """Returns how many are queued; the others are skipped with their reason."""
        queued = 0
        for found in _contacts_by(LAUNCH_ROWS):
            tokens = _tokens([row.Contact.id for row in found])
            rows = [self._row(row.Contact, row.refusal, tokens) for row in found]
            queued += sum(row["status"] is MessageStatus.QUEUED for row in rows)
            add(rows)
        return queued

    def _row(self, contact: Contact, refusal: str | None, tokens: dict[int, str]) -> dict[str, Any]:
        values = rendering.contact_values(contact)
        return {
            "account_id": self._account.id,
            "contact_id": contact.id,
            "kind": KIND,
            "campaign_id": self._campaign.id,
            "campaign_name": self._campaign.name,
            "template_version_id": self._version.id,
            "legal_notice_id": self._account.legal_notice_id,
            "template_values": values,
            "unsubscribe_token": tokens[contact.id],
            "recipient": contact.email,
            "recipient_name": contact.full_name,
            "subject": self._template.subject(values)[:SUBJECT_LENGTH],
            "message_id": new_message_id(self._sender),
            "status": MessageStatus.SKIPPED if refusal else MessageStatus.QUEUED,
            "reason": refusal,
        }


def _active(account: MailAccount) -> MailSettings:
    settings = accounts.active_settings(account.id)
    if settings is None:
        raise LaunchRefused("mailbox")
    return settings


def _contacts_by(size: int) -> Iterator[Sequence[Any]]:
    """All contacts with the reason why they get none, in portions."""
    last_id = 0
    refusal = consent.refusal(KIND).label("refusal")
    while found := db.session.execute(
        select(Contact, refusal).where(Contact.id > last_id).order_by(Contact.id).limit(size)
    ).all():
        last_id = found[-1].Contact.id
        yield found
        for row in found:
            db.session.expunge(row.Contact)


def _tokens(contact_ids: list[int]) -> dict[int, str]:
    consent.add_tokens(contact_ids, Purpose.MARKETING)
    query = select(UnsubscribeToken.contact_id, UnsubscribeToken.token).where(
        UnsubscribeToken.contact_id.in_(contact_ids),
        UnsubscribeToken.purpose == Purpose.MARKETING,
    )
    return {row.contact_id: row.token for row in db.session.execute(query)}


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
