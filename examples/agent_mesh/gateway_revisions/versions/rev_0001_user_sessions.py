"""Sessions of users with agents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agent_mesh.types import Chars, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", Chars(64), nullable=False),
        sa.Column("agent", Chars(64), nullable=False),
        sa.Column("agent_session_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "agent", "agent_session_id", name="uq_user_sessions_agent_agent_session_id"
        ),
    )
    op.create_index("ix_user_sessions_user_id_agent", "user_sessions", ["user_id", "agent"])


def downgrade() -> None:
    op.drop_table("user_sessions")
