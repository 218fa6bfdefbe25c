"""Permissions to send by a mailbox without its password, given on the provider's page."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "mail_grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=20), nullable=False),
        sa.Column("tenant", sa.String(length=253), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.Column("tokens_key_id", sa.String(length=12), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(), nullable=False),
        sa.Column("access_expires_at", sa.DateTime(), nullable=False),
        sa.Column("refreshing_until", sa.DateTime(), nullable=True),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("granted_at", sa.DateTime(), nullable=False),
        sa.Column("granted_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_cause", sa.String(length=40), nullable=True),
        sa.Column("ended_reply", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["mail_accounts.id"],
            name=op.f("fk_mail_grants_account_id_mail_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["granted_by_id"], ["users.id"], name=op.f("fk_mail_grants_granted_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_grants")),
    )
    op.create_index("ix_mail_grants_account_id", "mail_grants", ["account_id"])
    # As SQLite takes it too, which else would have the table built anew, with all that refers to it.
    op.execute(
        "ALTER TABLE mail_settings ADD COLUMN grant_id INTEGER"
        " CONSTRAINT fk_mail_settings_grant_id_mail_grants REFERENCES mail_grants (id)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE mail_settings DROP COLUMN grant_id")
    op.drop_index("ix_mail_grants_account_id", "mail_grants")
    op.drop_table("mail_grants")
