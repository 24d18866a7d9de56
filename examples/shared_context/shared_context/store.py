"""What the application does with its tables; every function works in the caller's transaction.

An asynchronous caller runs them through ``AsyncSession.run_sync``.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    Delete,
    Update,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from shared_context.errors import SessionNotFoundError, TokenActiveError
from shared_context.models import (
    AgentMemory,
    AuditEntry,
    ContextSession,
    Message,
    SecureToken,
    utcnow,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from sqlalchemy import CursorResult
    from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Purged:
    """How many rows had expired."""

    memories: int
    tokens: int


def fold(content: str) -> str:
    """Return the text as it is searched: without regard to case or compatibility forms."""
    return unicodedata.normalize("NFKC", content).casefold()


def _affected(db: Session, statement: Update | Delete) -> int:
    return cast("CursorResult[Any]", db.execute(statement)).rowcount


def _touch(db: Session, session_id: UUID, now: datetime | None = None) -> None:
    """Mark the session as used, which also makes its writers take turns.

    An UPDATE rather than SELECT ... FOR UPDATE, which SQLite does not have; and it comes first,
    since SQLite cannot always turn a reader into a writer.
    """
    changed = _affected(
        db,
        update(ContextSession)
        .where(ContextSession.id == session_id)
        .values(updated_at=now or utcnow()),
    )
    if not changed:
        raise SessionNotFoundError(session_id)


def create_session(
    db: Session,
    owner: str,
    title: str,
    *,
    visibility: str = "private",
    details: dict[str, Any] | None = None,
) -> ContextSession:
    """Begin a session."""
    now = utcnow()
    session = ContextSession(
        owner=owner,
        title=title,
        visibility=visibility,
        details=details or {},
        created_at=now,
        updated_at=now,
    )
    db.add(session)
    db.flush()
    return session


def list_sessions(db: Session, owner: str, limit: int = 50) -> Sequence[ContextSession]:
    """Return the owner's sessions, latest first."""
    return db.scalars(
        select(ContextSession)
        .where(ContextSession.owner == owner)
        .order_by(ContextSession.created_at.desc(), ContextSession.id)
        .limit(limit),
    ).all()


def delete_session(db: Session, session_id: UUID) -> None:
    """Delete the session with all that belongs to it; its audit trail stays."""
    if not _affected(db, delete(ContextSession).where(ContextSession.id == session_id)):
        raise SessionNotFoundError(session_id)


def append_message(  # noqa: PLR0913
    db: Session,
    session_id: UUID,
    sender: str,
    content: str,
    *,
    role: str = "user",
    parent_id: UUID | None = None,
    details: dict[str, Any] | None = None,
) -> Message:
    """Add a message with the session's next sequence number."""
    now = utcnow()
    counted = _affected(
        db,
        update(ContextSession)
        .where(ContextSession.id == session_id)
        .values(message_count=ContextSession.message_count + 1, updated_at=now),
    )
    if not counted:
        raise SessionNotFoundError(session_id)
    sequence = select(ContextSession.message_count).where(ContextSession.id == session_id)
    message = Message(
        session_id=session_id,
        parent_id=parent_id,
        sequence=db.scalars(sequence).one(),
        sender=sender,
        role=role,
        content=content,
        details=details or {},
        created_at=now,
        search_text=fold(content),
    )
    db.add(message)
    db.flush()
    return message


def history(db: Session, session_id: UUID, after: int = 0, limit: int = 100) -> Sequence[Message]:
    """Return the session's messages that follow a sequence number, in order."""
    return db.scalars(
        select(Message)
        .where(Message.session_id == session_id, Message.sequence > after)
        .order_by(Message.sequence)
        .limit(limit),
    ).all()


def search_messages(
    db: Session,
    session_id: UUID,
    words: str,
    limit: int = 20,
) -> Sequence[Message]:
    """Return the session's messages that contain the words in any case, latest first."""
    return db.scalars(
        select(Message)
        .where(
            Message.session_id == session_id,
            Message.search_text.contains(fold(words), autoescape=True),
        )
        .order_by(Message.sequence.desc())
        .limit(limit),
    ).all()


def messages_of(
    db: Session,
    sender: str,
    since: datetime,
    limit: int = 100,
) -> Sequence[Message]:
    """Return what the sender said in any session since then, oldest first."""
    return db.scalars(
        select(Message)
        .where(Message.sender == sender, Message.created_at >= since)
        .order_by(Message.created_at, Message.id)
        .limit(limit),
    ).all()


def remember(  # noqa: PLR0913
    db: Session,
    session_id: UUID,
    agent: str,
    key: str,
    value: str,
    *,
    importance: float = 0.5,
    source_message_id: UUID | None = None,
    lifetime: timedelta | None = None,
) -> AgentMemory:
    """Remember the value under the key; what was there before is forgotten, but kept."""
    now = utcnow()
    forget(db, session_id, agent, key)
    memory = AgentMemory(
        session_id=session_id,
        agent=agent,
        key=key,
        value=value,
        importance=importance,
        source_message_id=source_message_id,
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
    )
    db.add(memory)
    db.flush()
    return memory


def forget(db: Session, session_id: UUID, agent: str, key: str) -> bool:
    """Forget what the key holds; say whether there was anything."""
    _touch(db, session_id)
    forgotten = _affected(
        db,
        update(AgentMemory)
        .where(
            AgentMemory.session_id == session_id,
            AgentMemory.agent == agent,
            AgentMemory.key == key,
            AgentMemory.forgotten_at.is_(None),
        )
        .values(forgotten_at=utcnow()),
    )
    return forgotten > 0


def recall(db: Session, session_id: UUID, agent: str, key: str) -> str | None:
    """Return the value that the key holds, unless it is forgotten or has expired."""
    return db.scalars(
        select(AgentMemory.value).where(
            AgentMemory.session_id == session_id,
            AgentMemory.agent == agent,
            AgentMemory.key == key,
            AgentMemory.forgotten_at.is_(None),
            or_(AgentMemory.expires_at.is_(None), AgentMemory.expires_at > utcnow()),
        ),
    ).one_or_none()


def memories(db: Session, session_id: UUID) -> Sequence[AgentMemory]:
    """Return all that was remembered in the session, forgotten or not, oldest first."""
    return db.scalars(
        select(AgentMemory)
        .where(AgentMemory.session_id == session_id)
        .order_by(AgentMemory.created_at, AgentMemory.id),
    ).all()


def issue_token(db: Session, session_id: UUID, name: str, lifetime: timedelta) -> str:
    """Return a new secret for the session; only its digest is kept."""
    _touch(db, session_id)
    secret = secrets.token_urlsafe(32)
    now = utcnow()
    token = SecureToken(
        session_id=session_id,
        name=name,
        token_hash=_digest(secret),
        created_at=now,
        expires_at=now + lifetime,
    )
    # After an error PostgreSQL refuses all further work in a transaction, unless it was in a
    # savepoint.
    try:
        with db.begin_nested():
            db.add(token)
    except IntegrityError as error:
        raise TokenActiveError(session_id, name) from error
    return secret


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def verify_token(db: Session, secret: str) -> UUID | None:
    """Return the session that the secret opens, or None if it is unknown, revoked or expired."""
    return db.scalars(
        select(SecureToken.session_id).where(
            SecureToken.token_hash == _digest(secret),
            SecureToken.revoked_at.is_(None),
            SecureToken.expires_at > utcnow(),
        ),
    ).one_or_none()


def tokens(db: Session, session_id: UUID) -> Sequence[SecureToken]:
    """Return the session's tokens, revoked or not, oldest first."""
    return db.scalars(
        select(SecureToken)
        .where(SecureToken.session_id == session_id)
        .order_by(SecureToken.created_at, SecureToken.id),
    ).all()


def revoke_token(db: Session, session_id: UUID, name: str) -> bool:
    """Revoke the active token of that name; say whether there was one."""
    revoked = _affected(
        db,
        update(SecureToken)
        .where(
            SecureToken.session_id == session_id,
            SecureToken.name == name,
            SecureToken.revoked_at.is_(None),
        )
        .values(revoked_at=utcnow()),
    )
    return revoked > 0


def log(  # noqa: PLR0913
    db: Session,
    actor: str,
    action: str,
    *,
    session_id: UUID | None = None,
    outcome: str = "allowed",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write an entry of the audit log."""
    entry = AuditEntry(
        session_id=session_id,
        actor=actor,
        action=action,
        outcome=outcome,
        details=details,
    )
    db.add(entry)
    db.flush()
    return entry


def audit_trail(db: Session, session_id: UUID) -> Sequence[AuditEntry]:
    """Return what was done in the session, in order."""
    return db.scalars(
        select(AuditEntry)
        .where(AuditEntry.session_id == session_id)
        .order_by(AuditEntry.created_at, AuditEntry.id),
    ).all()


def actions(db: Session, action: str, since: datetime) -> Sequence[AuditEntry]:
    """Return the entries of one action since then, in order."""
    return db.scalars(
        select(AuditEntry)
        .where(AuditEntry.action == action, AuditEntry.created_at >= since)
        .order_by(AuditEntry.created_at, AuditEntry.id),
    ).all()


def usage(db: Session, session_id: UUID) -> dict[str, int]:
    """Return the number of messages of each sender in the session."""
    rows = db.execute(
        select(Message.sender, func.count())
        .where(Message.session_id == session_id)
        .group_by(Message.sender)
        .order_by(Message.sender),
    )
    return {sender: count for sender, count in rows}  # noqa: C416


def purge_expired(db: Session, now: datetime | None = None) -> Purged:
    """Delete memories and tokens that have expired."""
    moment = now or utcnow()
    return Purged(
        memories=_affected(db, delete(AgentMemory).where(AgentMemory.expires_at <= moment)),
        tokens=_affected(db, delete(SecureToken).where(SecureToken.expires_at <= moment)),
    )
