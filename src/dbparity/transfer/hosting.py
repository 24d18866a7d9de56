"""A target's schema for the rows of a source: types that hold every value, and the same rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from dbparity.backends.base import load_backend
from dbparity.backends.homes.base import Use
from dbparity.errors import BackendUnsuited
from dbparity.results import Place
from dbparity.schema.drafts import Gap, Handling, Remark
from dbparity.snapshots import Snapshot, Table
from dbparity.targets import version_tuple
from dbparity.transfer import checks, columns, keys, references
from dbparity.transfer.moves import Move, Names, Work, fits
from dbparity.transfer.uses import kinds, uses

if TYPE_CHECKING:
    from dbparity.backends.base import Backend
    from dbparity.backends.homes.base import Home
    from dbparity.snapshots import Column

Rule: TypeAlias = Callable[[Work], Iterator[Remark]]
RULES: tuple[Rule, ...] = (
    columns.types,
    keys.keys,
    columns.numbering,
    columns.defaults,
    columns.generated,
    columns.hidden,
    keys.indexes,
    checks.left_behind,
)


@dataclass(frozen=True)
class Hosted:
    """What makes a source's schema on a target.

    Attributes:
        snapshot: the target's schema as it becomes, in the target's words.
        statements_before: what makes the tables, with their primary and unique keys.
        statements_after: what is added once all rows are there: indexes, where numbers go on
            from, foreign keys.
        remarks: what is not on the target as the source has it.
    """

    snapshot: Snapshot
    statements_before: tuple[str, ...]
    statements_after: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()

    @property
    def refusals(self) -> tuple[Remark, ...]:
        """What the target cannot hold or does not promise."""
        return tuple(remark for remark in self.remarks if remark.handling is Handling.REFUSED)


def host(source: Snapshot, backend: Backend, version: str) -> Hosted:
    """The schema of ``source`` for ``backend`` of ``version``; nothing is connected to.

    A caller that has looked at the rows and knows that they need other types than those that are
    declared, as on SQLite, replaces these in ``source``.

    Raises:
        BackendUnsuited: the backend does not say how it keeps another product's schema.
        TargetUnknown: nobody declares the backend of the source.
    """
    move = _move(source, backend, version_tuple(version))
    works = [Work(move, table, Table(table.name, ())) for table in move.tables.values()]
    remarks = [*_unheld(move), *chain.from_iterable(_ruled(work) for work in works)]
    tables = {work.made.name: work.made for work in works}
    for work in works:
        remarks += references.references(work, tables)
        remarks += checks.checks(work)
    remarks += _views(source)
    return _spelled(replace(source, backend=backend.name, version=version), works, remarks)


def _ruled(work: Work) -> Iterator[Remark]:
    for rule in RULES:
        yield from rule(work)


def _spelled(source: Snapshot, works: list[Work], remarks: list[Remark]) -> Hosted:
    tables = tuple(work.made for work in works)
    home = works[0].move.home if works else None
    if home is None:
        return Hosted(replace(source, tables=(), views=()), (), (), tuple(remarks))
    before = [*home.prelude(tables), *chain.from_iterable(map(home.create, tables))]
    after = [*chain.from_iterable(map(home.complete, tables))]
    after += chain.from_iterable(map(home.refer, tables))
    schema = replace(source, source="", tables=tables, views=())
    return Hosted(schema, tuple(before), tuple(after), tuple(remarks))


def _move(source: Snapshot, backend: Backend, version: tuple[int, ...]) -> Move:
    home = _home(backend, version)
    origin = load_backend(source.backend)
    theirs = origin.home(version_tuple(source.version))
    fitting = {table.name: table for table in source.tables if not _unfit(table, source, home)}
    reduced = replace(source, tables=tuple(fitting.values()))
    needed = kinds(reduced)
    return Move(
        source=source,
        origin=origin,
        backend=backend,
        features=backend.features(version),
        home=home,
        names=Names(home, reduced.tables),
        tables=fitting,
        hides_data=theirs is None or theirs.hidden_data,
        kinds=needed,
        uses=uses(reduced, home, needed, native=origin.sql_dialect == backend.sql_dialect),
    )


def _home(backend: Backend, version: tuple[int, ...]) -> Home:
    home = backend.home(version)
    if home is None:
        raise BackendUnsuited(backend.title)
    return home


def _unheld(move: Move) -> Iterator[Remark]:
    for table in move.source.tables:
        reason = _unfit(table, move.source, move.home)
        if reason:
            gap = Gap(Place(table.name), "table", "its rows", f"{move.title} cannot: {reason}")
            yield gap.refused("rename or change it on the source, or leave it out")


def _unfit(table: Table, source: Snapshot, home: Home) -> str:
    """Why the target cannot have such a table; "" where it can."""
    if not table.columns and not home.empty_tables:
        return "it has no columns"
    names = [table.name, *(column.name for column in table.columns)]
    other = [name for name in names if not fits(name, home)]
    if other:
        return f"{other[0]!r} is too long a name, or one of other characters than it has"
    if not home.fits_row(_kept(table, home)):
        return f"its {len(table.columns)} columns take more than a row has room for"
    if home.folds_columns and len({name.lower() for name in names[1:]}) < len(names) - 1:
        return "names of its columns differ in case only"
    alike = [each.name for each in source.tables if each.name.lower() == table.name.lower()]
    if home.folds_tables and table.name != alike[0]:
        return f"its name differs from {alike[0]} in case only"
    return ""


def _kept(table: Table, home: Home) -> tuple[Column, ...]:
    """The columns in types of the target, as far as they are known from the table alone."""
    kept = [
        replace(column, type=home.keep(column.type, Use()).type)
        for column in table.columns
        if not column.hidden
    ]
    return home.settled(kept, frozenset())


def _views(source: Snapshot) -> Iterator[Remark]:
    for view in source.views:
        gap = Gap(Place(view.name), "view", "a query", "each product has words of its own")
        yield gap.delegated("create it on the target after the load")
