from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import BigId, Model, UtcDateTime, now, sorted_text, words


class MessageStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    BOUNCED = "bounced"
    UNCONFIRMED = "unconfirmed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


WAITING = (MessageStatus.QUEUED, MessageStatus.DEFERRED)

IS_WAITING = text("status IN ('queued', 'deferred')")
IS_CLAIMED = text("status = 'sending'")
# When a message may be sent: at once, until it is deferred. No NULL, so that one range of an index
# has what is due, in the order in which it is due.
NEVER_TRIED = "'1970-01-01 00:00:00'"
DUE_AT = f"coalesce(next_attempt_at, {NEVER_TRIED})"


class Message(Model):
    """One mail to one person: what makes it, where it stands, what the server said last.

    No body is kept: template version, values and legal notice make it again. `status_at` is
    when the status last changed, but for a claim, which is over soon; `attempted_at` the Date
    header of the last attempt and `settings_id` what it went by. `claim_id` names the session slot
    whose lease holds the row while it is `sending`. `next_attempt_at` is set from the first
    deferral on, `retry_until` from the first that was its recipient's; after `expires_at` it is of
    no use to anybody and never goes out. `repeats` counts how often it went out again though it
    was in doubt. Mails without a campaign, such as reminders, overtake those of campaigns.

    Erasing a person clears `recipient`, `recipient_name`, `subject` and `template_values`; the
    row stays as a number. Each index serves one sort of the sent list and the filter on its
    column."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("uq_messages_campaign_contact", "campaign_id", "contact_id", unique=True),
        Index("ix_messages_date", "status_at", "id"),
        Index("ix_messages_recipient", "recipient", "id"),
        Index("ix_messages_subject", "subject", "id"),
        Index("ix_messages_kind", "kind", "status_at", "id"),
        Index("ix_messages_campaign_name", "campaign_name", "status_at", "id"),
        Index("ix_messages_campaign", "campaign_id", "status_at", "id"),
        Index("ix_messages_status", "status", "status_at", "id"),
        Index("ix_messages_campaign_status", "campaign_id", "status", "status_at", "id"),
        Index(
            "ix_messages_waiting",
            "account_id",
            "campaign_id",
            text(DUE_AT),
            "id",
            sqlite_where=IS_WAITING,
            postgresql_where=IS_WAITING,
        ),
        Index(
            "ix_messages_claimed",
            "claim_id",
            "id",
            sqlite_where=IS_CLAIMED,
            postgresql_where=IS_CLAIMED,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("mail_accounts.id"))
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey("contacts.id", ondelete="SET NULL"), index=True
    )
    kind: Mapped[str] = mapped_column(String(30))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    campaign_name: Mapped[str] = mapped_column(sorted_text(120), default="")
    template_version_id: Mapped[int] = mapped_column(ForeignKey("template_versions.id"))
    legal_notice_id: Mapped[int | None] = mapped_column(ForeignKey("legal_notices.id"))
    template_values: Mapped[dict[str, Any]] = mapped_column(JSON)
    settings_id: Mapped[int | None] = mapped_column(ForeignKey("mail_settings.id"))
    unsubscribe_token: Mapped[str | None] = mapped_column(String(43))
    recipient: Mapped[str] = mapped_column(sorted_text(254))
    recipient_name: Mapped[str] = mapped_column(String(201))
    subject: Mapped[str] = mapped_column(sorted_text(255))
    message_id: Mapped[str] = mapped_column(String(320), unique=True)

    status: Mapped[MessageStatus] = mapped_column(words(MessageStatus))
    status_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    reason: Mapped[str | None] = mapped_column(String(40))
    reply: Mapped[str | None] = mapped_column(String(500))
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retry_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    repeats: Mapped[int] = mapped_column(default=0, server_default="0")
    claim_id: Mapped[str | None] = mapped_column(String(32))


class Outcome(Model):
    """What became of a mail that a claim holds, committed before the next body is sent.

    The claim's holder folds these rows into the messages and the counters at least twice a second,
    whoever takes the claim over at once; so the table stays short, and a mail costs one short row
    instead of a change in every index of the messages. `attempted_at` and `settings_id` are None
    where no server was spoken to."""

    __tablename__ = "outcomes"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's way

    claim_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    message_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    status: Mapped[MessageStatus] = mapped_column(words(MessageStatus))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settings_id: Mapped[int | None]
    last_command: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(40))
    reply: Mapped[str | None] = mapped_column(String(500))
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retry_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    repeats: Mapped[int] = mapped_column(default=0)


class Doubt(Model):
    """A mail that may have gone out or not, with what is known of it, until somebody settles it.

    `last_command` is the last that the server was given (mail, rcpt, data, body, dot), None where
    the sender died and nobody knows. `looked_at` is when the mailbox's Sent folder was searched for
    the Message-ID, `found_in_sent` whether it was there. `settled_as` is the status that a person
    gave it: sent, or queued for sending it again."""

    __tablename__ = "doubts"
    __table_args__ = (
        Index("ix_doubts_message_id", "message_id"),
        Index(
            "ix_doubts_open",
            "id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("messages.id", ondelete="CASCADE"))
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_command: Mapped[str | None] = mapped_column(String(10))
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    found_in_sent: Mapped[bool | None]
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_as: Mapped[MessageStatus | None] = mapped_column(words(MessageStatus))
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class MessageReply(Model):
    """What a server answered to an attempt that did not end the message; the last answer stands
    on the message itself."""

    __tablename__ = "message_replies"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("messages.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempt: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(40))
    reply: Mapped[str | None] = mapped_column(String(500))
