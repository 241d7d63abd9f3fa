"""Mails, summaries, suppressed addresses, and why and when a conversation is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.db.tables import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_Json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    """Apply."""
    op.add_column("conversations", sa.Column("goodbye_at", UtcDateTime(), nullable=True))
    op.add_column(
        "conversations", sa.Column("end_reason", sa.String(), nullable=False, server_default="")
    )
    op.create_index(
        "ix_conversations_status_last_message_at", "conversations", ["status", "last_message_at"]
    )
    op.create_index("ix_conversations_status_goodbye_at", "conversations", ["status", "goodbye_at"])
    op.create_table(
        "mails",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=True),
        sa.Column("lead_id", sa.String(length=36), nullable=True),
        sa.Column("appointment_id", sa.String(length=36), nullable=True),
        sa.Column("sender", _Json, nullable=False),
        sa.Column("reply_to", sa.String(), nullable=False),
        sa.Column("recipients", _Json, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("calendar", sa.String(), nullable=False),
        sa.Column("calendar_method", sa.String(), nullable=False),
        sa.Column("unsubscribe_url", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("resend_of", sa.String(length=36), nullable=True),
        sa.Column("requested_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_mails_idempotency_key")),
    )
    op.create_index("ix_mails_tenant_id_created_at", "mails", ["tenant_id", "created_at"])
    for name in ("conversation_id", "lead_id", "appointment_id"):
        op.create_index(f"ix_mails_{name}", "mails", [name])
    op.create_table(
        "summaries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("style", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("content", _Json, nullable=False),
        sa.Column("mail_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summaries")),
        sa.UniqueConstraint(
            "conversation_id", "audience", name=op.f("uq_summaries_conversation_id_audience")
        ),
    )
    op.create_table(
        "mail_suppressions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("mail_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_suppressions")),
        sa.UniqueConstraint(
            "tenant_id", "address", name=op.f("uq_mail_suppressions_tenant_id_address")
        ),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("mail_suppressions")
    op.drop_table("summaries")
    op.drop_table("mails")
    op.drop_index("ix_conversations_status_goodbye_at", "conversations")
    op.drop_index("ix_conversations_status_last_message_at", "conversations")
    op.drop_column("conversations", "end_reason")
    op.drop_column("conversations", "goodbye_at")
