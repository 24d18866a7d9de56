"""Performance: the application's workloads are as fast as they must be, on every target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.conformance.base import check
from dbparity.errors import DriverMissing
from dbparity.performance.requirements import Effort, PerformanceValidator
from dbparity.results import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.results import Item
    from dbparity.servers.database import Database

# As few as decide the 95th percentile; `dbparity bench requirements` has time for rarer ones.
_EFFORT = Effort(samples=90, seconds=2.0, rarest=0.95, confidence=0.95)


@check("performance", alone=True)
def meets_requirements(database: Database) -> Iterator[Item]:
    """Every workload keeps its limits, up to the 95th percentile; undecided ones are skipped."""
    try:
        validator = PerformanceValidator(database, effort=_EFFORT)
    except DriverMissing as error:
        yield Skipped(str(error))
        return
    for judged in validator.judged():
        yield from judged.items()


CHECKS = (meets_requirements,)
