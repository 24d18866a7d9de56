"""A migration under way: from wherever it stands to its end, or all the way back."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy.exc import DBAPIError

from dbparity.errors import RowsUnguarded, TargetOccupied, TargetUnrestored
from dbparity.targets import version_tuple
from dbparity.transfer import aside, journal
from dbparity.transfer.archive import Archive
from dbparity.transfer.copying import Copier
from dbparity.transfer.journal import Completed, Journal, Prepared, Undone
from dbparity.transfer.restoring import restore
from dbparity.transfer.routes import routes
from dbparity.transfer.strays import set_strays_aside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Engine

    from dbparity.backends.base import AtRest
    from dbparity.backends.wires.base import Reader
    from dbparity.progress import Progress
    from dbparity.snapshots import Table
    from dbparity.transfer.audit import Audit
    from dbparity.transfer.ends import End
    from dbparity.transfer.journal import Copied, Standing
    from dbparity.transfer.plan import Plan


@dataclass
class Migration:
    """What writes to a target.

    Attributes:
        target: the database.
        writer: its engine, of `End.writing`.
        standing: how far it has come; it is kept up.
        audit: the log.
        progress: is told of tables and rows.
        resumed: whether another run has begun it.
        judged: whether a preflight of the same rows has found nothing.
    """

    target: End
    writer: Engine
    standing: Standing
    audit: Audit
    progress: Progress
    resumed: bool = False
    judged: bool = False

    @property
    def plan(self) -> Plan:
        """What it is to do."""
        return self.standing.begun.plan

    def go_on(self, reader: Reader) -> None:
        """Do what is left: the tables, their rows from ``reader``, and what follows the load.

        Raises:
            TargetOccupied: others have filled the target since a run was cut off.
            RowsSetAside: a row does not fit, and none may be left behind.
            RowsUnreadable: the source could not be read to the last.
        """
        with self.writer.connect() as connection:
            entries = Journal(connection)
        if not self.standing.prepared:
            self._prepare(entries)
        self._copy(entries, reader)
        self._complete(entries)

    def _prepare(self, entries: Journal) -> None:
        """Make the tables, or make room in those that there are.

        Raises:
            TargetOccupied: others have filled them since a run was cut off.
        """
        if self.resumed:
            occupied = self.target.survey().occupied
            others = [name for name in occupied if name not in self.plan.replaced]
            if others:
                raise TargetOccupied(self.target.text, others)
        with self.writer.begin() as connection:
            if not self.standing.begun.original.tables:
                _run(connection, self._demolition())  # what a run that was killed has made
            _run(connection, self.plan.before)
            _run(connection, self.standing.begun.silence.drop)
            _run(connection, self._deletions(self.plan.replaced))
            if self.standing.begun.aside:
                aside.create(connection)
            entries.add(connection, Prepared())
        self.standing.prepared = True
        self.audit.tell("prepared", statements=self.plan.before, emptied=self.plan.replaced)

    def _copy(self, entries: Journal, reader: Reader) -> None:
        sets_aside = self.standing.begun.aside
        backend = self.target.backend
        copier = Copier(
            backend, self.writer, entries, sets_aside, self._copied, self.progress, self.judged
        )
        for load, route in zip(self.plan.loads, routes(self.plan), strict=True):
            done = self.standing.of(load.table)
            if not done.complete:
                copier.copy(load, route, reader, done)

    def _copied(self, copied: Copied) -> None:
        self.standing.add(copied)
        self.audit.tell("copied", **msgspec.to_builtins(copied))

    def _complete(self, entries: Journal) -> None:
        """Indexes, foreign keys, where numbers go on from, and triggers."""
        begun = self.standing.begun
        if begun.aside:
            with self.writer.begin() as connection:
                strays = set_strays_aside(connection, self.plan)
            self.audit.tell("strays", rows=len(strays))
        done = self.standing.statements
        steps = [*((statement,) for statement in self.plan.after), *begun.silence.make]
        for number, step in enumerate(steps[done:], done + 1):
            with self.writer.begin() as connection:
                said = self._complete_by(connection, step, may_be_done=number == done + 1)
                entries.add(connection, Completed(number))
            self.standing.statements = number
            self.audit.tell("completed", statements=step, said=said)

    def _complete_by(
        self, connection: Connection, step: Sequence[str], *, may_be_done: bool
    ) -> str:
        """Run statements; what the server said if it had been run before a run was killed.

        Where DDL commits by itself, nobody can tell whether the first one was: the schema is
        compared with the plan in the end.
        """
        version = version_tuple(self.plan.target_schema.version)
        lasting = not self.target.backend.features(version).transactional_ddl
        try:
            _run(connection, step)
        except DBAPIError as error:
            if not (may_be_done and self.resumed and lasting) or error.connection_invalidated:
                raise
            return str(error.orig)
        return ""

    def undo(self) -> None:
        """Put the target back as it was, and prove it; a way back that was cut off goes on.

        Raises:
            TargetUnrestored: it is not as it was.
        """
        begun = self.standing.begun
        with self.writer.begin() as connection:
            Journal(connection).add(connection, Undone())
        self.standing.undone = True
        with self.writer.begin() as connection:
            _run(connection, begun.silence.drop)
        if begun.archive:
            restore(Archive.open(Path(begun.archive)), self.target.backend, self.writer)
        else:
            self._empty()
        with self.writer.begin() as connection:
            _run(connection, (statement for step in begun.silence.make for statement in step))
        self._prove_undone()
        self.forget()
        self.audit.tell("undone")

    def _empty(self) -> None:
        """Take away what was made, or the rows from what there was."""
        with self.writer.begin() as connection:
            if self.standing.begun.original.tables:
                loaded = [load.target_table for load in self.plan.loads]
                _run(connection, self._deletions(reversed(loaded)))
            else:
                _run(connection, self._demolition())

    def forget(self, *, keep_aside: bool = False) -> None:
        """Remove what a migration keeps in its target, but perhaps the rows set aside."""
        with self.writer.begin() as connection:
            if not keep_aside:
                aside.drop(connection)
            journal.drop(connection)

    def _prove_undone(self) -> None:
        begun = self.standing.begun
        found = self.target.survey()
        other = [*_unlike(begun.original.tables, found.snapshot.tables)]
        if begun.archive:
            with closing(self.target.reader()) as reader:
                Archive.open(Path(begun.archive)).verify(reader)
        else:
            other += [f"{name} has rows" for name in found.occupied]
        if other:
            raise TargetUnrestored(self.target.text, other)

    def _deletions(self, tables: Iterable[str]) -> list[str]:
        return [f"DELETE FROM {self.target.backend.quote(name)}" for name in tables]

    def _demolition(self) -> Iterator[str]:
        schema = self.plan.target_schema
        home = self.target.backend.home(version_tuple(schema.version))
        return home.demolish(schema.tables) if home else iter(())


def _run(connection: Connection, statements: Iterable[str]) -> None:
    plain = connection.execution_options(no_parameters=True)
    for statement in statements:
        plain.exec_driver_sql(statement)


def _unlike(original: Sequence[Table], found: Sequence[Table]) -> Iterator[str]:
    """How the tables of a target are not those that it had."""
    before = {table.name: table for table in original}
    after = {table.name: table for table in found}
    yield from (f"{name} is not there" for name in before.keys() - after.keys())
    yield from (f"{name} is still there" for name in after.keys() - before.keys())
    shared = before.keys() & after.keys()
    yield from (f"{name} has another schema" for name in shared if before[name] != after[name])


def guard(target: str, plan: Plan, rest: AtRest) -> None:
    """Raise `RowsUnguarded` where rows would be refused only because others come later."""
    early = {load.table for load in plan.loads if load.refers_to_itself}
    early.update(name for circle in plan.circles for name in circle)
    if early and not plan.before and not rest.foreign_keys:
        raise RowsUnguarded(target, sorted(early))
