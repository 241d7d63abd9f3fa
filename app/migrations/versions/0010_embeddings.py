"""Vector sets: which embedding model serves a site, and which is being built beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db.tables import Json, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("knowledge_passages", sa.Column("next_embedding", sa.String(), nullable=True))
    op.create_table(
        "knowledge_vector_sets",
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("embedding", sa.String(), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("calibration", Json, nullable=True),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "name", name=op.f("pk_knowledge_vector_sets")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("knowledge_vector_sets")
    op.drop_column("knowledge_passages", "next_embedding")
