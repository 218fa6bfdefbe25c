"""How the mailbox does: limits, what a check found, and who asked for it to be mended."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

IS_WAITING = sa.text("status IN ('queued', 'deferred')")
DUE_AT = sa.text("coalesce(next_attempt_at, '1970-01-01 00:00:00')")
CHECK_COLUMNS = ("permanent", "scope", "alternative", "test_recipient", "test_language")


def upgrade() -> None:
    op.add_column("mail_accounts", sa.Column("limited_until", sa.DateTime(), nullable=True))
    # A working mailbox is checked once a day from now on, beginning now.
    op.execute(
        "UPDATE mail_accounts SET next_check_at = status_since"
        " WHERE status = 'working' AND next_check_at IS NULL"
    )
    op.add_column("mail_checks", sa.Column("permanent", sa.Boolean(), nullable=True))
    op.add_column("mail_checks", sa.Column("scope", sa.String(length=10), nullable=True))
    op.add_column("mail_checks", sa.Column("alternative", sa.JSON(), nullable=True))
    op.add_column("mail_checks", sa.Column("test_recipient", sa.String(length=254), nullable=True))
    op.add_column("mail_checks", sa.Column("test_language", sa.String(length=2), nullable=True))
    op.create_index("ix_mail_checks_settings_id_id", "mail_checks", ["settings_id", "id"])
    op.create_table(
        "help_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=True),
        sa.Column("reply", sa.String(length=500), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_help_requests_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_requests")),
    )
    op.create_index(
        "ix_help_requests_one_open",
        "help_requests",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    _index_waiting_by("account_id", DUE_AT, "id")


def _index_waiting_by(*columns: str | sa.TextClause) -> None:
    op.drop_index("ix_messages_waiting", "messages")
    op.create_index(
        "ix_messages_waiting",
        "messages",
        columns,
        sqlite_where=IS_WAITING,
        postgresql_where=IS_WAITING,
    )


def downgrade() -> None:
    _index_waiting_by("account_id", "id", "next_attempt_at")
    op.drop_table("help_requests")
    op.drop_index("ix_mail_checks_settings_id_id", "mail_checks")
    for column in CHECK_COLUMNS:
        op.drop_column("mail_checks", column)
    op.drop_column("mail_accounts", "limited_until")
