"""Two SQLite files to be compared."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from dbparity.transfer.comparing import compare
from dbparity.transfer.ends import end
from dbparity.transfer.routes import route
from dbparity.transfer.tallies import Aside

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.results import Finding
    from dbparity.transfer.ends import End
    from dbparity.transfer.routes import Route
    from dbparity.transfer.tallies import Comparison

Make = Callable[..., str]


def write(url: str, *statements: str) -> None:
    """Execute statements as they are."""
    engine = create_engine(url)
    with engine.begin() as connection:
        plain = connection.execution_options(no_parameters=True)
        for statement in statements:
            plain.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a file by statements; return its URL."""

    def made(name: str, *statements: str) -> str:
        url = f"sqlite:///{tmp_path / name}"
        write(url, *statements)
        return url

    return made


def way_between(left: End, right: End, table: str = "t") -> Route:
    tables = [each.survey().snapshot.table(table) for each in (left, right)]
    assert tables[0] is not None
    assert tables[1] is not None
    return route(tables[0], tables[1])


def compared(left: str, right: str, aside: Aside | None = None) -> Comparison:
    """What two tables ``t`` come to."""
    ends = (end(left), end(right))
    with closing(ends[0].reader()) as one, closing(ends[1].reader()) as other:
        return compare(way_between(*ends), one, other, aside=aside or Aside())


def told(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    """Code, place and both values of each finding."""
    return [told_of(each) for each in comparison.findings]


def told_of(finding: Finding) -> tuple[str, str, str, str]:
    return finding.code, str(finding.place), finding.expected, finding.actual
