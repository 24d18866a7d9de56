"""What a check is, and how one is performed.

A check is a plain function of a leased `Database` that yields what it finds. It runs inside
`Database.run`, so the database's engine works in it whatever the driver; the database holds the
application's schema without rows, or nothing where the check says so, and belongs to it alone.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from dbparity.results import (
    Finding,
    Item,
    Measurement,
    Observation,
    Outcome,
    Result,
    Severity,
    Skipped,
    Verified,
)
from dbparity.servers.ledger import unnamed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.servers.database import Database
    from dbparity.targets import Target

Run = Callable[["Database"], Iterator[Item]]
Lease = Callable[["Target"], AbstractContextManager["Database"]]


@dataclass(frozen=True)
class Check:
    """A check: its name and category, the features that it needs, and its function.

    One that is ``empty`` gets a database without the application's schema. One that runs ``once``
    for each server asks nothing that depends on the driver. One that runs ``alone`` measures time:
    nothing else runs meanwhile.
    """

    name: str
    category: str
    run: Run
    needs: tuple[str, ...] = ()
    empty: bool = False
    once: bool = False
    alone: bool = False


def check(
    category: str,
    *,
    needs: tuple[str, ...] = (),
    empty: bool = False,
    once: bool = False,
    alone: bool = False,
) -> Callable[[Run], Check]:
    """Make a check of a function; ``needs`` names fields of `Features` that must be true."""
    return lambda run: Check(run.__name__, category, run, needs, empty, once, alone)


@dataclass(frozen=True)
class PairCheck:
    """A check between a database of one product and one of another, both with the schema alone."""

    name: str
    category: str
    run: Callable[[Database, Database], Iterator[Item]]

    def onto(self, other: Target, lease: Lease) -> Check:
        """The check of what happens between any database and those of ``other``."""

        def run(database: Database) -> Iterator[Item]:
            with database.bridge.held(lease(other)) as there:
                yield from self.run(database, there)

        return Check(f"{self.name} on {other.server}", self.category, run)


def on(
    target: Target, targets: Sequence[Target], checks: Iterable[Check | PairCheck], lease: Lease
) -> Iterator[Check]:
    """Those of ``checks`` that run on ``target``: some only on the first of a server's.

    One of a pair runs from one target of each product to one of each other, which ``lease`` gives
    databases of.
    """
    first = next(each for each in targets if each.server == target.server)
    chosen = {each.backend: each for each in targets}
    others = [each for each in chosen.values() if each != target]
    for check in checks:
        if isinstance(check, PairCheck):
            if chosen[target.backend] == target:
                yield from (check.onto(other, lease) for other in others)
        elif not check.once or target == first:
            yield check


def perform(check: Check, database: Database) -> Result:
    """Run one check on one database. Whatever it raises becomes a finding, never an escape."""
    started = time.perf_counter()
    lacking = [name for name in check.needs if not getattr(database.features, name)]
    evidence = ""
    if lacking:
        items: list[Item] = [Skipped(f"{database.backend.title} lacks {', '.join(lacking)}")]
    else:
        try:
            items = database.run(lambda database: list(check.run(database)))
        except Exception as error:  # noqa: BLE001  # a check that dies has not passed
            items, evidence = [died(check.name, error)], traceback.format_exc()
    result = _result(check, str(database.target), items)
    return replace(result, seconds=time.perf_counter() - started, evidence=evidence)


def died(name: str, error: Exception) -> Finding:
    """That what is of this name raised something."""
    return Finding(
        code="CHECK-DIED",
        severity=Severity.WRONG,
        message=f"{name} could not be finished: {type(error).__name__}",
        expected="the check runs to its end",
        actual=words(error),
        recommendation="the application, its row factory or the backend refused a valid step; "
        "the traceback is in the JSON report",
    )


def words(error: BaseException) -> str:
    """The first line of the driver's own words, which are alike through all drivers of a server."""
    while inner := getattr(error, "orig", None):
        error = inner
    said = unnamed(str(error)).strip()
    return said.splitlines()[0] if said else type(error).__name__


def _unnamed(item: Item) -> Item:
    """``item``, as it would be found in a database of any name."""
    said = {field.name: getattr(item, field.name) for field in fields(item)}
    texts: dict[str, Any] = {name: unnamed(it) for name, it in said.items() if type(it) is str}
    return replace(item, **texts)


def _result(check: Check, target: str, found: list[Item]) -> Result:
    items = [_unnamed(item) for item in found]
    findings = tuple(item for item in items if isinstance(item, Finding))
    observations = tuple(item for item in items if isinstance(item, Observation))
    verified = sum(isinstance(item, Verified) for item in items)
    skipped = tuple(item for item in items if isinstance(item, Skipped))
    if any(finding.severity is not Severity.NOTE for finding in findings):
        outcome = Outcome.FAILED
    elif verified or observations:
        outcome = Outcome.PASSED
    else:
        outcome = Outcome.SKIPPED
        skipped = skipped or (Skipped("the application has nothing for this check"),)
    return Result(
        target=target,
        category=check.category,
        check=check.name,
        outcome=outcome,
        verified=verified,
        findings=tuple(replace(finding, targets=(target,)) for finding in findings),
        observations=observations,
        skipped=skipped,
        measurements=tuple(item for item in items if isinstance(item, Measurement)),
    )
