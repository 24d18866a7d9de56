"""The tables of the library: one MetaData for SQLite, PostgreSQL, MySQL and MariaDB."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prompt_library.types import Chars, Document, Id, LongText, UtcDateTime

# None for primary keys: MySQL ignores their names and warns each time.
NAMING_CONVENTION = {
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
# NULL never equals NULL in a unique index: 1 while the template is active and NULL once it is
# deleted does on every backend what the index's WHERE does on SQLite and PostgreSQL. MySQL and
# MariaDB have no partial indexes, and SQLAlchemy drops the WHERE there without a word.
ACTIVE = "nullif(CASE WHEN deleted_at IS NULL THEN 1 ELSE 0 END, 0)"


def utcnow() -> datetime:
    """Return the time in UTC, naive as the columns hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    """Base of the mapped classes."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012
        UUID: Id,
        datetime: UtcDateTime(),
        dict[str, Any]: Document(),
        str: LongText(),
    }


class PromptTemplate(Base):
    """A prompt's configuration; a workspace has each one once, not counting deleted ones."""

    __tablename__ = "prompt_templates"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("deleted_at >= created_at", name="deleted_after_creation"),
        Index(
            "ux_tpl_org_ws_confighash_active",
            "org_id",
            "workspace_id",
            "config_hash",
            "active",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
        ),
        Index(None, "workspace_id", "name"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    org_id: Mapped[UUID]
    workspace_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Chars(200))
    config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    config_hash: Mapped[str] = mapped_column(Chars(64))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    deleted_at: Mapped[datetime | None]
    active: Mapped[int | None] = mapped_column(SmallInteger, Computed(ACTIVE, persisted=True))
    version_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class PromptVersion(Base):
    """A text of a template; its numbers have no gaps and no doubles."""

    __tablename__ = "prompt_versions"
    __table_args__ = (
        UniqueConstraint("template_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("length(body) > 0", name="body_not_empty"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    template_id: Mapped[UUID] = mapped_column(ForeignKey("prompt_templates.id", ondelete="CASCADE"))
    number: Mapped[int]
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class PromptResult(Base):
    """What a model made of a version."""

    __tablename__ = "prompt_results"
    __table_args__ = (
        CheckConstraint("tokens >= 0", name="tokens_not_negative"),
        # Not Enum: MySQL would compare its CHECK without regard to case.
        CheckConstraint("outcome IN ('ok', 'refused', 'failed')", name="outcome_known"),
        Index(None, "version_id", "created_at"),
        Index(None, "model", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("prompt_versions.id", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(Chars(64))
    outcome: Mapped[str] = mapped_column(Chars(16), default="ok")
    output: Mapped[str | None]
    tokens: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
