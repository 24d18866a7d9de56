"""Proofs of differences: rows that are tried in scratch databases of both sides."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dbparity.schema.proving import checks, columns, keys, references
from dbparity.schema.proving.acts import spelled
from dbparity.schema.proving.answers import perform
from dbparity.schema.proving.parts import Both
from dbparity.schema.proving.scratch import create, drop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbparity.schema.differences import Difference
    from dbparity.schema.proving.acts import Stage
    from dbparity.schema.proving.scratch import Writer
    from dbparity.schema.proving.trials import Trial
    from dbparity.servers.database import Database
    from dbparity.snapshots import Snapshot


TRIALS: dict[str, Callable[[Difference, Both], Iterator[Trial]]] = {
    "type": columns.of_types,
    "typing": columns.of_typing,
    "nullability": columns.of_nullability,
    "default": columns.of_defaults,
    "column": columns.of_names,
    "unique": keys.of_uniqueness,
    "primary key": keys.of_uniqueness,
    "collation": keys.of_collations,
    "check": checks.of_checks,
    "foreign key": references.of_references,
}


@dataclass(frozen=True)
class Proof:
    """What was tried on both sides, and what they answered.

    Attributes:
        left_tables, right_tables: the DDL of the scratch tables.
        tried: the statements, in the left side's names.
        left, right: the answers.
    """

    left_tables: tuple[str, ...]
    right_tables: tuple[str, ...]
    tried: tuple[str, ...]
    left: str
    right: str

    @property
    def text(self) -> str:
        """What was tried and both answers, each in a line."""
        return "\n".join(["; ".join(self.tried), f"left {self.left}", f"right {self.right}"])


def prove(
    difference: Difference,
    left: Snapshot,
    right: Snapshot,
    left_database: Database,
    right_database: Database,
) -> Proof | None:
    """Show ``difference`` in two scratch databases of the backends of both snapshots.

    Rows about the limits of both definitions are tried in scratch tables, which are dropped
    again. Call it from outside `Database.run`.

    Returns:
        The first rows that the two sides answer as the difference says, or None where nothing
        that was tried shows it.
    """
    both = Both.of(difference.place.table, left, right)
    if both is None or difference.aspect not in TRIALS:
        return None
    for trial in TRIALS[difference.aspect](difference, both):
        proof = _tried(trial, left_database, right_database)
        if proof is not None:
            return proof
    return None


def _tried(trial: Trial, left_database: Database, right_database: Database) -> Proof | None:
    with ExitStack() as stack:
        left = _made(stack, trial.left, left_database)
        right = _made(stack, trial.right, right_database)
        if left is None or right is None:
            return None
        for acts in trial.acts:
            ours = left_database.run(partial(perform, trial.left, acts, trial.reads))
            theirs = right_database.run(partial(perform, trial.right, acts, trial.reads))
            if trial.judge(ours, theirs):
                return Proof(
                    tuple(left.statements(trial.left.tables)),
                    tuple(right.statements(trial.right.tables)),
                    tuple(spelled(act, trial.left.tables[act.table].name) for act in acts),
                    ours.text(acts),
                    theirs.text(acts),
                )
    return None


def _made(stack: ExitStack, stage: Stage, database: Database) -> Writer | None:
    writer = database.run(partial(create, stage.tables))
    if writer is not None:
        stack.callback(database.run, partial(drop, writer, stage.tables))
    return writer
