"""Are the schemas that one model comes to on several targets the same in meaning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dbparity.results import Observation, Outcome, Result, Severity
from dbparity.schema.diff import diff
from dbparity.schema.differences import Meaning
from dbparity.schema.sides import sides
from dbparity.snapshots import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dbparity.results import Finding
    from dbparity.schema.differences import Difference
    from dbparity.schema.sources import Reading
    from dbparity.servers.database import Database


Show = Callable[["Difference", Snapshot, Snapshot], str]


def unshown(_difference: Difference, _left: Snapshot, _right: Snapshot) -> str:
    """Prove nothing."""
    return ""


def observe(database: Database) -> Observation:
    """The database's schema, to be compared with those of other targets by meaning."""
    return Observation("the schema", database.snapshot().to_json(), comparison="schema")


def compare(groups: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """What differs in meaning, by snapshots in JSON and the targets that have each.

    The reference is the first one that enforces all its types, since a declaration that nobody
    enforces says little; or else the first one.
    """
    schemas = [(Snapshot.from_json(text), tuple(targets)) for text, targets in groups.items()]
    reference = next((schema for schema in schemas if _is_strict(schema[0])), schemas[0])
    left, (against, *_) = reference
    for right, targets in schemas:
        for finding in findings(left, right):
            # Those of the reference itself are none.
            expected = f"{finding.expected} on {against}"
            yield replace(finding, expected=expected, targets=targets)


def findings(
    left: Snapshot, right: Snapshot, *, spellings: bool = False, show: Show = unshown
) -> Iterator[Finding]:
    """What differs, with both sides of the object; on demand what is only spelled otherwise."""
    for difference in diff(left, right):
        if spellings or difference.meaning is not Meaning.EQUIVALENT:
            yield replace(
                difference.finding(),
                sides=sides(difference, left, right),
                proof=show(difference, left, right),
            )


def compared(
    left: Reading, right: Reading, *, spellings: bool = False, show: Show = unshown
) -> tuple[Result, ...]:
    """One result for each table, and for each DDL file of which a statement was refused.

    Args:
        left: what is expected.
        right: what is compared with it.
        spellings: whether to tell what is only spelled otherwise.
        show: proves a difference, in words.
    """
    found: dict[str, list[Finding]] = defaultdict(list)
    for snapshot in (left.snapshot, right.snapshot):
        found.update({table.name: [] for table in snapshot.tables})
    for finding in findings(left.snapshot, right.snapshot, spellings=spellings, show=show):
        found[finding.place.table].append(finding)
    for reading in (left, right):
        for finding in reading.findings:
            found[finding.place.table].append(finding)
    return tuple(_result(name, tuple(each)) for name, each in found.items())


def _result(name: str, found: tuple[Finding, ...]) -> Result:
    failed = any(finding.severity is not Severity.NOTE for finding in found)
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    return Result("", "schema", name, outcome, verified=not failed, findings=found)


def _is_strict(snapshot: Snapshot) -> bool:
    return all(column.type.enforced for table in snapshot.tables for column in table.columns)
