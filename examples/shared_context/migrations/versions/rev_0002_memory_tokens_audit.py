"""Agent memory, secure tokens and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared_context.types import Chars, Digest, Document, Id, LongText, Serial, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make agent_memory, secure_tokens and audit_log."""
    _create_agent_memory()
    _create_secure_tokens()
    _create_audit_log()


def _create_agent_memory() -> None:
    op.create_table(
        "agent_memory",
        sa.Column("id", Id, nullable=False),
        sa.Column("session_id", Id, nullable=False),
        sa.Column("source_message_id", Id, nullable=True),
        sa.Column("agent", Chars(64), nullable=False),
        sa.Column("key", Chars(255), nullable=False),
        sa.Column("value", LongText(), nullable=False),
        sa.Column("importance", sa.Double(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("metadata", Document(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name=op.f("fk_agent_memory_session_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["source_message_id"],
            ["messages.id"],
            name=op.f("fk_agent_memory_source_message_id"),
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint(
            "session_id",
            "agent",
            "key",
            name=op.f("uq_agent_memory_session_id_agent_key"),
        ),
        sa.CheckConstraint(
            "importance BETWEEN 0 AND 1",
            name=op.f("ck_agent_memory_importance_fraction"),
        ),
        sa.CheckConstraint(
            "expires_at IS NULL OR expires_at > created_at",
            name=op.f("ck_agent_memory_expires_after_creation"),
        ),
    )
    for columns in (["session_id", "created_at"], ["source_message_id"], ["expires_at"]):
        op.create_index(op.f(f"ix_agent_memory_{'_'.join(columns)}"), "agent_memory", columns)


def _create_secure_tokens() -> None:
    op.create_table(
        "secure_tokens",
        sa.Column("id", Id, nullable=False),
        sa.Column("session_id", Id, nullable=False),
        sa.Column("name", Chars(64), nullable=False),
        sa.Column("token_hash", Digest, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column(
            "active",
            sa.SmallInteger(),
            sa.Computed(
                "nullif(CASE WHEN revoked_at IS NULL THEN 1 ELSE 0 END, 0)",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name=op.f("fk_secure_tokens_session_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_secure_tokens_token_hash")),
        sa.CheckConstraint(
            "length(token_hash) = 32",
            name=op.f("ck_secure_tokens_token_hash_sha256"),
        ),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_secure_tokens_name_not_empty")),
        sa.CheckConstraint(
            "expires_at > created_at",
            name=op.f("ck_secure_tokens_expires_after_creation"),
        ),
        sa.CheckConstraint(
            "revoked_at IS NULL OR revoked_at >= created_at",
            name=op.f("ck_secure_tokens_revoked_after_creation"),
        ),
    )
    op.create_index(
        "uq_secure_tokens_active_name",
        "secure_tokens",
        ["name", "session_id", "active"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
        sqlite_where=sa.text("revoked_at IS NULL"),
    )
    for columns in (["session_id", "created_at"], ["expires_at"]):
        op.create_index(op.f(f"ix_secure_tokens_{'_'.join(columns)}"), "secure_tokens", columns)


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", Serial, nullable=False),
        sa.Column("session_id", Id, nullable=True),
        sa.Column("actor", Chars(64), nullable=False),
        sa.Column("action", Chars(64), nullable=False),
        sa.Column("outcome", Chars(16), nullable=False),
        sa.Column("metadata", Document(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name=op.f("fk_audit_log_session_id"),
            ondelete="SET NULL",
        ),
        sa.CheckConstraint(
            "outcome IN ('allowed', 'refused', 'failed')",
            name=op.f("ck_audit_log_outcome_known"),
        ),
        sqlite_autoincrement=True,
    )
    for columns in (["session_id", "created_at"], ["action", "created_at"]):
        op.create_index(op.f(f"ix_audit_log_{'_'.join(columns)}"), "audit_log", columns)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("audit_log")
    op.drop_table("secure_tokens")
    op.drop_table("agent_memory")
