from __future__ import annotations

import hashlib

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# TEXT on MySQL would end at 64 KiB.
LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class Document(Base):
    """Its version grows with each change; cache and index compare it with theirs."""

    __tablename__ = "documents"
    __table_args__ = (Index("ix_documents_tenant", "tenant"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(LongText)
    version: Mapped[int] = mapped_column(default=1)
    digest: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("authors.id", ondelete="SET NULL"))


def digest_of(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
