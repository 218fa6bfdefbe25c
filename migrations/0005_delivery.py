"""Outcomes as they come, doubts, several sessions, limits, schedules: what delivery is kept by."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

STATUSES = (
    *("queued", "sending", "sent", "deferred", "failed"),
    *("bounced", "unconfirmed", "skipped", "cancelled"),
)
WAITING = sa.text("status IN ('queued', 'deferred')")
DUE_AT = sa.text("coalesce(next_attempt_at, '1970-01-01 00:00:00')")
SESSIONS = 10

# Table -> name, type and, where it is never empty, what older rows get.
ADDED: dict[str, tuple[tuple[str, Any, Any], ...]] = {
    "campaigns": (("scheduled_at", sa.DateTime(), None), ("missed_at", sa.DateTime(), None)),
    "messages": (
        ("retry_until", sa.DateTime(), None),
        ("expires_at", sa.DateTime(), None),
        ("repeats", sa.Integer(), "0"),
    ),
    "mail_accounts": (
        ("waits_until", sa.DateTime(), None),
        ("campaigns_wait_until", sa.DateTime(), None),
        ("limits", sa.JSON(), None),
        ("reserved_percent", sa.Integer(), "20"),
        ("repeated_kinds", sa.JSON(), None),
        ("pipelining", sa.Boolean(), sa.true()),
    ),
    "session_slots": (
        ("number", sa.Integer(), "1"),
        ("boot_id", sa.String(length=36), None),
        ("lease_boottime", sa.Double(), None),
    ),
}


def _status(name: str, *, nullable: bool) -> sa.Column[str]:
    words = sa.Enum(*STATUSES, name="messagestatus", native_enum=False, length=20)
    return sa.Column(name, words, nullable=nullable)


def _message_id() -> sa.Column[int]:
    return sa.Column(
        "message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
    )


def upgrade() -> None:
    _create_outcomes()
    _create_doubts()
    _create_usage()
    for table, columns in ADDED.items():
        for name, kind, default in columns:
            nullable = default is None
            op.add_column(table, sa.Column(name, kind, nullable=nullable, server_default=default))
    _index_waiting(["account_id", "campaign_id", DUE_AT, "id"])
    _number_slots()


def _create_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("claim_id", sa.String(length=32), nullable=False),
        _message_id(),
        _status("status", nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("attempted_at", sa.DateTime()),
        sa.Column("settings_id", sa.Integer()),
        sa.Column("last_command", sa.String(length=10)),
        sa.Column("reason", sa.String(length=40)),
        sa.Column("reply", sa.String(length=500)),
        sa.Column("next_attempt_at", sa.DateTime()),
        sa.Column("retry_until", sa.DateTime()),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_outcomes_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("claim_id", "message_id", name=op.f("pk_outcomes")),
        sqlite_with_rowid=False,
    )


def _create_doubts() -> None:
    op.create_table(
        "doubts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _message_id(),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("last_command", sa.String(length=10)),
        sa.Column("looked_at", sa.DateTime()),
        sa.Column("found_in_sent", sa.Boolean()),
        sa.Column("settled_at", sa.DateTime()),
        _status("settled_as", nullable=True),
        sa.Column("settled_by_id", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_doubts_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["users.id"], name=op.f("fk_doubts_settled_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doubts")),
    )
    op.create_index("ix_doubts_message_id", "doubts", ["message_id"])
    is_open = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_doubts_open", "doubts", ["id"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.execute(
        "INSERT INTO doubts (message_id, since) "
        "SELECT id, status_at FROM messages WHERE status = 'unconfirmed'"
    )


def _create_usage() -> None:
    op.create_table(
        "account_usage",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("span", sa.String(length=6), nullable=False),
        sa.Column("bucket", sa.BigInteger(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("campaign_mails", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["mail_accounts.id"],
            name=op.f("fk_account_usage_account_id_mail_accounts"),
        ),
        sa.PrimaryKeyConstraint("account_id", "span", "bucket", name=op.f("pk_account_usage")),
    )


def _index_waiting(columns: list[str | sa.TextClause]) -> None:
    op.drop_index("ix_messages_waiting", "messages")
    op.create_index(
        "ix_messages_waiting", "messages", columns, sqlite_where=WAITING, postgresql_where=WAITING
    )


def _number_slots() -> None:
    """An account's one slot becomes the first of several."""
    op.drop_index("ix_session_slots_account_id", "session_slots")
    for number in range(2, SESSIONS + 1):
        op.execute(
            "INSERT INTO session_slots (account_id, number) "  # noqa: S608 - a number of our own
            f"SELECT id, {number} FROM mail_accounts"
        )
    op.create_index(
        "uq_session_slots_account_id_number", "session_slots", ["account_id", "number"], unique=True
    )


def downgrade() -> None:
    op.execute("DELETE FROM session_slots WHERE number > 1")
    op.drop_index("uq_session_slots_account_id_number", "session_slots")
    op.create_index("ix_session_slots_account_id", "session_slots", ["account_id"])
    _index_waiting(["account_id", DUE_AT, "id"])
    for table, columns in ADDED.items():
        for name, _kind, _default in columns:
            op.drop_column(table, name)
    for name in ("account_usage", "doubts", "outcomes"):
        op.drop_table(name)
