"""What was said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agent_mesh.types import Chars, LongText, Serial

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_messages",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sender", Chars(5), nullable=False),
        sa.Column("body", LongText, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.id"],
            name="fk_chat_messages_session_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("session_id", "position", name="uq_chat_messages_session_id_position"),
        sa.CheckConstraint("sender IN ('user', 'agent')", name=op.f("ck_chat_messages_sender")),
    )


def downgrade() -> None:
    op.drop_table("chat_messages")
