from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, text, true
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Model, UtcDateTime, now, words

MOST_SESSIONS = 10  # of an account at once: as many slots are made for it


class AccountStatus(StrEnum):
    UNCONFIGURED = "unconfigured"
    WORKING = "working"
    FAILING = "failing"
    LIMITED = "limited"


class SettingsState(StrEnum):
    """Settings are tried before they are used: what works stays active until a check passes."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


class CheckState(StrEnum):
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    REPLACED = "replaced"


class MailAccount(Model):
    """The practice's mailbox and how it does. `cause`, `field` (the one to correct, if any) and
    `reply` say why it fails, or is limited until `limited_until`.

    `next_check_at` is when the settings are checked again without anybody asking; `failures`
    counts in a row. By the sending limits all mails wait until `waits_until`, those of campaigns
    until `campaigns_wait_until`.

    `limits` has what was changed of the provider's figures, by name of providers.Limits; None
    there means no limit. `reserved_percent` of them are kept for mails without a campaign.
    `repeated_kinds` maps a kind of mail to whether one in doubt is sent once more by itself.
    `pipelining` is False once the server proved not to take commands in groups."""

    __tablename__ = "mail_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[AccountStatus] = mapped_column(
        words(AccountStatus), default=AccountStatus.UNCONFIGURED
    )
    cause: Mapped[str | None] = mapped_column(String(40))
    field: Mapped[str | None] = mapped_column(String(40))
    reply: Mapped[str | None] = mapped_column(String(500))
    status_since: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    failures: Mapped[int] = mapped_column(default=0)
    next_check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    limited_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    legal_notice_id: Mapped[int | None] = mapped_column(ForeignKey("legal_notices.id"))
    waits_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    campaigns_wait_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    limits: Mapped[dict[str, int | None] | None] = mapped_column(JSON(none_as_null=True))
    reserved_percent: Mapped[int] = mapped_column(default=20, server_default="20")
    repeated_kinds: Mapped[dict[str, bool] | None] = mapped_column(JSON(none_as_null=True))
    pipelining: Mapped[bool] = mapped_column(default=True, server_default=true())


class MailGrant(Model):
    """A permission to send by a mailbox, given on the page of its provider (OAuth 2.0).

    `issuer` is the key of an authorization server, `address` the mailbox that was signed in to.
    `tokens` is the JSON {"access": str, "refresh": str}, sealed; empty once it is forgotten.
    `generation` counts the access tokens; nobody else asks for the next one before
    `refreshing_until`. `expires_at` is when the permission ends, where the provider said so;
    `ended_at`, `ended_cause` and `ended_reply` are when it did, and why."""

    __tablename__ = "mail_grants"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("mail_accounts.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(20))
    tenant: Mapped[str] = mapped_column(String(253))
    client_id: Mapped[str] = mapped_column(String(255))
    address: Mapped[str] = mapped_column(String(254))
    tokens: Mapped[str] = mapped_column(Text, default="")
    tokens_key_id: Mapped[str] = mapped_column(String(12), default="")
    generation: Mapped[int] = mapped_column(default=1)
    refreshed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    access_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refreshing_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_cause: Mapped[str | None] = mapped_column(String(40))
    ended_reply: Mapped[str | None] = mapped_column(String(500))

    @property
    def tokens_place(self) -> str:
        """What the vault binds the tokens to."""
        return f"mail_grants/{self.id}/tokens"


class MailSettings(Model):
    """One saved version of the SMTP settings; rows are never changed but in `state`.

    With a grant they sign in by its access token, and have no password."""

    __tablename__ = "mail_settings"
    __table_args__ = (
        Index(
            "ix_mail_settings_one_active",
            "account_id",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index("ix_mail_settings_account_id_id", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("mail_accounts.id"))
    state: Mapped[SettingsState] = mapped_column(words(SettingsState))
    email: Mapped[str] = mapped_column(String(254))
    sender_name: Mapped[str] = mapped_column(String(120))
    different_user: Mapped[bool]
    username: Mapped[str] = mapped_column(String(254))
    password: Mapped[str] = mapped_column(Text)
    password_key_id: Mapped[str] = mapped_column(String(12))
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("mail_grants.id"))
    provider: Mapped[str] = mapped_column(String(40))
    smtp_server: Mapped[str] = mapped_column(String(253))
    smtp_port: Mapped[int]
    security: Mapped[str] = mapped_column(String(4))
    allow_unencrypted: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    @property
    def password_place(self) -> str:
        """What the vault binds the password to."""
        return f"mail_settings/{self.id}/password"


class MailCheck(Model):
    """One live check of one version of the settings; with `test_recipient`, a test mail to that
    address as well, written in `test_language`.

    `phases` maps the name of a phase (of PHASES, or "test" for the test mail) to {"state":
    "passed" | "failed" | "running", "ms": int}; `field` is the one to correct, None where no field
    can mend it. `permanent` and `scope` are the diagnosis's. `alternative` is where the server was
    found to answer instead: {"host": str, "port": int, "security": "ssl" | "tls"}."""

    __tablename__ = "mail_checks"
    __table_args__ = (
        Index("ix_mail_checks_account_id_id", "account_id", "id"),
        Index("ix_mail_checks_settings_id_id", "settings_id", "id"),
        Index("ix_mail_checks_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("mail_accounts.id"))
    settings_id: Mapped[int] = mapped_column(ForeignKey("mail_settings.id"))
    state: Mapped[CheckState] = mapped_column(words(CheckState), default=CheckState.RUNNING)
    phases: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    cause: Mapped[str | None] = mapped_column(String(40))
    field: Mapped[str | None] = mapped_column(String(40))
    reply: Mapped[str | None] = mapped_column(String(500))
    permanent: Mapped[bool | None]
    scope: Mapped[str | None] = mapped_column(String(10))
    alternative: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    test_recipient: Mapped[str | None] = mapped_column(String(254))
    test_language: Mapped[str | None] = mapped_column(String(2))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HelpRequest(Model):
    """Somebody asked the administrators to mend the mailbox; open until it works again.

    `cause` and `reply` are what was the matter at that moment; a person has one open request."""

    __tablename__ = "help_requests"
    __table_args__ = (
        Index(
            "ix_help_requests_one_open",
            "user_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    cause: Mapped[str | None] = mapped_column(String(40))
    reply: Mapped[str | None] = mapped_column(String(500))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionSlot(Model):
    """The right to hold one SMTP session of an account, leased by a claim together with the
    messages that carry the claim's id. A lease that ran out means its holder died.

    `number` counts an account's slots from 1. The lease is kept by two clocks: `lease_boottime`
    (seconds since the start of the machine, time asleep included) for whoever runs on the same
    start of the same machine, which `boot_id` tells; `lease_until` for others."""

    __tablename__ = "session_slots"
    __table_args__ = (
        Index("uq_session_slots_account_id_number", "account_id", "number", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("mail_accounts.id"))
    number: Mapped[int] = mapped_column(default=1, server_default="1")
    claim_id: Mapped[str | None] = mapped_column(String(32))
    boot_id: Mapped[str | None] = mapped_column(String(36))
    lease_boottime: Mapped[float | None]
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountDay(Model):
    """How many mails the server accepted on a day (UTC), kept in the transaction that says so of
    the messages."""

    __tablename__ = "account_days"

    account_id: Mapped[int] = mapped_column(ForeignKey("mail_accounts.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    accepted: Mapped[int] = mapped_column(default=0)


class AccountUsage(Model):
    """How many mails an account began in a stretch of time, and how many of them were a
    campaign's: what the limits of a span ("day", "hour", "minute") are kept by.

    `bucket` numbers the stretches of the span since 1970 (outbox/limits.py has their lengths)."""

    __tablename__ = "account_usage"

    account_id: Mapped[int] = mapped_column(ForeignKey("mail_accounts.id"), primary_key=True)
    span: Mapped[str] = mapped_column(String(6), primary_key=True)
    bucket: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mails: Mapped[int] = mapped_column(default=0)
    campaign_mails: Mapped[int] = mapped_column(default=0)


class LegalNotice(Model):
    """A version of the text beneath every mail. Rows stay, since sent mails name theirs."""

    __tablename__ = "legal_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
