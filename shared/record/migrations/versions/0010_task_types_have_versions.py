"""Task types have versions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for table in ("tasks", "slots"):
        op.add_column(table, sa.Column("task_version", sa.String(length=64), nullable=True))
    for name in ("versions", "finishing", "refused"):
        op.add_column("workers", sa.Column(name, sa.JSON(), nullable=True))
