"""Forgotten memories stay as history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared_context.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = ["session_id", "agent", "key"]


def upgrade() -> None:
    """Let a key be used again once its memory is forgotten."""
    with op.batch_alter_table("agent_memory") as batch:
        batch.add_column(sa.Column("forgotten_at", UtcDateTime(), nullable=True))
        batch.add_column(
            sa.Column(
                "active",
                sa.SmallInteger(),
                sa.Computed(
                    "nullif(CASE WHEN forgotten_at IS NULL THEN 1 ELSE 0 END, 0)",
                    persisted=True,
                ),
                nullable=True,
            ),
        )
        batch.drop_constraint(op.f("uq_agent_memory_session_id_agent_key"), type_="unique")
    op.create_index(
        "uq_agent_memory_active_key",
        "agent_memory",
        ["agent", "key", "session_id", "active"],
        unique=True,
        postgresql_where=sa.text("forgotten_at IS NULL"),
        sqlite_where=sa.text("forgotten_at IS NULL"),
    )


def downgrade() -> None:
    """Delete what was forgotten, as the application did before, and have each key once again."""
    memory = sa.table("agent_memory", sa.column("forgotten_at"))
    op.execute(memory.delete().where(memory.c.forgotten_at.is_not(None)))
    op.drop_index("uq_agent_memory_active_key", "agent_memory")
    with op.batch_alter_table("agent_memory") as batch:
        batch.drop_column("active")
        batch.drop_column("forgotten_at")
        batch.create_unique_constraint(op.f("uq_agent_memory_session_id_agent_key"), COLUMNS)
