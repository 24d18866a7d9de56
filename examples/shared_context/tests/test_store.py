"""What the application does."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, make_url, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from shared_context import engines, store
from shared_context.errors import SessionNotFoundError, TokenActiveError
from shared_context.models import AgentMemory, Base, SecureToken, utcnow

if TYPE_CHECKING:
    from sqlalchemy import Engine

DAY = timedelta(days=1)


@pytest.fixture
def session_id(db: Session) -> UUID:
    """Return the id of a session that is committed."""
    session = store.create_session(db, "ada", "Plans")
    db.commit()
    return session.id


def test_sessions_are_listed_by_owner_latest_first(db: Session) -> None:
    """Owners that differ in case are different owners."""
    for owner, title in (("ada", "first"), ("Ada", "other"), ("ada", "second")):
        store.create_session(db, owner, title)
    db.commit()
    assert [session.title for session in store.list_sessions(db, "ada")] == ["second", "first"]


def test_messages_are_numbered_without_gaps(db: Session, session_id: UUID) -> None:
    """And paged by their number."""
    for content in ("one", "two", "three"):
        store.append_message(db, session_id, "ada", content)
    db.commit()
    after = store.history(db, session_id, after=1)
    assert [(message.sequence, message.content) for message in after] == [(2, "two"), (3, "three")]


def test_rolled_back_message_leaves_no_gap(db: Session, session_id: UUID) -> None:
    """The counter is part of the transaction."""
    store.append_message(db, session_id, "ada", "one")
    db.rollback()
    assert store.append_message(db, session_id, "ada", "two").sequence == 1


def test_writers_at_the_same_time_get_different_numbers(engine: Engine, db: Session) -> None:
    """Nothing is lost or doubled."""
    session = store.create_session(db, "ada", "Plans")
    db.commit()
    session_id = session.id
    db.close()

    def write(writer: int) -> None:
        for number in range(10):
            with Session(engine) as own, own.begin():
                store.append_message(own, session_id, f"agent {writer}", f"message {number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    sequences = [message.sequence for message in store.history(db, session_id)]
    assert sequences == list(range(1, 41))
    assert set(store.usage(db, session_id).values()) == {10}


def test_agents_that_remember_the_same_key_at_once_leave_one_active(
    engine: Engine,
    db: Session,
) -> None:
    """The others are forgotten, none is refused."""
    session = store.create_session(db, "ada", "Plans")
    db.commit()
    session_id = session.id
    db.close()

    def write(number: int) -> None:
        with Session(engine) as own, own.begin():
            store.remember(own, session_id, "planner", "plan", str(number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(20)))
    active = select(func.count(), func.count(AgentMemory.active)).select_from(AgentMemory)
    assert db.execute(active).one() == (20, 1)


@pytest.mark.parametrize(
    ("words", "found"),
    [("ÉTÉ", [2]), ("strasse", [3]), ("100%", [1]), ("%", [1]), ("_", [2]), ("\\", [3]), ("x", [])],
)
def test_search_minds_neither_case_nor_wildcards(
    db: Session,
    session_id: UUID,
    words: str,
    found: list[int],
) -> None:
    """LIKE alone would differ."""
    for content in ("It is 100% done", "L'été_2025", "C:\\Straße"):
        store.append_message(db, session_id, "ada", content)
    db.commit()
    messages = store.search_messages(db, session_id, words)
    assert [message.sequence for message in messages] == found


def test_memory_is_replaced_and_kept(db: Session, session_id: UUID) -> None:
    """Only the latest is recalled."""
    store.remember(db, session_id, "planner", "plan", "A")
    store.remember(db, session_id, "planner", "plan", "B")
    db.commit()
    assert store.recall(db, session_id, "planner", "plan") == "B"
    assert db.scalar(select(func.count()).select_from(AgentMemory)) == 2


def test_forgotten_memory_is_not_recalled(db: Session, session_id: UUID) -> None:
    """Forgetting again changes nothing."""
    store.remember(db, session_id, "planner", "plan", "A")
    assert store.forget(db, session_id, "planner", "plan")
    assert not store.forget(db, session_id, "planner", "plan")
    assert store.recall(db, session_id, "planner", "plan") is None


def test_token_opens_its_session_until_revoked(db: Session, session_id: UUID) -> None:
    """Then it opens nothing."""
    secret = store.issue_token(db, session_id, "api", DAY)
    assert store.verify_token(db, secret) == session_id
    assert store.revoke_token(db, session_id, "api")
    assert not store.revoke_token(db, session_id, "api")
    assert store.verify_token(db, secret) is None


def test_second_token_is_refused_and_the_transaction_goes_on(
    db: Session,
    session_id: UUID,
) -> None:
    """PostgreSQL would refuse the rest of the transaction."""
    store.issue_token(db, session_id, "api", DAY)
    with pytest.raises(TokenActiveError):
        store.issue_token(db, session_id, "api", DAY)
    store.revoke_token(db, session_id, "api")
    store.issue_token(db, session_id, "api", DAY)
    db.commit()
    assert db.scalar(select(func.count()).select_from(SecureToken)) == 2


def test_expired_rows_are_purged(db: Session, session_id: UUID) -> None:
    """Rows without an end stay."""
    store.remember(db, session_id, "planner", "plan", "A", lifetime=DAY)
    store.remember(db, session_id, "planner", "notes", "B")
    store.issue_token(db, session_id, "api", DAY)
    assert store.purge_expired(db) == store.Purged(memories=0, tokens=0)
    assert store.purge_expired(db, utcnow() + 2 * DAY) == store.Purged(memories=1, tokens=1)


def test_audit_trail_is_in_order(db: Session, session_id: UUID) -> None:
    """Entries of the same moment are in the order of writing."""
    for action in ("create", "read", "delete"):
        store.log(db, "ada", action, session_id=session_id, details={"n": None})
    db.commit()
    trail = store.audit_trail(db, session_id)
    assert [entry.action for entry in trail] == ["create", "read", "delete"]


def test_lists_are_in_order_and_of_their_session(db: Session, session_id: UUID) -> None:
    """Of the session, of the sender and of the action asked for."""
    began = utcnow()
    other = store.create_session(db, "ada", "Other").id
    for place in (session_id, other, session_id):
        store.append_message(db, place, "ada", "Hello")
        store.append_message(db, place, "Ada", "Hello")
        store.remember(db, place, "planner", "plan", "A")
        store.log(db, "ada", "read", session_id=place)
    store.issue_token(db, session_id, "api", DAY)
    db.commit()
    assert [message.sender for message in store.messages_of(db, "ada", began)] == ["ada"] * 3
    assert [memory.active for memory in store.memories(db, session_id)] == [None, 1]
    assert [entry.session_id for entry in store.actions(db, "read", began)] == [
        session_id,
        other,
        session_id,
    ]
    assert [token.name for token in store.tokens(db, session_id)] == ["api"]


def test_deleted_session_is_not_found(db: Session, session_id: UUID) -> None:
    """By any function that needs it."""
    store.delete_session(db, session_id)
    db.commit()
    with pytest.raises(SessionNotFoundError):
        store.delete_session(db, session_id)
    with pytest.raises(SessionNotFoundError):
        store.append_message(db, session_id, "ada", "Hello")
    with pytest.raises(SessionNotFoundError):
        store.remember(db, uuid4(), "planner", "plan", "A")


def test_store_works_on_an_asynchronous_driver(url: str) -> None:
    """Through run_sync."""

    async def go() -> str | None:
        driver = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}
        address = make_url(url)
        backend = address.get_backend_name()
        engine = engines.connect_async(
            address.set(drivername=f"{backend}+{driver.get(backend, 'aiomysql')}"),
        )
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(engine) as db:
            session = await db.run_sync(store.create_session, "ada", "Plans")
            session_id = session.id
            await db.run_sync(store.remember, session_id, "planner", "plan", "A", lifetime=DAY)
            await db.commit()
            value = await db.run_sync(store.recall, session_id, "planner", "plan")
        await engine.dispose()
        return value

    assert asyncio.run(go()) == "A"
