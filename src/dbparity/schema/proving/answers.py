"""What a database answers to what is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import column, delete, func, insert, select, table, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import quoted_name

from dbparity.backends.base import Refusal
from dbparity.schema.proving.scratch import NUMBER
from dbparity.schema.refusals import said
from dbparity.snapshots import Family, Type
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, TableClause

    from dbparity.servers.database import Database

from dbparity.schema.proving.acts import Act, Row, Stage, shortened
from dbparity.schema.proving.binding import Bound, Native, adapted

_UNKNOWN = Type("", Family.OTHER)


@dataclass(frozen=True)
class Answer:
    """What a database said to some acts.

    Attributes:
        refusal: why it refused one of them, None where it took them all.
        words: what it said then.
        refused: the number of that one.
        rows: what was read in the end, each value canonical.
        held: whether that is what was written.
    """

    refusal: Refusal | None = None
    words: str = ""
    refused: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    held: bool = False

    def text(self, acts: Sequence[Act]) -> str:
        """The answer in words."""
        if self.refusal is not None:
            which = f" no. {self.refused + 1}" if len(acts) > 1 else ""
            return f"refuses{which}: {self.words}"
        rows = "; ".join(", ".join(map(shortened, row)) for row in self.rows)
        return f"accepts it: {rows}" if rows else "accepts it"


def perform(stage: Stage, acts: Sequence[Act], reads: Sequence[str], database: Database) -> Answer:
    """Do ``acts`` in one transaction, read the columns ``reads`` of the last table, and clean up.

    Call it from inside `Database.run`.

    Raises:
        DBAPIError: the connection was lost, which is no answer.
    """
    attempt = _Attempt(stage)
    try:
        with database.engine.begin() as connection:
            for act in acts:
                attempt.do(connection, act)
            answer = attempt.read(connection, reads)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return Answer(database.backend.refusal(error), said(error), attempt.done)
    except Exception as error:  # noqa: BLE001  # drivers raise whatever they like
        return Answer(Refusal.OTHER, said(error), attempt.done)
    with database.engine.begin() as connection:
        for number in reversed(range(len(stage.tables))):
            connection.execute(delete(attempt.table(number)))
    return answer


class _Attempt:
    """Acts on one side, one after the other."""

    def __init__(self, stage: Stage) -> None:
        """Act on the tables of ``stage``."""
        self.stage, self.done = stage, 0
        self._written: list[dict[str, Bound]] = []
        self._found: list[tuple[str, ...]] = []

    def table(self, number: int, *others: str) -> TableClause:
        """The table of that number, and columns of it that are ``others`` than it has."""
        found = self.stage.tables[number]
        families = dict.fromkeys(others, Family.OTHER)
        families |= {each.name: each.type.family for each in found.columns}
        columns = [column(_name(name), Native(family)) for name, family in families.items()]
        return table(_name(found.name), *columns)

    def do(self, connection: Connection, act: Act) -> None:
        """Do one act."""
        row, wanted = self._bound(act, act.row), self._bound(act, act.where)
        target = self.table(act.table, *row)
        where = [target.c[name] == bound.value for name, bound in wanted.items()]
        values = {name: bound.value for name, bound in row.items()}
        if act.verb == "SORT":
            columns = [target.c[name] for name in row]
            for found in connection.execute(select(*columns).order_by(*columns)):
                self._found.append(tuple(map(canonical, found)))
        elif act.verb == "COUNT":
            count = connection.scalar(select(func.count()).select_from(target).where(*where))
            self._found.append((f"{count} found",))
        elif act.verb == "INSERT":
            connection.execute(insert(target).values(**{NUMBER: self.done}, **values))
            self._written.append(row)
        elif act.verb == "UPDATE":
            connection.execute(update(target).where(*where).values(**{NUMBER: -1}, **values))
        else:
            connection.execute(delete(target).where(*where))
        self.done += 1

    def read(self, connection: Connection, reads: Sequence[str]) -> Answer:
        """What is there in the end."""
        if self._found:
            return Answer(rows=tuple(self._found))
        if not reads:
            return Answer()
        target = self.table(-1)
        names = [own for own in (self.stage.own(-1, name) for name in reads) if own]
        query = select(*(target.c[name] for name in names)).order_by(target.c[NUMBER])
        rows = connection.execute(query).all()
        held = len(rows) == len(self._written) and all(
            bound.equals(value)
            for row, written in zip(rows, self._written, strict=True)
            for value, bound in zip(row, map(written.get, names), strict=True)
            if bound is not None
        )
        return Answer(rows=tuple(tuple(map(canonical, row)) for row in rows), held=held)

    def _bound(self, act: Act, row: Row) -> dict[str, Bound]:
        """The values by this side's names of the columns."""
        bound = {}
        for name, value in row.items():
            found = self.stage.column(act.table, name)
            kind = found.type if found is not None else _UNKNOWN
            bound[self.stage.own(act.table, name)] = Bound(value, adapted(value, kind), kind)
        return bound


def _name(name: str) -> quoted_name:
    return quoted_name(name, quote=True)
