"""Data to try the application with: the same rows for the same arguments, on every backend."""

from __future__ import annotations

import hashlib
import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared_context.models import (
    AgentMemory,
    AuditEntry,
    Base,
    ContextSession,
    Message,
    SecureToken,
)
from shared_context.store import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    Row = dict[str, Any]

START = datetime(2025, 3, 1, 9, 0, 0, 123456)  # noqa: DTZ001
OWNERS = ("ada", "Ada", "grace", "élodie", "東京")
AGENTS = ("planner", "researcher", "writer", "reviewer")
VISIBILITIES = ("private", "shared", "public")
ROLES = ("user", "assistant", "system", "tool")
# Alike to a collation that ignores case, accents or trailing spaces, and yet different keys.
KEYS = ("plan", "Plan", "plan ", "résumé", "resume", "straße", "strasse", "budget/2025", "🍣", "🍺")
SENTENCES = (
    "Summarise the quarterly figures by region.",
    "Die Zahlen für Straßburg fehlen noch.",
    "The report is 100% done; see notes_v2 under C:\\reports.",
    "Où est la dernière version du résumé ?",
    "東京支社の数字を確認してください。",
    "Ship it 🚀, then tell the reviewers.",
    "It's \"final\", but O'Brien wants one more change.",
    "Line one\nline two\tafter a tab  ",
)


def seed(
    connection: Connection,
    sessions: int = 10,
    *,
    messages: int = 8,
    memories: int = 5,
    entropy: int = 1,
) -> dict[str, int]:
    """Insert sessions, each with its messages, memories, tokens and audit entries.

    ``messages`` and ``memories`` are counts for each session; the rows depend on the arguments
    alone. Returns the number of rows by table. The caller commits.
    """
    rng = random.Random(entropy)  # noqa: S311
    rows: dict[str, list[Row]] = {
        model.__tablename__: []
        for model in (ContextSession, Message, AgentMemory, SecureToken, AuditEntry)
    }
    for index in range(sessions):
        session = _session(rng, index, messages)
        said = _messages(rng, session, messages)
        rows["sessions"].append(session)
        rows["messages"] += said
        rows["agent_memory"] += _memories(rng, session, said, memories)
        rows["secure_tokens"] += _tokens(rng, session)
        rows["audit_log"] += _entries(session, index)
    for name, batch in rows.items():
        if batch:
            connection.execute(Base.metadata.tables[name].insert(), batch)
    return {name: len(batch) for name, batch in rows.items()}


def hundred_thousand(connection: Connection) -> None:
    """Insert 500 sessions with 100,000 messages, to see what takes long. The caller commits."""
    seed(connection, 500, messages=200, memories=10)


def _id(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


def _session(rng: random.Random, index: int, messages: int) -> Row:
    created = START + timedelta(hours=index, microseconds=rng.randrange(10**6))
    return {
        "id": _id(rng),
        "owner": OWNERS[index % len(OWNERS)],
        "title": f"Session {index}: {rng.choice(SENTENCES)}"[:200],
        "visibility": VISIBILITIES[index % len(VISIBILITIES)],
        "message_count": messages,
        "metadata": {
            "tags": rng.sample(["finance", "Q1", "urgent", "été"], 2),
            "budget": rng.randrange(10**6) / 100,
            "limits": {"tokens": 2**53 + index, "parent": None},
            "draft": index % 2 == 0,
        },
        "created_at": created,
        "updated_at": created + timedelta(minutes=messages),
    }


def _messages(rng: random.Random, session: Row, count: int) -> list[Row]:
    ids = [_id(rng) for _ in range(count)]
    contents = [" ".join(rng.choices(SENTENCES, k=rng.randint(1, 4))) for _ in ids]
    return [
        {
            "id": ids[number],
            "session_id": session["id"],
            "parent_id": rng.choice(ids[:number]) if number % 3 else None,
            "sequence": number + 1,
            "sender": session["owner"] if number % 2 == 0 else AGENTS[number % len(AGENTS)],
            "role": "user" if number % 2 == 0 else rng.choice(ROLES[1:]),
            "content": content,
            "cost_micros": rng.randrange(5 * 10**6),
            "metadata": {"model": "small", "temperature": 0.1 * (number % 10)},
            "created_at": session["created_at"] + timedelta(minutes=number),
            "search_text": fold(content),
        }
        for number, content in enumerate(contents)
    ]


def _memories(rng: random.Random, session: Row, said: list[Row], count: int) -> list[Row]:
    """Return memories of which every third was forgotten and then remembered anew."""
    rows: list[Row] = []
    for number in range(count):
        made = session["created_at"] + timedelta(minutes=number, microseconds=1)
        row = {
            "id": _id(rng),
            "session_id": session["id"],
            "source_message_id": rng.choice(said)["id"] if said else None,
            "agent": AGENTS[number // len(KEYS) % len(AGENTS)],
            "key": KEYS[number % len(KEYS)] + "'" * (number // (len(KEYS) * len(AGENTS))),
            "value": rng.choice(SENTENCES),
            "importance": rng.random(),
            "pinned": rng.random() < 0.25,  # noqa: PLR2004
            "metadata": {"source": "seed", "order": number} if number % 2 else None,
            "created_at": made,
            "expires_at": made + timedelta(days=30) if number % 4 == 0 else None,
            "forgotten_at": None,
        }
        if number % 3 == 0:
            forgotten = made + timedelta(seconds=30)
            rows.append({**row, "id": _id(rng), "value": "outdated", "forgotten_at": forgotten})
        rows.append(row)
    return rows


def _tokens(rng: random.Random, session: Row) -> list[Row]:
    """Return a revoked token and an active one of the same name."""
    revoked, active = (
        {
            "id": _id(rng),
            "session_id": session["id"],
            "name": "api",
            "token_hash": rng.randbytes(32),
            "created_at": session["created_at"] + timedelta(minutes=number),
            "expires_at": session["created_at"] + timedelta(days=90),
            "revoked_at": None,
        }
        for number in range(2)
    )
    return [{**revoked, "revoked_at": active["created_at"]}, active]


def _entries(session: Row, index: int) -> list[Row]:
    made: datetime = session["created_at"]
    return [
        {
            "session_id": session["id"] if action != "session.list" else None,
            "actor": session["owner"],
            "action": action,
            "outcome": "refused" if index % 4 == 3 else "allowed",  # noqa: PLR2004
            "metadata": {"index": index} if action == "session.create" else None,
            "created_at": made + timedelta(milliseconds=number),
        }
        for number, action in enumerate(("session.list", "session.create", "token.issue"))
    ]


def _times(index: int) -> Row:
    made = START + timedelta(seconds=index)
    return {"created_at": made, "expires_at": made + timedelta(days=30)}


def _digest(index: int) -> bytes:
    return hashlib.sha256(f"token {index}".encode()).digest()


factories: Mapping[str, Callable[[int], Row]] = {
    "agent_memory": lambda index: {**_times(index), "importance": index % 11 / 10},
    "secure_tokens": lambda index: {**_times(index), "token_hash": _digest(index)},
}
"""For tools that make rows of their own: values that the check constraints tie to each other."""
