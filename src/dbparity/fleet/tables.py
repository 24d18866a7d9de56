"""Which tables and columns of an application play which part in a chat.

A part has the name that most applications give it; a declaration tells where it is called
otherwise: ``tables = {sessions = "chats"}``, ``columns = {"sessions.user" = "owner"}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from dbparity.errors import FleetInvalid

if TYPE_CHECKING:
    from sqlalchemy import Column, MetaData, Table

    Names = Mapping[str, str]

_UUID_CHARACTERS = 32
_Parts = Mapping[str, tuple[str, Mapping[str, str], Mapping[str, str]]]
# By part: its table, the columns that it needs, and those that it may have.
_GATEWAY: _Parts = {
    "sessions": (
        "user_sessions",
        {
            "id": "id",
            "user": "user_id",
            "agent": "agent",
            "agent_session": "agent_session_id",
        },
        {"title": "title", "count": "message_count", "created": "created_at"},
    ),
    "messages": (
        "chat_messages",
        {
            "session": "session_id",
            "position": "position",
            "sender": "sender",
            "body": "body",
        },
        {},
    ),
    "state": ("ui_states", {"user": "user_id", "session": "session_id"}, {}),
}
_AGENT: _Parts = {
    "sessions": (
        "sessions",
        {"id": "id", "gateway_session": "gateway_session_id", "user": "user_id"},
        {},
    ),
    "messages": (
        "messages",
        {
            "session": "session_id",
            "position": "position",
            "sender": "sender",
            "body": "body",
        },
        {},
    ),
    "context": (
        "context",
        {"session": "session_id", "name": "name", "value": "value"},
        {},
    ),
}
_OPTIONAL = {"state", "context"}


@dataclass(frozen=True)
class Part:
    """A table, and its columns by what they are to the chat."""

    table: Table
    columns: Mapping[str, Column[Any]]

    def __getitem__(self, name: str) -> Column[Any]:
        """The column that plays ``name``."""
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        """Whether a column plays ``name``, which not every table needs."""
        return name in self.columns

    def values(self, **values: object) -> dict[str, object]:
        """``values`` by the names of the table's own columns."""
        return {self.columns[name].key: value for name, value in values.items()}


@dataclass(frozen=True)
class GatewayTables:
    """What a gateway keeps. ``state``, which session a user has open, may be missing."""

    sessions: Part
    messages: Part
    state: Part | None


@dataclass(frozen=True)
class AgentTables:
    """What an agent keeps. ``context``, what it remembers of a session, may be missing."""

    sessions: Part
    messages: Part
    context: Part | None


def gateway_tables(name: str, metadata: MetaData, tables: Names, columns: Names) -> GatewayTables:
    """Find the parts of the gateway called ``name``; raise `FleetInvalid` where one is missing."""
    found = _found(name, metadata, _GATEWAY, tables, columns)
    for column in (found["sessions"]["id"], found["sessions"]["agent_session"]):
        new_id(column)
    return GatewayTables(found["sessions"], found["messages"], found.get("state"))


def agent_tables(name: str, metadata: MetaData, tables: Names, columns: Names) -> AgentTables:
    """Find the parts of the agent called ``name``; raise `FleetInvalid` where one is missing."""
    found = _found(name, metadata, _AGENT, tables, columns)
    for column in (found["sessions"]["id"], found["sessions"]["gateway_session"]):
        new_id(column)
    return AgentTables(found["sessions"], found["messages"], found.get("context"))


def new_id(column: Column[Any]) -> Any:  # noqa: ANN401  # the column's own type
    """A new value for a column of ids, made before either database has it.

    Raises:
        FleetInvalid: its type holds no UUID.
    """
    if column.type.python_type is UUID:
        return uuid4()
    length = getattr(column.type, "length", None) or _UUID_CHARACTERS
    if column.type.python_type is str and length >= _UUID_CHARACTERS:
        return uuid4().hex
    cure = "two databases can only be linked by ids that are known before: let it be a UUID"
    raise FleetInvalid(str(column), f"{column.type!r} holds no UUID", cure)


def _found(
    name: str, metadata: MetaData, parts: _Parts, tables: Names, columns: Names
) -> dict[str, Part]:
    _know(name, "tables", tables, set(parts))
    known = {
        f"{part}.{column}" for part, (_, *both) in parts.items() for each in both for column in each
    }
    _know(name, "columns", columns, known)
    found = {}
    for part, (usual, needed, possible) in parts.items():
        called = tables.get(part, usual)
        if called in metadata.tables:
            table = metadata.tables[called]
            found[part] = Part(
                table, dict(_columns(name, part, table, {**needed, **possible}, columns))
            )
            _complete(name, part, found[part], needed)
        elif part in tables or part not in _OPTIONAL:
            there = ", ".join(sorted(metadata.tables))
            cure = f'name the table: tables = {{{part} = "..."}}; there are {there}'
            raise FleetInvalid(name, f"no table {called} for its {part}", cure)
    return found


def _know(name: str, what: str, given: Names, known: set[str]) -> None:
    for key in given:
        if key not in known:
            cure = f"the {what} are: {', '.join(sorted(known))}"
            raise FleetInvalid(f"{name} {what}.{key}", "no such part", cure)


def _columns(name: str, part: str, table: Table, usual: Names, columns: Names) -> Any:  # noqa: ANN401
    for role, expected in usual.items():
        called = columns.get(f"{part}.{role}", expected)
        by_name = {column.name: column for column in table.columns}
        if called in by_name:
            yield role, by_name[called]
        elif f"{part}.{role}" in columns:
            cure = f"its columns are: {', '.join(by_name)}"
            raise FleetInvalid(f"{name} columns.{part}.{role}", f"{table} has no {called}", cure)


def _complete(name: str, part: str, found: Part, needed: Names) -> None:
    for role in needed:
        if role not in found:
            has = ", ".join(column.name for column in found.table.columns)
            cure = f'name it: columns = {{"{part}.{role}" = "..."}}; it has {has}'
            raise FleetInvalid(name, f"{found.table} has no column {needed[role]}", cure)
