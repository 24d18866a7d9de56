"""`MigrationValidator`: whether two databases hold the same."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from contextlib import ExitStack, closing, contextmanager
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from dbparity.errors import TargetIsSource, TargetUnknown
from dbparity.progress import Progress
from dbparity.results import (
    Finding,
    Measurement,
    Outcome,
    Place,
    Report,
    Result,
    Severity,
    TargetState,
)
from dbparity.schema.diff import diff
from dbparity.schema.differences import Meaning
from dbparity.schema.sides import sides
from dbparity.schema.sources import scratch_target
from dbparity.transfer.admission import named
from dbparity.transfer.comparing import WHOLE, compare
from dbparity.transfer.ends import end
from dbparity.transfer.numbering import behind
from dbparity.transfer.orphans import Believed, stray
from dbparity.transfer.routes import route
from dbparity.transfer.tallies import COUNT, UNREADABLE, Aside, Tally, finding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from sqlalchemy import URL, Connection

    from dbparity.backends.wires.base import Reader
    from dbparity.schema.differences import Difference
    from dbparity.snapshots import Snapshot
    from dbparity.transfer.aside import SetAside
    from dbparity.transfer.comparing import Readers
    from dbparity.transfer.routes import Route
    from dbparity.transfer.sampling import Sample
    from dbparity.transfer.survey import Survey
    from dbparity.transfer.tallies import Comparison

WORK = "verify"
# Whatever else differs in two schemas, rows that are there are the same or are found not to be.
_ABSENT = frozenset({Meaning.MISSING, Meaning.EXTRA, Meaning.RENAMED})
_DOUBTFUL = frozenset({Meaning.NARROWER, Meaning.COMPARES})
SAMPLED = "DATA-SAMPLED"


class MigrationValidator:
    """Compares two databases: their schemas, every cell, what rows refer to, and their numbering.

    Nothing is written to either.
    """

    def __init__(  # noqa: PLR0913  # all but the first two have defaults
        self,
        source: str | URL,
        target: str | URL,
        *,
        tables: Collection[str] = (),
        sample: Sample | None = None,
        routes: Sequence[Route] | None = None,
        readers: tuple[Reader | None, Reader | None] = (None, None),
        aside: Iterable[SetAside] = (),
        progress: Progress | None = None,
    ) -> None:
        """Find both databases.

        Args:
            source: the URL of the one that is believed; any driver's.
            target: the URL of the one that is compared with it.
            tables: only these of the source's; () stands for all.
            sample: how many rows of each table are compared, if not all.
            routes: which columns of which tables are compared, if that was planned; else those
                that both sides have by their names.
            readers: of either side, if they are open already; they stay so.
            aside: rows that the target is known not to have.
            progress: is told what happens.

        Raises:
            SourceInvalid, TargetUnknown, DatabaseUnreachable: one of them cannot be reached.
        """
        self.ends = (end(source), end(target))
        self.tables, self.sample = frozenset(tables), sample
        self.progress = progress or Progress()
        self._routes, self._readers = routes, readers
        self._aside = _by_table(aside)

    def validate(self) -> Report:
        """All of it; the report's results are in the categories of the methods below.

        Raises:
            TargetIsSource: both are one database.
            TargetUnknown: there is no such table.
            RowsUnreadable: a table could not be read to the last row.
        """
        started, clock = datetime.now(UTC), time.perf_counter()
        parts = (self.schema, self.data, self.relations, self.numbers)
        results = tuple(result for part in parts for result in part())
        name = " against ".join(each.text for each in self.ends)
        seconds = time.perf_counter() - clock
        claim = "Both sides hold the same"
        return Report(name, started, seconds, self._targets, results, claim=claim)

    def again(self) -> MigrationValidator:
        """The same, for databases that have changed since."""
        fresh = copy(self)
        for known in ("_surveys", "ways"):
            vars(fresh).pop(known, None)
        return fresh

    def schema(self) -> tuple[Result, ...]:
        """Tables and columns that one side alone has; a type that holds less is a note."""
        left, right = (survey.snapshot for survey in self._surveys)
        found: dict[str, list[Finding]] = {each.source.name: [] for each in self.ways}
        for difference in diff(left, right):
            table = difference.place.table
            for each in _told(difference, left, right) if self._is_wanted(table) else ():
                found.setdefault(table, []).append(each)
        return tuple(_result("schema", name, each) for name, each in found.items())

    def data(self) -> tuple[Result, ...]:
        """Every cell of the columns that both sides have."""
        with ExitStack() as stack:
            left, right = (
                reader or stack.enter_context(closing(each.reader()))
                for reader, each in zip(self._readers, self.ends, strict=True)
            )
            return tuple(self._compared(way, (left, right)) for way in self.ways)

    def relations(self) -> tuple[Result, ...]:
        """Foreign keys: no row refers to nothing, by what the databases themselves find."""
        schemas = [survey.snapshot for survey in self._surveys]
        with self._connected() as connections:
            backends = [each.backend for each in self.ends]
            left, right = map(Believed, connections, backends, schemas)
            return tuple(
                _timed("relations", way, partial(stray, way, left, right))
                for way in self.ways
                if way.source.foreign_keys or way.target.foreign_keys
            )

    def numbers(self) -> tuple[Result, ...]:
        """What numbers rows goes on behind those that there are."""
        with self._connected() as connections:
            backends = [each.backend for each in self.ends]
            return tuple(
                _timed("numbers", way, partial(behind, way, backends, connections))
                for way in self.ways
                if any(column.automatic for column in way.target.columns)
            )

    @contextmanager
    def _connected(self) -> Iterator[list[Connection]]:
        with ExitStack() as stack:
            yield [stack.enter_context(each.connected()) for each in self.ends]

    @cached_property
    def _surveys(self) -> tuple[Survey, Survey]:
        left, right = (each.survey() for each in self.ends)
        if left.identity == right.identity:
            raise TargetIsSource(right.url)
        known = [table.name for table in left.snapshot.tables]
        for name in sorted(self.tables.difference(known)):
            raise TargetUnknown("table", name, known)
        return left, right

    @cached_property
    def ways(self) -> tuple[Route, ...]:
        """The tables that are compared, and by which columns."""
        left, right = (survey.snapshot for survey in self._surveys)
        if self._routes is not None:
            return tuple(way for way in self._routes if self._is_wanted(way.source.name))
        pairs = ((table, named(table.name, right)) for table in left.tables)
        return tuple(
            route(table, other)
            for table, other in pairs
            if other is not None and self._is_wanted(table.name)
        )

    @property
    def _targets(self) -> tuple[TargetState, ...]:
        """Both databases, each by its product and its URL."""
        snapshots = (survey.snapshot for survey in self._surveys)
        return tuple(
            TargetState(str(scratch_target(snapshot)), each.text, snapshot.version)
            for each, snapshot in zip(self.ends, snapshots, strict=True)
        )

    def _is_wanted(self, table: str) -> bool:
        return not self.tables or table in self.tables

    def _compared(self, way: Route, readers: Readers) -> Result:
        table, clock = way.source.name, time.perf_counter()
        total = self._surveys[0].rows[table]
        self.progress.table_begins(WORK, table, total)
        compared = self._comparison(way, readers, total)
        if self._routes is None and any(each.code == UNREADABLE for each in compared.findings):
            # Where nobody is held to them, declared types say little of the values.
            found = route(readers[0].actual(way.source), readers[1].actual(way.target))
            compared = self._comparison(found, readers, total) if found != way else compared
        seconds = time.perf_counter() - clock
        self.progress.table_done(WORK, table, compared.rows[0], seconds)
        notes = [*self._unclear(table, compared)]
        if self.sample and compared.rows[0] < total:
            notes.append(_sampled(table, compared.rows[0], total))
        return replace(
            _result("data", table, (*compared.findings, *notes), seconds),
            measurements=(
                Measurement("rows", compared.rows[0], "rows"),
                Measurement("rows on the right", compared.rows[1], "rows"),
                Measurement("set aside", compared.aside, "rows"),
            ),
        )

    def _comparison(self, way: Route, readers: Readers, total: int) -> Comparison:
        table = way.source.name
        if not way.leaving:  # there are tables without columns, and they have rows
            return Tally(way, rows=[total, self._surveys[1].rows[way.target.name]]).finish()
        return compare(
            way,
            *readers,
            aside=self._aside.get(table, Aside()),
            tell=partial(self.progress.rows_done, WORK, table),
            ranges=self.sample.ranges(way, readers[0], total) if self.sample else (WHOLE,),
        )

    def _unclear(self, table: str, compared: Comparison) -> Iterator[Finding]:
        """Rows that were set aside, and that the right side has all the same."""
        known = self._aside.get(table, Aside()).count
        if known != compared.aside and not self.sample:
            message = "rows that were set aside are not missing"
            told = (f"{known:,} rows set aside", f"{compared.aside:,} of them missing")
            yield finding(COUNT, message, Place(table), told)


def _by_table(rows: Iterable[SetAside]) -> dict[str, Aside]:
    """What was set aside, each row once."""
    keys: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for row in rows:
        if row.cell == 1:
            keys[row.table][row.key] += 1
    return {
        table: Aside({key: count for key, count in found.items() if key}, found[()])
        for table, found in keys.items()
    }


def _told(difference: Difference, left: Snapshot, right: Snapshot) -> Iterator[Finding]:
    """What of a difference in schemas says that rows differ, or may."""
    found = replace(difference.finding(), sides=sides(difference, left, right))
    if difference.aspect in {"table", "column"} and difference.meaning in _ABSENT:
        lost = difference.meaning is Meaning.MISSING
        yield replace(found, severity=Severity.LOST) if lost else found
    elif difference.meaning in _DOUBTFUL:
        yield replace(found, severity=Severity.NOTE)


def _sampled(table: str, rows: int, total: int) -> Finding:
    return Finding(
        SAMPLED,
        Severity.NOTE,
        f"{rows:,} of {total:,} rows were compared: what the others hold is not proven",
        Place(table),
        recommendation="Compare all rows: leave out --sample.",
    )


def _timed(category: str, way: Route, find: Callable[[], Iterable[Finding]]) -> Result:
    clock = time.perf_counter()
    findings = tuple(find())
    return _result(category, way.source.name, findings, time.perf_counter() - clock)


def _result(category: str, table: str, findings: Sequence[Finding], seconds: float = 0.0) -> Result:
    failed = any(each.severity is not Severity.NOTE for each in findings)
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    return Result("", category, table, outcome, seconds, int(not failed), tuple(findings))
