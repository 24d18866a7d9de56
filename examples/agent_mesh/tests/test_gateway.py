"""The gateway's revisions lead to its models and keep what was said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from agent_mesh import engines
from agent_mesh.gateway import Base, ChatMessage, UiState, UserSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

INI = Path(__file__).parent.parent / "alembic.ini"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = engines.connect(f"sqlite:///{tmp_path}/gateway.db")
    yield engine
    engine.dispose()


def go(engine: Engine, revision: str) -> None:
    config = Config(INI)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        down = revision == "base" or revision.startswith("-")
        (command.downgrade if down else command.upgrade)(config, revision)


def test_head_is_what_the_models_say(engine: Engine) -> None:
    go(engine, "head")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_what_was_said_before_is_counted_and_its_users_have_nothing_open(engine: Engine) -> None:
    go(engine, "head")
    with Session(engine) as db:
        for user, messages in (("ada", 2), ("ada", 0), ("grace", 3)):
            chat = UserSession(id=uuid4(), user_id=user, agent="poet", agent_session_id=uuid4())
            db.add(chat)
            db.flush()
            db.add_all(
                ChatMessage(session_id=chat.id, position=number, sender="user", body="Hello")
                for number in range(messages)
            )
        db.commit()
    go(engine, "-2")
    go(engine, "head")
    with Session(engine) as db:
        chats = db.scalars(select(UserSession)).all()
        assert sorted((chat.user_id, chat.message_count) for chat in chats) == [
            ("ada", 0),
            ("ada", 2),
            ("grace", 3),
        ]
        assert {chat.title for chat in chats} == {"poet"}
        assert {state.user_id: state.session_id for state in db.scalars(select(UiState))} == {
            "ada": None,
            "grace": None,
        }
        assert db.scalar(select(text("count(*)")).select_from(ChatMessage)) == 5
