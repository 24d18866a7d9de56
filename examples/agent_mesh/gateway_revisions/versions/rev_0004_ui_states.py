"""What each user has open: nothing, for those who are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agent_mesh.types import Chars

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

sessions = sa.table("user_sessions", sa.column("user_id", Chars(64)))
states = sa.table("ui_states", sa.column("user_id", Chars(64)))


def upgrade() -> None:
    op.create_table(
        "ui_states",
        sa.Column("user_id", Chars(64), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("user_id"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.id"],
            name="fk_ui_states_session_id",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_ui_states_session_id", "ui_states", ["session_id"])
    users = sa.select(sessions.c.user_id).distinct()
    op.execute(states.insert().from_select(["user_id"], users))


def downgrade() -> None:
    op.drop_table("ui_states")
