"""Sessions have a title, and count their messages: those that are there, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from agent_mesh.types import Chars

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

sessions = sa.table(
    "user_sessions",
    sa.column("id", sa.Uuid()),
    sa.column("agent", Chars(64)),
    sa.column("title", Chars(200)),
    sa.column("message_count", sa.Integer()),
)
messages = sa.table("chat_messages", sa.column("session_id", sa.Uuid()))


def upgrade() -> None:
    empty, none = sa.text("''"), sa.text("0")
    for column in (
        sa.Column[str]("title", Chars(200), nullable=False, server_default=empty),
        sa.Column[int]("message_count", sa.Integer(), nullable=False, server_default=none),
    ):
        op.add_column("user_sessions", column)
    counted = (
        sa.select(sa.func.count())
        .select_from(messages)
        .where(messages.c.session_id == sessions.c.id)
        .scalar_subquery()
    )
    op.execute(sessions.update().values(title=sessions.c.agent, message_count=counted))


def downgrade() -> None:
    """The titles are lost: the models of 0002 have no place for them."""
    op.drop_column("user_sessions", "message_count")
    op.drop_column("user_sessions", "title")
