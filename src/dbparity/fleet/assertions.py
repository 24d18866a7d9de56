"""Assertions on the databases of a fleet; a failure shows the rows that were found and expected.

Each takes a `CrossDatabaseInspector`. They are plain functions, for tests of any kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from dbparity.fleet.members import GATEWAY
from dbparity.fleet.messages import messages_of, spelled
from dbparity.fleet.views import key
from dbparity.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from dbparity.fleet.inspector import CrossDatabaseInspector
    from dbparity.fleet.tables import Part
    from dbparity.results import Finding

_MOST = 10  # findings or rows that a message shows


def assert_gateway_session_exists(
    inspector: CrossDatabaseInspector, session: object, **expected: object
) -> None:
    """The gateway has the session, with what is ``expected``: ``user="ada", agent="poet"``.

    The names are those of `dbparity.fleet.tables`.
    """
    __tracebackhide__ = True
    _assert_row(inspector, GATEWAY, inspector.fleet.tables.sessions, session, expected)


def assert_agent_session_exists(
    inspector: CrossDatabaseInspector, agent: str, session: object, **expected: object
) -> None:
    """The agent has the session of its own, with what is ``expected``: ``user="ada"``."""
    __tracebackhide__ = True
    inspector.fleet.agent(agent)
    part = inspector.fleet.agent_tables[agent].sessions
    _assert_row(inspector, agent, part, session, expected)


def assert_session_gone(inspector: CrossDatabaseInspector, session: object) -> None:
    """No database has a row of a session of the gateway: no message, and no agent's session."""
    __tracebackhide__ = True
    fleet = inspector.fleet
    left = []
    for part, column in ((fleet.tables.sessions, "id"), (fleet.tables.messages, "session")):
        left += _found(inspector, GATEWAY, part, column, session)
    for name, tables in fleet.agent_tables.items():
        left += _found(inspector, name, tables.sessions, "gateway_session", session)
    _fail_if(left, f"session {session} is not gone; expected no row, found:", left)


def assert_session_linking(inspector: CrossDatabaseInspector, session: object = None) -> None:
    """The session, or each one, is linked with one of its agent, of the same user."""
    __tracebackhide__ = True
    if session is not None:
        assert_gateway_session_exists(inspector, session)
    found = inspector.links()
    if session is not None:
        part = inspector.fleet.tables.sessions
        rows = _rows(inspector, GATEWAY, part, "id", session)
        ids = {key(session), *(key(row["agent_session"]) for row in rows)}
        found = tuple(one for one in found if {one.place.key, one.expected, one.actual} & ids)
    _fail_if(found, "sessions are not linked:", map(_told, found))


def assert_database_isolation(inspector: CrossDatabaseInspector) -> None:
    """Each database is one of its own, with its own schema, and with no row of another agent."""
    __tracebackhide__ = True
    found = (*inspector.architecture(), *inspector.agent_isolation())
    _fail_if(found, "databases are not isolated:", map(_told, found))


def assert_user_isolation(inspector: CrossDatabaseInspector, *users: str) -> None:
    """No user has a session of another one, among ``users`` or all."""
    __tracebackhide__ = True
    found = [
        one
        for one in (*inspector.user_isolation(), *inspector.links())
        if one.code in {"ISOLATION-USER", "LINK-USER"}
        and (not users or {one.expected, one.actual, one.place.key} & set(users))
    ]
    _fail_if(found, "users are not isolated:", map(_told, found))


def assert_messages_in_order(
    inspector: CrossDatabaseInspector, session: object, texts: Sequence[str] | None = None
) -> None:
    """Both sides have the messages of a session in the same order: ``texts``, if they are given."""
    __tracebackhide__ = True
    assert_gateway_session_exists(inspector, session)
    fleet = inspector.fleet
    (row,) = _rows(inspector, GATEWAY, fleet.tables.sessions, "id", session)
    asked = {
        GATEWAY: messages_of(fleet.tables.messages, session),
        row["agent"]: messages_of(fleet.agent_tables[row["agent"]].messages, row["agent_session"]),
    }
    found = {name: inspector.views.ask(name, ask) for name, ask in asked.items()}
    first = [one.position for one in found[GATEWAY]][:1]
    for name, said in found.items():
        expected = list(texts) if texts is not None else [one.body for one in found[GATEWAY]]
        shown = [f"{one.position} {spelled(one)}" for one in said]
        bodies = [one.body for one in said]
        _fail_if(
            bodies != expected,
            f"{name} has other messages of session {session}; expected {expected!r}, found:",
            shown,
        )
        gapless = [place + sum(first) for place in range(len(said))]
        _fail_if(
            [one.position for one in said] != gapless,
            f"{name} has messages of session {session} at other positions than {gapless}:",
            shown,
        )


def assert_fleet_sound(inspector: CrossDatabaseInspector) -> None:
    """Nothing at all is found, and every question could be asked."""
    __tracebackhide__ = True
    results = inspector.verdict()
    found = [one for result in results for one in result.findings]
    _fail_if(found, "the databases do not fit together:", map(_told, found))
    left = [
        f"{result.check}: {result.reason}"
        for result in results
        if result.reason and result.outcome is not Outcome.FAILED
    ]
    _fail_if(left, "not everything could be inspected:", left)


def assert_clean(inspector: CrossDatabaseInspector) -> None:
    """No database has a row, but for the version of its migrations."""
    __tracebackhide__ = True
    left = []
    for member in inspector.fleet.members:
        for table in member.application.metadata.sorted_tables:
            count = inspector.views.ask(member.name, _counting(table))
            if count:
                left.append(f"{member.name}: {table.name} has {count} rows")
    _fail_if(left, "databases are not clean; expected no rows, found:", left)


def _counting(table: Any) -> Callable[[Connection], int]:  # noqa: ANN401  # a Table
    wanted = select(func.count()).select_from(table)
    return lambda connection: connection.scalar(wanted) or 0


def _assert_row(
    inspector: CrossDatabaseInspector,
    name: str,
    part: Part,
    session: object,
    expected: Mapping[str, object],
) -> None:
    __tracebackhide__ = True
    found = _rows(inspector, name, part, "id", session)
    if not found:
        others = [str(row) for row in inspector.views.ask(name, _all(part))]
        _fail_if(part, f"{name} has no session {session}; {part.table.name} has:", others)
    for what, value in expected.items():
        _fail_if(
            key(found[0].get(what)) != key(value),
            f"{name}, session {session}: expected {what} {value!r}, found:",
            [str(found[0])],
        )


def _rows(
    inspector: CrossDatabaseInspector, name: str, part: Part, column: str, value: object
) -> list[dict[str, Any]]:
    columns = [each.label(role) for role, each in part.columns.items()]
    wanted = select(*columns).where(part[column] == value)

    def ask(connection: Connection) -> list[dict[str, Any]]:
        return [dict(row) for row in connection.execute(wanted).mappings()]

    return inspector.views.ask(name, ask)


def _found(
    inspector: CrossDatabaseInspector, name: str, part: Part, column: str, value: object
) -> list[str]:
    rows = _rows(inspector, name, part, column, value)
    return [f"{name}: {part.table.name} {row}" for row in rows]


def _all(part: Part) -> Callable[[Connection], list[dict[str, Any]]]:
    columns = [each.label(role) for role, each in part.columns.items()]
    wanted = select(*columns).limit(_MOST)
    return lambda connection: [dict(row) for row in connection.execute(wanted).mappings()]


def _told(finding: Finding) -> str:
    return (
        f"{finding.code} {finding.message}, at {finding.place}: "
        f"expected {finding.expected}, found {finding.actual}"
    )


def _fail_if(wrong: object, what: str, details: Iterable[str]) -> None:
    __tracebackhide__ = True
    if wrong:
        shown = list(details)
        lines = [f"  {line}" for line in shown[:_MOST]] or ["  nothing"]
        if len(shown) > _MOST:
            lines.append(f"  and {len(shown) - _MOST} more")
        raise AssertionError("\n".join([what, *lines]))
