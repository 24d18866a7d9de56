"""What a migration is going to do, told before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from dbparity.backends.base import load_backend
from dbparity.errors import BackendUnsuited, TargetUnfit
from dbparity.schema.differences import Difference  # noqa: TC001  # msgspec asks for it
from dbparity.schema.drafts import Handling, Remark
from dbparity.snapshots import Snapshot  # noqa: TC001  # likewise
from dbparity.targets import version_tuple
from dbparity.transfer.admission import Mode, admit, column_named, named
from dbparity.transfer.hosting import Hosted, host
from dbparity.transfer.order import ordered
from dbparity.transfer.routes import route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbparity.snapshots import Column, Table
    from dbparity.transfer.survey import Survey

_MOST_CELLS = 1_000_000  # of a chunk
_MOST_ROWS, _LEAST_ROWS = 100_000, 1_000
_INSERT = "INSERT"


@dataclass(frozen=True)
class Conversion:
    """What becomes of a column.

    Attributes:
        column, target_column: its names.
        source, target: its types, as the databases spell them.
        written: whether its values are written; those of a generated column are only compared.
        unheld: what the target's type cannot hold or tells otherwise.
    """

    column: str
    target_column: str
    source: str
    target: str
    written: bool = True
    unheld: tuple[str, ...] = ()


@dataclass(frozen=True)
class Load:
    """What becomes of a table.

    Attributes:
        table, target_table: its names.
        columns: in the source's order.
        key: by which rows are told apart: those of the primary key, or of a unique key without
            NULL; () where there is none, and rows are compared as a multiset.
        rows: how many the source has.
        chunk: how many of them make one transaction.
        refers_to_itself: whether rows may refer to later ones.
        triggers: those of the target that an INSERT fires.
        way: how its rows are read and written; "" before anybody has asked.
    """

    table: str
    target_table: str
    columns: tuple[Conversion, ...]
    key: tuple[str, ...]
    rows: int
    chunk: int
    refers_to_itself: bool = False
    triggers: tuple[str, ...] = ()
    way: str = ""

    @property
    def chunks(self) -> int:
        """How many transactions it takes."""
        return -(-self.rows // self.chunk)


@dataclass(frozen=True)
class Plan:
    """A migration.

    Attributes:
        source, target: the databases, without passwords.
        source_schema, target_schema: their schemas; that of an empty target as it becomes.
        mode: what may become of rows that the target has.
        loads: the tables, the referred ones first.
        circles: tables that refer to each other: their foreign keys hold when all are loaded.
        before, after: the statements that make the schema; none where the target has one.
        remarks: what of the source's schema the target has in other words, or not at all.
        doubts: what of a schema that the target had may refuse or change a row.
        replaced: tables whose rows are deleted first.
    """

    source: str
    target: str
    source_schema: Snapshot
    target_schema: Snapshot
    mode: Mode
    loads: tuple[Load, ...]
    circles: tuple[tuple[str, ...], ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    doubts: tuple[Difference, ...] = ()
    replaced: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows are copied in all."""
        return sum(load.rows for load in self.loads)

    @property
    def refusals(self) -> tuple[Remark, ...]:
        """What the target cannot hold or does not promise."""
        return tuple(each for each in self.remarks if each.handling is Handling.REFUSED)

    def to_json(self) -> str:
        """Everything, indented; `from_json` gives an equal plan back."""
        return msgspec.json.format(msgspec.json.encode(self)).decode() + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Plan:
        """Read what `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)


def plan(
    source: Survey, target: Survey, mode: Mode = Mode.FILL, wanted: Snapshot | None = None
) -> Plan:
    """Plan a migration between two databases that were looked at; neither is connected to.

    An empty target gets the schema ``wanted``, as an application has it, and of the source what
    that does not name; or else the source's.

    Raises:
        TargetIsSource: they are one database.
        NothingToResume: there is no migration to go on with.
        TargetOccupied: the target has rows that may not be touched.
        TargetUnfit: the target's tables cannot take the rows.
        BackendUnsuited: rows cannot be moved to such a backend.
    """
    doubts = admit(source, target, mode)
    if wanted is None:
        hosted = _hosted(source.snapshot, target.snapshot)
    elif target.snapshot.tables:
        raise TargetUnfit(target.url, ["it has tables, and is to get those of another schema"])
    else:
        hosted = _wanted(wanted, source.snapshot, target.snapshot)
        doubts = admit(source, replace(target, snapshot=hosted.snapshot), mode)
    found = ((table, named(table.name, hosted.snapshot)) for table in source.snapshot.tables)
    pairs = {table.name: (table, other) for table, other in found if other is not None}
    order = ordered([table for table, _ in pairs.values()])
    return Plan(
        source.url,
        target.url,
        source.snapshot,
        replace(hosted.snapshot, source=target.url),
        mode,
        tuple(
            _load(*pairs[name], hosted, source.rows[name], doubts, own=name in order.own)
            for name in order.tables
        ),
        order.circles,
        hosted.statements_before,
        hosted.statements_after,
        hosted.remarks,
        doubts,
        target.occupied if mode is Mode.REPLACE else (),
    )


def _hosted(source: Snapshot, target: Snapshot) -> Hosted:
    """The target's own schema, or the one that is made for it."""
    backend = load_backend(target.backend)
    if not target.tables:
        return host(source, backend, target.version)
    home = backend.home(version_tuple(target.version))
    if home is None:
        raise BackendUnsuited(backend.title)
    filled = [table for table in target.tables if named(table.name, source) is not None]
    return Hosted(target, (), tuple(chain.from_iterable(map(home.number, filled))))


def _wanted(wanted: Snapshot, source: Snapshot, target: Snapshot) -> Hosted:
    """``wanted``, and the tables that the source alone has."""
    backend = load_backend(target.backend)
    beside = tuple(table for table in source.tables if named(table.name, wanted) is None)
    own = host(replace(wanted, views=()), backend, target.version)
    theirs = host(replace(source, tables=beside), backend, target.version)
    return Hosted(
        replace(own.snapshot, tables=(*own.snapshot.tables, *theirs.snapshot.tables)),
        (*own.statements_before, *theirs.statements_before),
        (*own.statements_after, *theirs.statements_after),
        (*own.remarks, *theirs.remarks),
    )


def _load(  # noqa: PLR0913  # a table of a migration is all of these
    table: Table,
    kept: Table,
    hosted: Hosted,
    rows: int,
    doubts: Sequence[Difference],
    *,
    own: bool,
) -> Load:
    columns = tuple(_conversions(table, kept, hosted, doubts))
    return Load(
        table.name,
        kept.name,
        columns,
        route(table, kept).key,
        rows,
        max(_LEAST_ROWS, min(_MOST_ROWS, _MOST_CELLS // max(len(columns), 1))),
        own,
        tuple(each.name for each in kept.triggers if _INSERT in each.events),
    )


def _conversions(
    table: Table, kept: Table, hosted: Hosted, doubts: Sequence[Difference]
) -> Iterator[Conversion]:
    for column in table.columns:
        other = column_named(column.name, kept)
        if other is not None:
            unheld = tuple(_unheld(table, column, hosted, doubts))
            yield Conversion(
                column.name,
                other.name,
                column.type.native,
                other.type.native,
                other.computed is None,
                unheld,
            )


def _unheld(
    table: Table, column: Column, hosted: Hosted, doubts: Sequence[Difference]
) -> Iterator[str]:
    place = (table.name, column.name)
    for remark in hosted.refusals:
        if (remark.place.table, remark.place.column) == place:
            yield remark.obstacle
    for doubt in doubts:
        if doubt.place.table == table.name and column.name in doubt.columns:
            yield doubt.message
