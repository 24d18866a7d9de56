"""An agent's tables, made without migrations: an agent that changes begins anew."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from agent_mesh.gateway import NAMING_CONVENTION
from agent_mesh.types import Chars, LongText, Serial


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class AgentSession(Base):
    """The agent's side of a chat; the gateway's is in another database."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    gateway_session_id: Mapped[UUID] = mapped_column(unique=True)
    user_id: Mapped[str] = mapped_column(Chars(64), index=True)


class AgentMessage(Base):
    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        CheckConstraint("sender IN ('user', 'agent')", name="sender"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    position: Mapped[int]
    sender: Mapped[str] = mapped_column(Chars(5))
    body: Mapped[str] = mapped_column(LongText)


class Context(Base):
    """What the agent remembers of a session."""

    __tablename__ = "context"

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(Chars(100), primary_key=True)
    value: Mapped[str] = mapped_column(LongText)
