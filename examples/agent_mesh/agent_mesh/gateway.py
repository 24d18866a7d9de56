"""The gateway's tables: who talks to which agent, and what was said. Alembic makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from agent_mesh.types import Chars, LongText, Moment, Serial

# None for primary keys: MySQL ignores their names and warns each time.
NAMING_CONVENTION = {
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class UserSession(Base):
    """A chat of a user with an agent, who keeps it as a session of its own."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        Index(None, "user_id", "agent"),
        UniqueConstraint("agent", "agent_session_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[str] = mapped_column(Chars(64))
    agent: Mapped[str] = mapped_column(Chars(64))
    agent_session_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(Chars(200), server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(Moment, default=lambda: datetime.now(UTC))
    message_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class ChatMessage(Base):
    __tablename__ = "chat_messages"
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        CheckConstraint("sender IN ('user', 'agent')", name="sender"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("user_sessions.id", ondelete="CASCADE"))
    position: Mapped[int]
    sender: Mapped[str] = mapped_column(Chars(5))
    body: Mapped[str] = mapped_column(LongText)


class UiState(Base):
    """What a user has before the eyes: the session that is open, if it still is there."""

    __tablename__ = "ui_states"

    user_id: Mapped[str] = mapped_column(Chars(64), primary_key=True)
    session_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("user_sessions.id", ondelete="SET NULL"), index=True
    )
