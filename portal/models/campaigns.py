from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Model, UtcDateTime, now, words


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


LAUNCHED = (CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.FINISHED)


class TemplateVersion(Model):
    """A subject and a body with ${keywords}, frozen: sent mails are shown again from it."""

    __tablename__ = "template_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Campaign(Model):
    """A mail to many. The counters hold how many of its messages have a status; they change in
    the transaction that changes the message (outbox/transitions.py), so nobody ever counts rows.

    `scheduled_at` is when it is to start by itself; found more than an hour late, it asks instead:
    `missed_at` is when that was noticed."""

    __tablename__ = "campaigns"
    __table_args__ = (
        Index("ix_campaigns_created_at_id", "created_at", "id"),
        Index("ix_campaigns_status", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(String(20), default="all")
    status: Mapped[CampaignStatus] = mapped_column(
        words(CampaignStatus), default=CampaignStatus.DRAFT
    )
    template_version_id: Mapped[int | None] = mapped_column(ForeignKey("template_versions.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    scheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    launched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    launched_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    queued_count: Mapped[int] = mapped_column(default=0)
    sending_count: Mapped[int] = mapped_column(default=0)
    sent_count: Mapped[int] = mapped_column(default=0)
    deferred_count: Mapped[int] = mapped_column(default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    bounced_count: Mapped[int] = mapped_column(default=0)
    unconfirmed_count: Mapped[int] = mapped_column(default=0)
    skipped_count: Mapped[int] = mapped_column(default=0)
    cancelled_count: Mapped[int] = mapped_column(default=0)

    def count(self, status: str) -> int:
        """How many of its messages have the status."""
        return int(getattr(self, f"{status}_count"))

    @property
    def waiting(self) -> int:
        """How many of its messages can still go out."""
        return self.queued_count + self.sending_count + self.deferred_count

    @property
    def total(self) -> int:
        """How many people it is for; those who were left out don't count."""
        return self.waiting + self.settled

    @property
    def settled(self) -> int:
        """Of how many people it is known what became of their mail, or that it never will be."""
        return (
            self.sent_count
            + self.failed_count
            + self.bounced_count
            + self.unconfirmed_count
            + self.cancelled_count
        )
