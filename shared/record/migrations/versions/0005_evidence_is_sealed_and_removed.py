"""Evidence is sealed, and removed when it is old"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "seals",
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_seals_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_seals")),
    )
    due, kept = sa.text("made < wanted"), sa.text("removed_at IS NULL")
    op.create_index(
        op.f("ix_seals_task_id"), "seals", ["task_id"], sqlite_where=due, postgresql_where=due
    )
    op.create_index(
        op.f("ix_seals_finished_at_task_id"),
        "seals",
        ["finished_at", "task_id"],
        sqlite_where=kept,
        postgresql_where=kept,
    )
    # What ended before there were manifests gets one too.
    op.execute(
        "INSERT INTO seals (task_id, finished_at, wanted, made)"
        " SELECT id, finished_at, 1, 0 FROM tasks WHERE finished_at IS NOT NULL"
    )
    with op.batch_alter_table("workers") as batch_op:
        batch_op.add_column(sa.Column("code_version", sa.String(100), nullable=True))
    with op.batch_alter_table("slots") as batch_op:
        batch_op.add_column(sa.Column("profile", sa.String(100), nullable=True))
        batch_op.add_column(sa.Column("profile_hash", sa.String(64), nullable=True))
