"""Every row of a source looked at before a migration: what the target would refuse or change."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dbparity.results import Finding, Measurement, Outcome, Place, Result, Severity
from dbparity.transfer.ahead import ahead
from dbparity.transfer.collisions import Collisions
from dbparity.transfer.orphans import Believed, dangling
from dbparity.transfer.routes import routes
from dbparity.wires import canonical, raw, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from dbparity.backends.wires.base import Loader, Reader
    from dbparity.progress import Progress
    from dbparity.transfer.ends import End
    from dbparity.transfer.plan import Plan
    from dbparity.transfer.routes import Route
    from dbparity.wires import BadCell, Batch, Cell, Selection

REFUSED = "DATA-REFUSED"
WORK = "preflight"
_SHOWN = 20  # of a column and a reason; all are counted
_CURE = "Correct them at their source, or have them set aside: --on-error quarantine."


def preflight(
    plan: Plan, reader: Reader, source: End, target: End, progress: Progress
) -> list[Result]:
    """Look at every row; nothing is written to the target.

    Found are cells that cannot be read, or that their column would refuse or change as far as
    that is known before; rows that are one to a key of the target; rows that refer to nothing.
    What a CHECK or a trigger of the target refuses is not foreseen.

    Raises:
        RowsUnreadable: a table could not be read to its end.
        DatabaseUnreachable: the source or the target.
    """
    with source.connected() as left, scratch(target) as writer, writer.connect() as right:
        looking = _Looking(
            reader,
            target.backend.loader(right),
            Believed(left, source.backend, plan.source_schema),
            Collisions(plan, target.backend, writer, reader),
            progress,
        )
        rows = {load.table: load.rows for load in plan.loads}
        return [looking.result(way, rows[way.source.name]) for way in routes(plan)]


def with_ways(plan: Plan, reader: Reader, target: End) -> Plan:
    """The plan, with the way that the rows of each table go."""
    with scratch(target) as writer, writer.connect() as connection:
        loader = target.backend.loader(connection)
        pairs = zip(plan.loads, routes(plan), strict=True)
        loads = (replace(load, way=_way(route.written, reader, loader)) for load, route in pairs)
        return replace(plan, loads=tuple(loads))


def _way(into: Route, reader: Reader, loader: Loader) -> str:
    return f"{reader.way(into.read())}, {loader.way(into.arriving)}"


@contextmanager
def scratch(target: End) -> Iterator[Engine]:
    """An engine for the target; a file that is not there is not made."""
    there = replace(target, url=target.url.set(database="")) if target.is_absent else target
    with there.writing() as writer:
        yield writer


@dataclass
class _Troubles:
    """Bad cells, counted by column and reason, and the first of each."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: list[BadCell] = field(default_factory=list)

    def add(self, cell: BadCell, located: Callable[[BadCell], BadCell] | None = None) -> None:
        told = cell.column, cell.reason
        self.counts[told] += 1
        if self.counts[told] <= _SHOWN:
            self.samples.append(located(cell) if located is not None else cell)

    def findings(self, way: Route) -> Iterator[Finding]:
        wires = [each.wire for each in way.read().keys]
        for cell in self.samples:
            rows = self.counts[cell.column, cell.reason]
            more = "" if rows <= _SHOWN else f"; {_SHOWN} of {rows:,} are shown"
            key = [canonical(*pair) for pair in zip(wires, cell.key, strict=False)]  # type: ignore[arg-type]
            yield Finding(
                REFUSED,
                Severity.LOST,
                f"{cell.reason}{more}",
                Place(way.source.name, cell.column, ", ".join(key) or f"row {cell.row}"),
                actual=shortened(raw(cell.raw)),
                recommendation=_CURE,
            )


@dataclass(frozen=True)
class _Looking:
    reader: Reader
    loader: Loader
    source: Believed
    collisions: Collisions
    progress: Progress

    def result(self, way: Route, rows: int) -> Result:
        """What there is to say of a table."""
        began = time.perf_counter()
        self.progress.table_begins(WORK, way.source.name, rows)
        unread, unfit = _Troubles(), _Troubles()
        seen = self._look(way, unread, unfit)
        findings = [
            *unread.findings(way),
            *unfit.findings(way),
            *self.collisions.found(way.written),
            *dangling(way, self.source),
        ]
        self.progress.table_done(WORK, way.source.name, seen, time.perf_counter() - began)
        return Result(
            target="",
            category=WORK,
            check=way.source.name,
            outcome=Outcome.FAILED if findings else Outcome.PASSED,
            verified=seen,
            findings=tuple(findings),
            measurements=(Measurement("rows", seen, "rows"),),
        )

    def _look(self, way: Route, unread: _Troubles, unfit: _Troubles) -> int:
        """Read all rows and judge their cells; return how many could be read."""
        into = way.written
        selection = _selection(into, self.reader)
        seen = 0
        with ahead(self.reader.read(selection, unread.add)) as batches:
            for batch in batches:
                locate = _Located(into, selection, batch, seen)
                for cell in self.loader.unfit(into.arriving, batch):
                    unfit.add(locate.named(cell), locate.placed)
                seen += batch.num_rows
                self.progress.rows_done(WORK, way.source.name, seen)
        return seen


def _selection(way: Route, reader: Reader) -> Selection:
    """In the order of the key only where that is the order of the rows: it need not be."""
    selection = way.read()
    if all(map(reader.orders, selection.keys)):
        return selection
    return replace(selection, key=())


@dataclass(frozen=True)
class _Located:
    """Tells where in the source the bad cells of a batch are."""

    way: Route
    selection: Selection
    batch: Batch
    start: int

    def named(self, cell: BadCell) -> BadCell:
        """With the source's name of the column."""
        names = {other.column.name: one.column.name for one, other in self.way.pairs}
        return replace(cell, column=names[cell.column])

    def placed(self, cell: BadCell) -> BadCell:
        """With its key, and its place among all rows."""
        cells: list[Cell] = [self.batch.column(name)[cell.row].as_py() for name in self.way.key]
        return replace(cell, key=tuple(cells), row=self.start + cell.row)
