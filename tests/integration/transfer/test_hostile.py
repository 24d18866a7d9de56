"""What moves badly arrives exactly or is refused by name, in every product from every other."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pytest

from dbparity.transfer import aside
from dbparity.transfer.actual import actual
from dbparity.transfer.ends import end
from dbparity.transfer.routes import route
from dbparity.transfer.service import DataMigrationService
from tests.support.moving import PAIRS, leased, serving
from tests.support.odd import cells, odd_table
from tests.support.rows import execute, unlike

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dbparity.results import Report
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment

    Pair: TypeAlias = tuple[Database, Database]

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    with serving(pytestconfig) as started:
        yield started


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest, environment: DatabaseTestEnvironment) -> Iterator[Pair]:
    with leased(environment, *request.param) as (source, target):
        yield source, target


def migrated(pair: Pair, folder: Path, *, sets_aside: bool) -> Report:
    urls = (database.url for database in pair)
    return DataMigrationService(*urls, folder=folder, sets_aside=sets_aside).migrate()


def tables_of(database: Database) -> list[str]:
    with end(database.url, may_be_absent=True).connected() as connection:
        return [table.name for table in database.backend.snapshot(connection).tables]


def refused(source: Database, target: Database) -> set[tuple[str, str]]:
    """The cells that ``target`` may not take: key and column."""
    return {
        (str(cell.id), cell.column)
        for cell in cells(source.backend.name)
        if target.backend.name in cell.refused
    }


def test_odd_values_stop_a_migration_by_their_names(pair: Pair, tmp_path: Path) -> None:
    source, target = pair
    execute(source, *odd_table(source.backend.name))
    report = migrated(pair, tmp_path, sets_aside=False)
    found = {(each.place.key, each.place.column) for each in report.findings}
    assert found == refused(source, target)
    assert {each.code for each in report.findings} <= {"DATA-REFUSED"}
    assert tables_of(target) == ([] if found else ["odd"])


def test_odd_values_arrive_exactly_or_are_set_aside(pair: Pair, tmp_path: Path) -> None:
    source, target = pair
    execute(source, *odd_table(source.backend.name))
    report = migrated(pair, tmp_path, sets_aside=True)
    with end(target.url).connected() as connection:
        away = {(row.key[0], row.column) for row in aside.kept(connection)}
    assert away == refused(source, target)
    assert [each for each in report.findings if each.code != "DATA-SET-ASIDE"] == []
    assert differing(source, target, {int(key) for key, _ in away}) == {}


def differing(source: Database, target: Database, away: set[int]) -> dict[str, list[Any]]:
    """The cells of the rows in both that are not the same, read anew."""
    ends = [end(database.url) for database in (source, target)]
    with closing(ends[0].reader()) as left, closing(ends[1].reader()) as right:
        schemas = [actual(left, ends[0].survey().snapshot), ends[1].survey().snapshot]
        tables = [schema.table("odd") for schema in schemas]
        way = route(*tables)  # type: ignore[arg-type]
        told = pa.Table.from_batches(left.read(way.read(), lambda _cell: None))
        arrived = pa.Table.from_batches(right.read(way.reread()))
    kept = pa.array([row not in away for row in told["id"].to_pylist()])
    return unlike(way.read(), told.filter(kept), arrived)
