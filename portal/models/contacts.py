from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from portal.models.base import Model, UtcDateTime, now, sorted_text, words


class Purpose(StrEnum):
    """What a person may leave without leaving the rest."""

    MARKETING = "marketing"


class Contact(Model):
    """A person on file. `email` may be empty; `address_hash` is its keyed hash (consent.py).

    `email_key` is the address in lower case, by which an import knows a person."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index("ix_contacts_last_name_id", "last_name", "id"),
        Index("ix_contacts_first_name_id", "first_name", "id"),
        Index("ix_contacts_email_key_id", "email_key", "id"),
        Index("ix_contacts_privacy_consent_id", "privacy_consent", "id"),
        Index("ix_contacts_marketing_consent_id", "marketing_consent", "id"),
        Index(
            "ix_contacts_eligibility",
            "privacy_consent",
            "marketing_consent",
            "address_hash",
            "email_key",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(sorted_text(100), default="")
    last_name: Mapped[str] = mapped_column(sorted_text(100), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    email_key: Mapped[str] = mapped_column(sorted_text(254), default="")
    address_hash: Mapped[str] = mapped_column(String(64), default="")
    greeting: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    language: Mapped[str] = mapped_column(String(2), default="")
    privacy_consent: Mapped[bool] = mapped_column(default=False)
    privacy_consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    marketing_consent: Mapped[bool] = mapped_column(default=False)
    marketing_consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class UnsubscribeToken(Model):
    """The random part of an unsubscribe link: per person and purpose, valid for years."""

    __tablename__ = "unsubscribe_tokens"
    __table_args__ = (Index("uq_unsubscribe_tokens_contact", "contact_id", "purpose", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(43), unique=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))


class Suppression(Model):
    """An address that must not be written to for a purpose, kept as a keyed hash only, so that
    it outlives the person's record."""

    __tablename__ = "suppressions"
    __table_args__ = (Index("uq_suppressions_address", "address_hash", "purpose", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[Purpose] = mapped_column(words(Purpose))
    reason: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ImportState(StrEnum):
    UPLOADED = "uploaded"
    RUNNING = "running"
    FINISHED = "finished"


class ContactImport(Model):
    """An uploaded contact file and how far it was taken in.

    `content` goes when the import is finished. `done` counts the rows of the file that were
    looked at; it is committed together with what those rows became, so a killed import goes on
    at the next row."""

    __tablename__ = "contact_imports"
    __table_args__ = (Index("ix_contact_imports_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    filename: Mapped[str] = mapped_column(String(255))
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    state: Mapped[ImportState] = mapped_column(words(ImportState), default=ImportState.UPLOADED)
    allow_shared: Mapped[bool] = mapped_column(default=False)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class ImportProblem(Model):
    """One cell of a contact file that kept its row out."""

    __tablename__ = "import_problems"
    __table_args__ = (Index("ix_import_problems_import_id_row", "import_id", "row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("contact_imports.id", ondelete="CASCADE"))
    row: Mapped[int]
    column: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(String(100))
