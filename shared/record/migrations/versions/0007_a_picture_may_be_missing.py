"""A picture may be missing"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "missing_pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_missing_pictures_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missing_pictures")),
    )
    op.create_index(
        op.f("ix_missing_pictures_item_id"), "missing_pictures", ["item_id"], unique=False
    )
