"""Workers share a pace"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("tasks") as batch_op:
        batch_op.add_column(sa.Column("waits_for", sa.Text(), nullable=True))
    op.create_table(
        "seats",
        sa.Column("portal", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=True),
        sa.Column("task_id", sa.String(length=36), nullable=True),
        sa.Column("browser", sa.String(length=100), nullable=True),
        sa.Column("kept_for", sa.String(length=36), nullable=True),
        sa.Column("passed_over", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "account", "number", name=op.f("pk_seats")),
    )
    op.create_table(
        "paces",
        sa.Column("portal", sa.String(length=200), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("portal", name=op.f("pk_paces")),
    )
