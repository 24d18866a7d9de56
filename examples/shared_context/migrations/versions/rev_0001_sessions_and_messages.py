"""Sessions and messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared_context.types import Chars, Document, Id, LongText, Serial, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make schema_version, sessions and messages."""
    op.create_table(
        "schema_version",
        sa.Column("revision", Chars(32), nullable=False),
        sa.Column("description", Chars(200), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("revision"),
    )
    _create_sessions()
    _create_messages()


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", Id, nullable=False),
        sa.Column("owner", Chars(64), nullable=False),
        sa.Column("title", Chars(200), nullable=False),
        sa.Column("visibility", Chars(16), nullable=False),
        sa.Column("message_count", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("metadata", Document(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("length(title) > 0", name=op.f("ck_sessions_title_not_empty")),
        sa.CheckConstraint(
            "visibility IN ('private', 'shared', 'public')",
            name=op.f("ck_sessions_visibility_known"),
        ),
        sa.CheckConstraint(
            "message_count >= 0",
            name=op.f("ck_sessions_message_count_not_negative"),
        ),
        sa.CheckConstraint(
            "updated_at >= created_at",
            name=op.f("ck_sessions_updated_after_creation"),
        ),
    )
    op.create_index(op.f("ix_sessions_owner_created_at"), "sessions", ["owner", "created_at"])


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", Id, nullable=False),
        sa.Column("session_id", Id, nullable=False),
        sa.Column("parent_id", Id, nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("sender", Chars(64), nullable=False),
        sa.Column("role", Chars(16), nullable=False),
        sa.Column("content", LongText(), nullable=False),
        sa.Column("cost_micros", Serial, nullable=False, server_default=sa.text("0")),
        sa.Column("metadata", Document(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name=op.f("fk_messages_session_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["messages.id"],
            name=op.f("fk_messages_parent_id"),
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint(
            "session_id",
            "sequence",
            name=op.f("uq_messages_session_id_sequence"),
        ),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_messages_sequence_positive")),
        sa.CheckConstraint(
            "role IN ('user', 'assistant', 'system', 'tool')",
            name=op.f("ck_messages_role_known"),
        ),
        sa.CheckConstraint("length(content) > 0", name=op.f("ck_messages_content_not_empty")),
        sa.CheckConstraint("cost_micros >= 0", name=op.f("ck_messages_cost_micros_not_negative")),
    )
    op.create_index(op.f("ix_messages_parent_id"), "messages", ["parent_id"])
    op.create_index(op.f("ix_messages_sender_created_at"), "messages", ["sender", "created_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("messages")
    op.drop_table("sessions")
    op.drop_table("schema_version")
