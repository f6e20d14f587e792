"""A delay is measured by who watches"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("tasks") as batch_op:
        batch_op.add_column(sa.Column("delay", sa.Float(), nullable=True))
    with op.batch_alter_table("items") as batch_op:
        batch_op.add_column(sa.Column("delay", sa.Float(), nullable=True))
        batch_op.drop_column("not_before")
    op.create_index(
        "ix_items_delay",
        "items",
        ["delay"],
        sqlite_where=sa.text("delay IS NOT NULL"),
        postgresql_where=sa.text("delay IS NOT NULL"),
    )
