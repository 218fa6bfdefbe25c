"""How far somebody has come in mending a mailbox: kept for the account, so that a colleague can go
on, and so can oneself the day after on another device."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Model, UtcDateTime, now


class TroubleshootingWalk(Model):
    """The way through the wizard: one for each account, finished once the mailbox works.

    It stands at `path` and `step`, since `moved_at`; `cause` is what was the matter then, and
    `provider` whose mailbox it was. `trail` are the steps before, in order, each with the number of
    the answer that was given (from 1; 0 where there was no question): [["gmail/two-step", 2],
    ...]."""

    __tablename__ = "troubleshooting_walks"

    account_id: Mapped[int] = mapped_column(ForeignKey("mail_accounts.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(40))
    step: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str | None] = mapped_column(String(40))
    provider: Mapped[str | None] = mapped_column(String(40))
    trail: Mapped[list[tuple[str, int]]] = mapped_column(JSON)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    moved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TroubleshootingNote(Model):
    """What somebody wrote down on the way, for themselves and their colleagues."""

    __tablename__ = "troubleshooting_notes"
    __table_args__ = (Index("ix_troubleshooting_notes_account_id_id", "account_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("mail_accounts.id"))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
