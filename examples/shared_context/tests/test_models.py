"""What the tables hold and refuse."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from shared_context.models import AgentMemory, AuditEntry, ContextSession, Message, SecureToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from shared_context.models import Base

MADE = datetime(2025, 1, 2, 3, 4, 5, 999999)  # noqa: DTZ001
LATER = MADE + timedelta(days=1)


def a_session(**values: object) -> ContextSession:
    """Return a session, valid unless ``values`` make it otherwise."""
    return ContextSession(
        **{"owner": "ada", "title": "Plans", "created_at": MADE, "updated_at": MADE, **values},
    )


def a_message(session: UUID, **values: object) -> Message:
    """Return a message."""
    given = {"sequence": 1, "sender": "ada", "role": "user", "content": "Hello", **values}
    return Message(session_id=session, **given)


def a_memory(session: UUID, **values: object) -> AgentMemory:
    """Return a memory."""
    given = {"agent": "planner", "key": "plan", "value": "A", "created_at": MADE, **values}
    return AgentMemory(session_id=session, **given)


def a_token(session: UUID, **values: object) -> SecureToken:
    """Return a token."""
    given = {
        "name": "api",
        "token_hash": uuid4().bytes * 2,
        "created_at": MADE,
        "expires_at": LATER,
        **values,
    }
    return SecureToken(session_id=session, **given)


@pytest.fixture
def session_id(db: Session) -> UUID:
    """Return the id of a session that is committed."""
    session = a_session()
    db.add(session)
    db.commit()
    return session.id


def count(db: Session, model: type) -> int | None:
    """Return the number of rows."""
    return db.scalar(select(func.count()).select_from(model))


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (a_message, {"sequence": 0}),
        (a_message, {"role": "User"}),
        (a_message, {"role": "user "}),
        (a_message, {"content": ""}),
        (a_message, {"cost_micros": -1}),
        (a_memory, {"importance": 1.5}),
        (a_memory, {"expires_at": MADE}),
        (a_token, {"name": ""}),
        (a_token, {"token_hash": b"short"}),
        (a_token, {"expires_at": MADE}),
        (a_token, {"revoked_at": MADE - timedelta(microseconds=1)}),
    ],
)
def test_check_constraint_refuses(
    db: Session,
    session_id: UUID,
    make: Callable[..., Base],
    values: dict[str, object],
) -> None:
    """MySQL and MariaDB call it an OperationalError."""
    db.add(make(session_id, **values))
    with pytest.raises(DBAPIError):
        db.flush()


@pytest.mark.parametrize(
    "values",
    [
        {"title": ""},
        {"visibility": "PRIVATE"},
        {"message_count": -1},
        {"updated_at": MADE - timedelta(microseconds=1)},
    ],
)
def test_check_constraint_of_sessions_refuses(db: Session, values: dict[str, object]) -> None:
    """A session is checked too."""
    db.add(a_session(**values))
    with pytest.raises(DBAPIError):
        db.flush()


@pytest.mark.parametrize(
    "values",
    [
        {"title": "x" * 201},
        {"title": "x" * 200 + " "},
        {"title": "a\x00b"},
        {"details": {"ratio": float("nan")}},
        {"details": {"ratios": [1, float("inf")]}},
        {"details": {"id": 2**63}},
        {"details": {"text": "\x00"}},
    ],
)
def test_value_that_some_backend_cannot_hold_is_refused(
    db: Session,
    values: dict[str, object],
) -> None:
    """It is refused before any backend sees it."""
    db.add(a_session(**values))
    with pytest.raises(StatementError, match="ValueError"):
        db.flush()


@pytest.mark.parametrize("content", ["x" * 70_000, "🍣 é  ", "\\ ' \" % _ \n"])
def test_text_is_read_as_written(db: Session, session_id: UUID, content: str) -> None:
    """Long text, trailing spaces and odd characters included."""
    db.add(a_message(session_id, content=content))
    db.commit()
    assert db.scalars(select(Message.content)).one() == content


def test_json_is_read_as_written(db: Session) -> None:
    """Nulls, big integers and floats included."""
    details = {"none": None, "n": -(2**63), "f": 0.1, "t": ["é", True, {}], "": "/\\"}
    db.add(a_session(details=details))
    db.commit()
    assert db.scalars(select(ContextSession.details)).one() == details


def test_no_json_is_null(db: Session, session_id: UUID) -> None:
    """It is not the JSON value null."""
    db.add(a_memory(session_id, details=None))
    db.commit()
    assert db.scalar(select(func.count()).where(AgentMemory.details.is_(None))) == 1


def test_aware_time_is_kept_in_utc(db: Session) -> None:
    """With its microseconds."""
    aware = datetime(2025, 1, 2, 8, 4, 5, 999999, timezone(timedelta(hours=5)))
    db.add(a_session(created_at=aware, updated_at=aware))
    db.commit()
    assert db.scalars(select(ContextSession.created_at)).one() == MADE


@pytest.mark.parametrize("other", ["Plan", "plan ", "plän"])
def test_similar_key_is_another_key(db: Session, session_id: UUID, other: str) -> None:
    """Case, accents and trailing spaces count."""
    db.add_all([a_memory(session_id), a_memory(session_id, key=other)])
    db.commit()
    assert db.scalars(select(AgentMemory.key).where(AgentMemory.key == "plan")).all() == ["plan"]


def test_keys_are_sorted_by_code_point(db: Session, session_id: UUID) -> None:
    """Whatever the collation of the database."""
    keys = ["1", "A", "B", "_", "a", "b", "É", "🍣"]
    db.add_all([a_memory(session_id, key=key) for key in reversed(keys)])
    db.commit()
    assert db.scalars(select(AgentMemory.key).order_by(AgentMemory.key)).all() == keys


def test_second_active_memory_of_a_key_is_refused(db: Session, session_id: UUID) -> None:
    """While the first is not forgotten."""
    db.add_all([a_memory(session_id), a_memory(session_id)])
    with pytest.raises(IntegrityError):
        db.flush()


def test_key_is_free_once_its_memories_are_forgotten(db: Session, session_id: UUID) -> None:
    """However many were forgotten, even at the same time."""
    forgotten = [a_memory(session_id, forgotten_at=LATER) for _ in range(3)]
    db.add_all([*forgotten, a_memory(session_id)])
    db.commit()
    assert count(db, AgentMemory) == 4


def test_forgotten_memory_cannot_come_back_beside_an_active_one(
    db: Session,
    session_id: UUID,
) -> None:
    """The generated column follows an UPDATE."""
    forgotten = a_memory(session_id, forgotten_at=LATER)
    db.add_all([forgotten, a_memory(session_id)])
    db.commit()
    forgotten.forgotten_at = None
    with pytest.raises(IntegrityError):
        db.flush()


def test_second_active_token_of_a_name_is_refused(db: Session, session_id: UUID) -> None:
    """While the first is not revoked."""
    db.add_all([a_token(session_id), a_token(session_id)])
    with pytest.raises(IntegrityError):
        db.flush()


def test_token_name_is_free_after_revocation(db: Session, session_id: UUID) -> None:
    """The revoked ones stay."""
    db.add_all([a_token(session_id, revoked_at=LATER) for _ in range(2)])
    db.add(a_token(session_id))
    db.commit()
    assert count(db, SecureToken) == 3


def test_message_of_no_session_is_refused(db: Session) -> None:
    """Foreign keys are enforced."""
    db.add(a_message(uuid4()))
    with pytest.raises(IntegrityError):
        db.flush()


def test_session_takes_all_but_its_audit_trail_with_it(db: Session, session_id: UUID) -> None:
    """ON DELETE CASCADE and SET NULL, in one statement."""
    first = a_message(session_id)
    db.add(first)
    db.flush()
    db.add_all(
        [
            a_message(session_id, sequence=2, parent_id=first.id),
            a_memory(session_id, source_message_id=first.id),
            a_token(session_id),
            AuditEntry(session_id=session_id, actor="ada", action="test"),
        ],
    )
    db.commit()
    db.execute(delete(ContextSession))
    assert [count(db, model) for model in (Message, AgentMemory, SecureToken)] == [0, 0, 0]
    assert db.scalars(select(AuditEntry.session_id)).all() == [None]


def test_message_leaves_answers_and_memories_behind(db: Session, session_id: UUID) -> None:
    """They lose the reference."""
    first = a_message(session_id)
    db.add(first)
    db.flush()
    answer = a_message(session_id, sequence=2, parent_id=first.id)
    memory = a_memory(session_id, source_message_id=first.id)
    db.add_all([answer, memory])
    db.commit()
    db.execute(delete(Message).where(Message.sequence == 1))
    db.expire_all()
    assert answer.parent_id is None
    assert memory.source_message_id is None


def test_number_of_a_deleted_audit_entry_is_not_given_again(db: Session) -> None:
    """SQLite would, without AUTOINCREMENT."""
    first = AuditEntry(actor="ada", action="test")
    db.add(first)
    db.commit()
    number = first.id
    db.delete(first)
    db.commit()
    second = AuditEntry(actor="ada", action="test")
    db.add(second)
    db.commit()
    assert second.id > number


def test_unique_indexes_cover_the_same_columns_on_every_backend(db: Session) -> None:
    """The partial ones are partial where the backend has partial indexes."""
    indexes = inspect(db.connection()).get_indexes("agent_memory")
    active = next(index for index in indexes if index["name"] == "uq_agent_memory_active_key")
    assert active["unique"]
    assert active["column_names"] == ["agent", "key", "session_id", "active"]
