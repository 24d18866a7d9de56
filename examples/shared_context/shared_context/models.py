"""The tables of the application: one MetaData for SQLite, PostgreSQL, MySQL and MariaDB."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Double,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared_context.types import Chars, Digest, Document, Id, LongText, Serial, UtcDateTime

# None for primary keys: MySQL ignores their names and warns each time.
NAMING_CONVENTION = {
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


def utcnow() -> datetime:
    """Return the time in UTC, naive as the columns hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


def _one_of(column: str, *values: str) -> CheckConstraint:
    # Not Enum: MySQL would compare its CHECK without regard to case.
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _active_while_null(column: str) -> Computed:
    # NULL never equals NULL in a unique index, so a 1 that turns into NULL does on every backend
    # what a partial unique index does on two of them. MySQL and MariaDB ignore the index's WHERE.
    return Computed(f"nullif(CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, 0)", persisted=True)


class Base(DeclarativeBase):
    """Base of the mapped classes."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012
        UUID: Id,
        datetime: UtcDateTime(),
        dict[str, Any]: Document(),
        str: LongText(),
    }


class ContextSession(Base):
    """A conversation that several agents share."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("length(title) > 0", name="title_not_empty"),
        _one_of("visibility", "private", "shared", "public"),
        CheckConstraint("message_count >= 0", name="message_count_not_negative"),
        CheckConstraint("updated_at >= created_at", name="updated_after_creation"),
        Index(None, "owner", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner: Mapped[str] = mapped_column(Chars(64))
    title: Mapped[str] = mapped_column(Chars(200))
    visibility: Mapped[str] = mapped_column(Chars(16), default="private")
    message_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    details: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)


class Message(Base):
    """One utterance in a session; its sequence has no gaps and no doubles."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("session_id", "sequence"),
        CheckConstraint("sequence > 0", name="sequence_positive"),
        _one_of("role", "user", "assistant", "system", "tool"),
        CheckConstraint("length(content) > 0", name="content_not_empty"),
        CheckConstraint("cost_micros >= 0", name="cost_micros_not_negative"),
        Index(None, "parent_id"),
        Index(None, "sender", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    sequence: Mapped[int]
    sender: Mapped[str] = mapped_column(Chars(64))
    role: Mapped[str] = mapped_column(Chars(16))
    content: Mapped[str]
    # Millionths of a dollar, since SQLite would round and compare a NUMERIC as a float.
    cost_micros: Mapped[int] = mapped_column(Serial, default=0, server_default=text("0"))
    details: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    # Folded by the application, since LIKE minds case on PostgreSQL and not on SQLite.
    search_text: Mapped[str | None]


class AgentMemory(Base):
    """What an agent remembers; one active value for each key of an agent in a session."""

    __tablename__ = "agent_memory"
    __table_args__ = (
        CheckConstraint("importance BETWEEN 0 AND 1", name="importance_fraction"),
        CheckConstraint(
            "expires_at IS NULL OR expires_at > created_at",
            name="expires_after_creation",
        ),
        Index(
            "uq_agent_memory_active_key",
            # Not session_id first: MySQL would check the foreign key through this index, and
            # where a column of that is NULL it lets an UPDATE reference nothing.
            "agent",
            "key",
            "session_id",
            "active",
            unique=True,
            postgresql_where=text("forgotten_at IS NULL"),
            sqlite_where=text("forgotten_at IS NULL"),
        ),
        Index(None, "session_id", "created_at"),
        Index(None, "source_message_id"),
        Index(None, "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    source_message_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL"),
    )
    agent: Mapped[str] = mapped_column(Chars(64))
    key: Mapped[str] = mapped_column(Chars(255))
    value: Mapped[str]
    importance: Mapped[float] = mapped_column(Double, default=0.5)
    pinned: Mapped[bool] = mapped_column(default=False)
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    active: Mapped[int | None] = mapped_column(SmallInteger, _active_while_null("forgotten_at"))


class SecureToken(Base):
    """Access to a session, kept as a SHA-256 digest; one active token for each name."""

    __tablename__ = "secure_tokens"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("length(token_hash) = 32", name="token_hash_sha256"),
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        CheckConstraint(
            "revoked_at IS NULL OR revoked_at >= created_at",
            name="revoked_after_creation",
        ),
        Index(
            "uq_secure_tokens_active_name",
            "name",  # not session_id first: as for memories
            "session_id",
            "active",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
            sqlite_where=text("revoked_at IS NULL"),
        ),
        Index(None, "session_id", "created_at"),
        Index(None, "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Chars(64))
    token_hash: Mapped[bytes] = mapped_column(Digest)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    active: Mapped[int | None] = mapped_column(SmallInteger, _active_while_null("revoked_at"))


class AuditEntry(Base):
    """What was done, by whom; it outlives the session that it is about."""

    __tablename__ = "audit_log"
    __table_args__ = (
        _one_of("outcome", "allowed", "refused", "failed"),
        Index(None, "session_id", "created_at"),
        Index(None, "action", "created_at"),
        # Without AUTOINCREMENT SQLite would give the number of a deleted entry again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id", ondelete="SET NULL"))
    actor: Mapped[str] = mapped_column(Chars(64))
    action: Mapped[str] = mapped_column(Chars(64))
    outcome: Mapped[str] = mapped_column(Chars(16), default="allowed")
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class SchemaVersion(Base):
    """A revision of the schema and when it was applied; written by the migrations."""

    __tablename__ = "schema_version"

    revision: Mapped[str] = mapped_column(Chars(32), primary_key=True)
    description: Mapped[str] = mapped_column(Chars(200))
    applied_at: Mapped[datetime] = mapped_column(default=utcnow)
