"""`DataMigrationService`: a database moved to another one, proven, or put back as it was."""

from __future__ import annotations

import secrets
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dbparity.errors import (
    DbparityError,
    MigrationCutOff,
    MigrationUndone,
    MigrationUnfinished,
    NothingToResume,
    RowsSetAside,
    SchemaChanged,
    TargetOccupied,
    TargetUnwritable,
)
from dbparity.progress import Progress
from dbparity.results import Report, Severity
from dbparity.transfer import aside, journal
from dbparity.transfer.actual import actual, remarks
from dbparity.transfer.admission import Mode
from dbparity.transfer.archive import Archive
from dbparity.transfer.audit import Audit, who
from dbparity.transfer.ends import end
from dbparity.transfer.journal import Begun, Journal, Standing
from dbparity.transfer.migration import Migration, guard
from dbparity.transfer.outcome import SET_ASIDE, copied, made, refused, undone, unheld
from dbparity.transfer.plan import plan as planned
from dbparity.transfer.preflight import preflight, with_ways
from dbparity.transfer.routes import routes
from dbparity.transfer.validator import MigrationValidator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import URL

    from dbparity.backends.wires.base import Reader
    from dbparity.results import Result
    from dbparity.snapshots import Snapshot, Table
    from dbparity.transfer.aside import SetAside
    from dbparity.transfer.ends import End
    from dbparity.transfer.plan import Plan
    from dbparity.transfer.survey import Survey

FOLDER = Path("dbparity-migrations")


@dataclass(frozen=True)
class Foresight:
    """What a migration is going to do, and a report of what is in its way."""

    plan: Plan
    report: Report


def _untold(_plan: Plan) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class _Run:
    """What the steps of a run share."""

    audit: Audit
    reader: Reader


@dataclass(frozen=True)
class _Moment:
    """When a run began."""

    at: datetime
    clock: float

    @classmethod
    def now(cls) -> _Moment:
        return cls(datetime.now(UTC), time.perf_counter())


class DataMigrationService:
    """Moves the rows of one database into another, and proves every cell.

    A run that is cut off, whatever cuts it off, can be resumed or rolled back: the target itself
    says how far it came.
    """

    def __init__(  # noqa: PLR0913  # all but the first two have defaults
        self,
        source: str | URL,
        target: str | URL,
        *,
        sets_aside: bool = False,
        folder: Path = FOLDER,
        progress: Progress | None = None,
        schema: Snapshot | None = None,
    ) -> None:
        """Between two databases; neither is connected to yet.

        Args:
            source: the URL of the database to be copied; any driver's.
            target: likewise; a file need not be there yet.
            sets_aside: whether rows that the target does not take are set aside, in a table and a
                file, instead of stopping the migration.
            folder: for logs, backups and rows that were set aside.
            progress: is told what happens.
            schema: what an empty target's schema becomes, if not the source's; `resume` and
                `rollback` go by the plan that was begun.
        """
        self._source, self._target = source, target
        self.sets_aside, self.folder = sets_aside, folder
        self.progress = progress or Progress()
        self.schema = schema

    @cached_property
    def source(self) -> End:
        """The database to be copied; raise what `ends.end` raises where it cannot be reached."""
        return end(self._source)

    @cached_property
    def target(self) -> End:
        """The database to be written to; likewise."""
        return end(self._target, may_be_absent=True)

    def foresee(self, mode: Mode = Mode.FILL) -> Foresight:
        """What `migrate` would do, and every row that is in its way; nothing is written.

        Raises:
            SourceInvalid, TargetUnknown, DatabaseUnreachable: one of them cannot be reached.
            TargetIsSource, TargetOccupied, TargetUnfit, BackendUnsuited: it would be refused.
            MigrationUnfinished: another migration into the target has not ended.
        """
        began = _Moment.now()
        with closing(self.source.reader()) as reader:
            plan = self._plan(reader, mode)
            results = self._looked_ahead(plan, reader)
            return Foresight(plan, self._report(results, began, "Nothing is in the way"))

    def migrate(self, mode: Mode = Mode.FILL, announce: Callable[[Plan], None] = _untold) -> Report:
        """Copy and prove; on a row that does not fit, put the target back as it was.

        Args:
            mode: what may become of rows that the target has.
            announce: is told the plan, before anything is written.

        Raises:
            DbparityError: it cannot be done, or was cut off; see `resume` and `rollback`.
        """
        began = _Moment.now()
        with self._begun(f"{began.at:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}") as run:
            plan = self._plan(run.reader, mode)
            announce(plan)
            results = self._looked_ahead(plan, run.reader)
            found = [finding for result in results for finding in result.findings]
            if found and not self.sets_aside:
                run.audit.tell("refused", findings=msgspec.to_builtins(found))
            else:
                results = self._carried_out(plan, run, judged=not found)
        return self._report(results, began)

    def resume(self) -> Report:
        """Go on with a migration that was cut off, and prove it.

        Raises:
            NothingToResume: there is none.
            MigrationUndone: its way back has begun.
            SchemaChanged: the source is not what it was.
            TargetOccupied: others have filled the target before it could.
        """
        began = _Moment.now()
        standing = self._standing()
        if standing.undone:
            raise MigrationUndone(self.target.text, standing.begun.migration)
        with self._begun(standing.begun.migration) as run:
            run.audit.tell("resumed", **who())
            self._check_source(standing.begun.plan)
            results = self._driven(standing, run, resumed=True)
        return self._report(results, began)

    def rollback(self) -> Report:
        """Put the target back as it was before a migration that has not ended, and prove it.

        Raises:
            NothingToResume: there is none.
            TargetUnrestored: it is not as it was.
        """
        began = _Moment.now()
        standing = self._standing()
        with self._audit(standing.begun.migration) as audit, self.target.writing() as writer:
            audit.tell("rolled back", **who())
            Migration(self.target, writer, standing, audit, self.progress).undo()
        results = [undone(standing.begun.original)]
        return self._report(results, began, "The target is as it was")

    def _standing(self) -> Standing:
        found = self._recorded()
        if found is None:
            raise NothingToResume(self.target.text)
        return found

    def _recorded(self) -> Standing | None:
        with self.target.connected() as connection:
            return journal.standing(connection)

    def _plan(self, reader: Reader, mode: Mode) -> Plan:
        source, target = self.source.survey(), self._free()
        found = actual(reader, source.snapshot)
        made = planned(replace(source, snapshot=found), target, mode, self.schema)
        told = (*remarks(source.snapshot, found), *made.remarks)
        return with_ways(replace(made, remarks=told), reader, self.target)

    def _free(self) -> Survey:
        """What is in the target; raise `MigrationUnfinished` if it belongs to a migration."""
        found = self.target.survey()
        # A server that died may have left a journal in which nothing was written.
        if found.begun and (unfinished := self._recorded()):
            raise MigrationUnfinished(self.target.text, unfinished.begun.migration)
        return found

    def _check_source(self, plan: Plan) -> None:
        """Raise `SchemaChanged` if the source is not the one that was planned for."""
        now = {table.name: _shape(table) for table in self.source.survey().snapshot.tables}
        then = {table.name: _shape(table) for table in plan.source_schema.tables}
        other = [name for name in now.keys() | then.keys() if now.get(name) != then.get(name)]
        if other:
            raise SchemaChanged(self.source.text, sorted(other))

    def _looked_ahead(self, plan: Plan, reader: Reader) -> list[Result]:
        """What keeps rows from arriving, before anything is written."""
        return [unheld(plan), *preflight(plan, reader, self.source, self.target, self.progress)]

    def _carried_out(self, plan: Plan, run: _Run, *, judged: bool) -> list[Result]:
        original = self._unchanged(plan)
        archive = self._backup(plan, run)
        with self.target.writing() as writer:
            with writer.connect() as connection:
                guard(self.target.text, plan, self.target.backend.at_rest(connection))
                names = [table.name for table in original.tables]
                begun = Begun(
                    run.audit.path.stem,
                    datetime.now(UTC),
                    plan,
                    original,
                    str(archive or ""),
                    self.sets_aside,
                    self.target.backend.silence(connection, names),
                )
            try:
                with writer.begin() as connection:
                    Journal.create(connection, begun)
            except DBAPIError as error:
                if other := self._recorded():
                    raise MigrationUnfinished(self.target.text, other.begun.migration) from error
                raise TargetUnwritable(self.target.text, error) from error
        run.audit.tell("begun", **who(), journal=msgspec.to_builtins(begun))
        return self._driven(Standing(begun), run, judged=judged)

    def _unchanged(self, plan: Plan) -> Snapshot:
        """The target's schema; raise `TargetOccupied` if others have filled it since the plan."""
        now = self._free()
        filled = now.occupied if plan.mode is Mode.FILL else ()
        made = [table.name for table in now.snapshot.tables] if plan.before else []
        if filled or made:
            raise TargetOccupied(self.target.text, filled or made)
        return now.snapshot

    def _backup(self, plan: Plan, run: _Run) -> Path | None:
        """An archive of what the target has, proven before anything is deleted."""
        if not plan.replaced:
            return None
        path = self.folder.absolute() / f"{run.audit.path.stem}.dbparity.zip"
        with self.target.connected() as connection:
            counters = self.target.backend.counters(connection)
        with closing(self.target.reader()) as reader:
            archive = Archive.write(path, self.target.survey().snapshot, reader, counters)
            archive.verify(reader)
        run.audit.tell("backup", archive=str(path))
        return path

    def _driven(
        self, standing: Standing, run: _Run, *, resumed: bool = False, judged: bool = False
    ) -> list[Result]:
        with self.target.writing() as writer:
            migration = Migration(
                self.target, writer, standing, run.audit, self.progress, resumed, judged
            )
            try:
                migration.go_on(run.reader)
            except RowsSetAside as error:
                run.audit.tell("refused", reason=str(error))
                migration.undo()
                return [refused(error)]
            with writer.connect() as connection:
                away = aside.kept(connection)
            self._write_aside(run, away)
            results = [*copied(standing, away), *self._verified(standing.begun.plan, run, away)]
            if _agreed(results):
                migration.forget(keep_aside=bool(away))
        run.audit.tell("verdict", agreed=_agreed(results), set_aside=len(away))
        return results

    def _verified(self, plan: Plan, run: _Run, away: Sequence[SetAside]) -> list[Result]:
        """The target as it is now, read as by anybody, against what the source was at the start."""
        validator = MigrationValidator(
            self.source.url,
            self.target.url,
            routes=routes(plan),
            readers=(run.reader, None),
            aside=away,
            progress=self.progress,
        )
        found = [
            made(plan, self.target.survey().snapshot),
            *validator.data(),
            *validator.relations(),
            *validator.numbers(),
        ]
        self._check_source(plan)
        return found

    def _write_aside(self, run: _Run, away: Sequence[SetAside]) -> None:
        """The rows that were set aside, as a file."""
        if away:
            path = run.audit.path.with_suffix(".quarantine.jsonl")
            path.write_text(aside.as_lines(away), encoding="utf-8")

    @contextmanager
    def _begun(self, migration: str) -> Iterator[_Run]:
        with closing(self.source.reader()) as reader, self._audit(migration) as audit:
            yield _Run(audit, reader)

    @contextmanager
    def _audit(self, migration: str) -> Iterator[Audit]:
        """The log, which is told of what stops a run, too.

        Raises:
            MigrationCutOff: a server did not go on.
        """
        with closing(Audit(self.folder.absolute() / f"{migration}.jsonl")) as audit:
            try:
                yield audit
            except BaseException as error:
                audit.tell("stopped", reason=str(error), kind=type(error).__name__)
                if isinstance(error, SQLAlchemyError):
                    raise _told(error) or MigrationCutOff(self.target.text, error) from error
                raise

    def _report(
        self, results: Sequence[Result], began: _Moment, claim: str = "Every row arrived as it was"
    ) -> Report:
        name = f"migration to {self.target.text}"
        seconds = time.perf_counter() - began.clock
        return Report(name, began.at, seconds, results=tuple(results), claim=claim)


def _told(error: SQLAlchemyError) -> DbparityError | None:
    """What was known before the way back failed, too, over a connection that is gone."""
    before = error.__context__
    while before is not None and not isinstance(before, DbparityError):
        before = before.__context__
    return before


def _shape(table: Table) -> object:
    """What a table is, but for types: those of a plan may be the ones that the values need."""
    columns = [(column.name, column.nullable, column.computed) for column in table.columns]
    return columns, table.primary_key, table.uniques, table.foreign_keys


def _agreed(results: Sequence[Result]) -> bool:
    """Whether every row is in the target or was set aside, and nothing else is."""
    return all(
        finding.code == SET_ASIDE or finding.severity is Severity.NOTE
        for result in results
        for finding in result.findings
    )
