"""How far somebody has come in mending the mailbox, and the notes on the way."""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "troubleshooting_walks",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=True),
        sa.Column("provider", sa.String(length=40), nullable=True),
        sa.Column("trail", sa.JSON(), nullable=False),
        sa.Column("moved_at", sa.DateTime(), nullable=False),
        sa.Column("moved_by_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["mail_accounts.id"],
            name=op.f("fk_troubleshooting_walks_account_id_mail_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["moved_by_id"], ["users.id"], name=op.f("fk_troubleshooting_walks_moved_by_id_users")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_troubleshooting_walks")),
    )
    op.create_table(
        "troubleshooting_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.Column("written_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["mail_accounts.id"],
            name=op.f("fk_troubleshooting_notes_account_id_mail_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["written_by_id"],
            ["users.id"],
            name=op.f("fk_troubleshooting_notes_written_by_id_users"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_troubleshooting_notes")),
    )
    op.create_index(
        "ix_troubleshooting_notes_account_id_id", "troubleshooting_notes", ["account_id", "id"]
    )


def downgrade() -> None:
    op.drop_table("troubleshooting_notes")
    op.drop_table("troubleshooting_walks")
