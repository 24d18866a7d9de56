"""What the application does all day, as operations that can be repeated to see how long they take.

Each workload is a function of an engine on a database with rows (`seed.hundred_thousand`, or fewer)
that returns the operation. Every database with the same rows is asked for the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared_context import store
from shared_context.models import AgentMemory, ContextSession, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from sqlalchemy import Engine

    Work = Callable[[Session], object]
    Operation = Callable[[], object]

PAGE = 50
WORDS = "straßburg"
LOADER = "loader"
LINE = "One more line of figures."


def _reading(plan: Callable[[Session], Work]) -> Callable[[Engine], Operation]:
    """Plan once what is asked, and ask it in a transaction of its own each time."""

    def prepare(engine: Engine) -> Operation:
        with Session(engine) as db:
            work = plan(db)

        def operation() -> None:
            with Session(engine) as db:
                work(db)

        return operation

    return prepare


def _middle(db: Session) -> ContextSession:
    """Return a session from the middle of all, the same wherever the rows are the same."""
    seeded = ContextSession.owner != LOADER
    count = db.scalars(select(func.count()).select_from(ContextSession).where(seeded)).one()
    by_age = select(ContextSession).where(seeded).order_by(ContextSession.created_at)
    return db.scalars(by_age.offset(count // 2).limit(1)).one()


def _message(db: Session) -> Work:
    some = store.history(db, _middle(db).id, limit=1)[0].id
    return lambda db: db.get_one(Message, some)


def _count(db: Session) -> Work:
    counting = select(func.count()).where(Message.session_id == _middle(db).id)
    return lambda db: db.scalars(counting).one()


def _sessions(db: Session) -> Work:
    owner = _middle(db).owner
    return lambda db: store.list_sessions(db, owner, PAGE)


def _history(db: Session) -> Work:
    session = _middle(db)
    after = session.message_count // 2
    return lambda db: store.history(db, session.id, after, PAGE)


def _by_sender(db: Session) -> Work:
    session = _middle(db)
    return lambda db: store.messages_of(db, session.owner, session.created_at, PAGE)


def _memories(db: Session) -> Work:
    session = _middle(db)
    asking = (
        select(AgentMemory)
        .where(
            AgentMemory.agent == "planner",
            AgentMemory.session_id == session.id,
            AgentMemory.forgotten_at.is_(None),
        )
        .order_by(AgentMemory.key)
        .limit(PAGE)
    )
    return lambda db: db.scalars(asking).all()


def _search(db: Session) -> Work:
    session_id = _middle(db).id
    return lambda db: store.search_messages(db, session_id, WORDS)


def _search_titles(_: Session) -> Work:
    like = ContextSession.title.contains("figures", autoescape=True)
    newest = ContextSession.created_at.desc()
    finding = select(ContextSession.id, ContextSession.title).where(like).order_by(newest).limit(20)
    return lambda db: db.execute(finding).all()


def _joined(db: Session) -> Work:
    session_id = _middle(db).id
    joining = (
        select(ContextSession.title, Message.content, AgentMemory.key, AgentMemory.value)
        .join(Message, Message.session_id == ContextSession.id)
        .join(AgentMemory, AgentMemory.source_message_id == Message.id)
        .where(ContextSession.id == session_id)
        .order_by(Message.sequence, AgentMemory.key, AgentMemory.id)
        .limit(PAGE)
    )
    return lambda db: db.execute(joining).all()


def _usage(db: Session) -> Work:
    session_id = _middle(db).id
    return lambda db: store.usage(db, session_id)


class Appending:
    """Append a message to a session and commit; before each series of calls it is a new one."""

    units = 1

    def __init__(self, engine: Engine) -> None:
        """Begin a session."""
        self._engine = engine
        self._session_id = self._begun()

    def ready(self, _calls: int) -> None:
        """Delete what was appended, with its session, and begin another."""
        with Session(self._engine) as db, db.begin():
            store.delete_session(db, self._session_id)
        self._session_id = self._begun()

    def __call__(self) -> None:
        """Append."""
        with Session(self._engine) as db, db.begin():
            store.append_message(db, self._session_id, LOADER, LINE)

    def _begun(self) -> UUID:
        with Session(self._engine) as db, db.begin():
            return store.create_session(db, LOADER, "Appended").id


class AppendingTen(Appending):
    """Append ten messages in one transaction."""

    units = 10

    def __call__(self) -> None:
        """Append."""
        with Session(self._engine) as db, db.begin():
            session = db.get_one(ContextSession, self._session_id)
            before = session.message_count
            session.message_count += self.units
            db.add_all(
                Message(
                    # Where a default makes the key and the backend has no RETURNING, as MySQL, the
                    # ORM inserts one by one.
                    id=uuid4(),
                    session_id=session.id,
                    sequence=before + number,
                    sender=LOADER,
                    role="user",
                    content=LINE,
                    search_text=store.fold(LINE),
                )
                for number in range(1, self.units + 1)
            )


workloads: Mapping[str, Callable[[Engine], Operation]] = {
    "select.message": _reading(_message),
    "count.messages": _reading(_count),
    "list.sessions": _reading(_sessions),
    "list.messages": _reading(_history),
    "list.messages_by_sender": _reading(_by_sender),
    "select.memory_by_agent": _reading(_memories),
    "search.messages": _reading(_search),
    "search.sessions": _reading(_search_titles),
    "join.three_tables": _reading(_joined),
    "aggregate.messages": _reading(_usage),
    "insert.message": Appending,
    "insert_ten.messages": AppendingTen,
}
"""By their names, the first word of which says what kind of work it is."""
