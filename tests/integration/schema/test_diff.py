"""Planted differences between real databases are found, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.applications import Application
from dbparity.backends.base import load_backend
from dbparity.schema.diff import diff
from dbparity.schema.differences import Difference, Meaning
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.settings import Settings
from dbparity.targets import Target
from tests.support.drifts import DRIFTS, SPELLINGS, Ddl, Drift
from tests.support.models import CARELESS, careless, portable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import MetaData

    from dbparity.servers.database import Database
    from dbparity.snapshots import Snapshot

    Take = Callable[[Ddl], Snapshot]

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(file.parent for file in ROOT.glob("examples/*/pyproject.toml"))


def snapshot(database: Database) -> Snapshot:
    with database.engine.connect() as connection:
        return database.backend.snapshot(connection)


@pytest.fixture(scope="module")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    """One server of each backend that is tested, the newest."""
    settings = Settings.load(ROOT)
    chosen = map(Target.parse, pytestconfig.getoption("dbparity_target"))
    newest = {target.backend: target for target in tuple(chosen) or settings.targets}
    targets = [replace(target, driver=_driver(target.backend)) for target in newest.values()]
    with DatabaseTestEnvironment(targets, settings.server_options) as started:
        assert not (settings.require and started.missing), started.missing
        yield started


def _driver(backend: str) -> str:
    return next(driver.name for driver in load_backend(backend).drivers if not driver.is_async)


@pytest.fixture(scope="module")
def take(environment: DatabaseTestEnvironment) -> Take:
    """The snapshot of a schema, made on the server of its backend."""
    taken: dict[Ddl, Snapshot] = {}

    def make(ddl: Ddl) -> Snapshot:
        if ddl not in taken:
            with environment.lease(_target(environment, ddl.backend)) as database:
                _execute(database, ddl.statements)
                taken[ddl] = snapshot(database)
        return taken[ddl]

    return make


def _target(environment: DatabaseTestEnvironment, backend: str) -> Target:
    for target in environment.targets:
        if target.backend == backend:
            return target
    pytest.skip(f"no {backend} is tested")


def _execute(database: Database, statements: Iterable[str]) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def serious(differences: Iterable[Difference]) -> list[Difference]:
    return [d for d in differences if not d.mild and d.meaning is not Meaning.EQUIVALENT]


def spelled(differences: Iterable[Difference]) -> set[tuple[Meaning, str, str]]:
    return {(d.meaning, d.aspect, str(d.place)) for d in differences}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
def test_a_planted_drift_is_found_and_nothing_else(take: Take, drift: Drift) -> None:
    found = serious(diff(take(drift.left), take(drift.right)))

    assert spelled(found) == drift.expected
    assert any(drift.words in difference.message for difference in found)
    assert all(difference.recommendation for difference in found)


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
def test_a_drift_is_found_from_the_other_side_too(take: Take, drift: Drift) -> None:
    left, right = take(drift.left), take(drift.right)
    there, back = diff(left, right), diff(right, left)

    assert sorted((d.meaning.turned, d.aspect, d.mild, d.left, d.right) for d in there) == sorted(
        (d.meaning, d.aspect, d.mild, d.right, d.left) for d in back
    )


PAIRS = [
    pytest.param(one, other, id=f"{name} {one.backend}-{other.backend}")
    for name, spellings in SPELLINGS.items()
    for one, other in combinations(spellings, 2)
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_spellings_of_one_meaning_are_no_difference(take: Take, one: Ddl, other: Ddl) -> None:
    left, right = take(one), take(other)

    assert serious(diff(left, right)) == []
    assert serious(diff(right, left)) == []


SCHEMAS = {ddl for drift in DRIFTS.values() for ddl in (drift.left, drift.right)}


@pytest.mark.parametrize("ddl", sorted(SCHEMAS, key=str), ids=lambda ddl: ddl.backend)
def test_a_schema_does_not_differ_from_itself(take: Take, ddl: Ddl) -> None:
    assert diff(take(ddl), take(ddl)) == ()


@pytest.fixture(scope="module")
def made(environment: DatabaseTestEnvironment) -> Callable[[MetaData], dict[str, Snapshot]]:
    """Snapshots of a MetaData made on each backend, by backend."""

    def make(metadata: MetaData) -> dict[str, Snapshot]:
        snapshots = {}
        for target in environment.targets:
            with environment.lease(target, Application("tests:metadata", metadata)) as database:
                snapshots[target.backend] = snapshot(database)
        return snapshots

    return make


def disagreements(snapshots: dict[str, Snapshot]) -> dict[str, set[tuple[Meaning, str, str]]]:
    """The serious differences of each ordered pair of backends."""
    return {
        f"{left}-{right}": spelled(serious(diff(snapshots[left], snapshots[right])))
        for left, right in permutations(snapshots, 2)
    }


def test_a_portable_model_is_one_schema_on_every_backend(
    made: Callable[[MetaData], dict[str, Snapshot]],
) -> None:
    found = disagreements(made(portable()))

    assert not any(found.values()), found


@pytest.mark.parametrize("project", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_is_one_schema_on_every_backend(
    made: Callable[[MetaData], dict[str, Snapshot]], project: Path
) -> None:
    found = disagreements(made(Settings.load(project).application().metadata))

    assert not any(found.values()), found


def test_a_careless_model_differs_only_where_it_can_be_shown(
    made: Callable[[MetaData], dict[str, Snapshot]],
) -> None:
    found = disagreements(made(careless()))

    assert {pair: found[pair] for pair in CARELESS if pair in found} == {
        pair: expected for pair, expected in CARELESS.items() if pair in found
    }


def test_a_database_that_is_read_twice_does_not_differ(
    environment: DatabaseTestEnvironment,
) -> None:
    for target in environment.targets:
        with environment.lease(target, Application("tests:careless", careless())) as database:
            assert diff(snapshot(database), snapshot(database)) == ()
