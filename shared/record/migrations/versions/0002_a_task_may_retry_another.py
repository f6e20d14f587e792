"""A task may retry another"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("tasks") as batch_op:
        batch_op.add_column(sa.Column("retry_of", sa.String(length=36), nullable=True))
        batch_op.create_foreign_key("fk_tasks_retry_of", "tasks", ["retry_of"], ["id"])
        batch_op.create_unique_constraint("uq_tasks_retry_of", ["retry_of"])
