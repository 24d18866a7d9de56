"""A team's three spellings of one schema: all that has drifted is found, and shown by rows."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbparity.schema.diff import diff
from dbparity.schema.differences import Difference, Meaning
from dbparity.schema.proof import prove
from dbparity.schema.sources import parse, read
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.settings import Settings
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.proof import Proof
    from dbparity.schema.sources import Reading

    Claim = tuple[Meaning, str, str]

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[3]
TEAM = ROOT / "tests" / "data" / "team"
PRODUCTION = "postgresql"
FILES = {"mysql": "mysql.sql", "mariadb": "mysql.sql", "sqlite": "sqlite.sql"}

# As tests/data/team/README.md numbers them.
IN_MYSQL: dict[int, Claim] = {
    1: (Meaning.RENAMED, "column", "automations.condition"),
    2: (Meaning.LAXER, "unique", "customers"),
    3: (Meaning.LAXER, "unique", "agents"),
    4: (Meaning.NARROWER, "type", "messages.body"),
    5: (Meaning.NARROWER, "type", "teams.created_at"),
    6: (Meaning.NARROWER, "type", "attachments.size"),
    7: (Meaning.COMPARES, "collation", "labels.name"),
}
IN_SQLITE: dict[int, Claim] = {
    2: (Meaning.LAXER, "unique", "customers"),
    8: (Meaning.LAXER, "check", "tickets"),
    9: (Meaning.BEHAVES, "foreign key", "messages"),
    10: (Meaning.LAXER, "type", "tickets.status"),
    11: (Meaning.BEHAVES, "default", "tickets.priority"),
    12: (Meaning.LAXER, "nullability", "agents.full_name"),
}
DRIFTS = {"mysql": IN_MYSQL, "mariadb": IN_MYSQL, "sqlite": IN_SQLITE}


@pytest.fixture(scope="module")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    """One server of each backend that is tested, the newest."""
    settings = Settings.load(ROOT)
    chosen = map(Target.parse, pytestconfig.getoption("dbparity_target"))
    newest = {target.backend: target for target in tuple(chosen) or settings.targets}
    targets = [replace(target, driver="") for target in newest.values()]
    with DatabaseTestEnvironment(targets, settings.server_options) as started:
        yield started


def target_of(environment: DatabaseTestEnvironment, backend: str) -> Target:
    found = [target for target in environment.targets if target.backend == backend]
    if not found:
        pytest.skip(f"no {backend} is tested")
    return found[0]


def reading(environment: DatabaseTestEnvironment, file: str, backend: str) -> Reading:
    target = target_of(environment, backend)
    return read(parse(f"{TEAM / file}@{target}"), environment)


@pytest.fixture(scope="module")
def production(environment: DatabaseTestEnvironment) -> Reading:
    return reading(environment, f"{PRODUCTION}.sql", PRODUCTION)


def claim(difference: Difference) -> Claim:
    return difference.meaning, difference.aspect, str(difference.place)


def proven(
    environment: DatabaseTestEnvironment, left: Reading, right: Reading
) -> dict[Difference, Proof | None]:
    """Every difference that is not only another spelling, or another plan, with its proof."""
    with ExitStack() as stack:
        here, there = (
            stack.enter_context(environment.lease(target_of(environment, side.snapshot.backend)))
            for side in (left, right)
        )
        return {
            difference: prove(difference, left.snapshot, right.snapshot, here, there)
            for difference in diff(left.snapshot, right.snapshot)
            if difference.meaning not in {Meaning.EQUIVALENT, Meaning.SLOWER}
            if difference.aspect != "trigger"
        }


def test_production_is_read_whole(production: Reading) -> None:
    assert production.findings == ()
    assert len(production.snapshot.tables) == 9


@pytest.mark.parametrize("backend", DRIFTS)
def test_every_drift_is_found_and_shown_by_rows_and_nothing_else_is_serious(
    environment: DatabaseTestEnvironment, production: Reading, backend: str
) -> None:
    other = reading(environment, FILES[backend], backend)
    proofs = proven(environment, production, other)

    assert sorted(claim(each) for each in proofs if not each.mild) == sorted(
        DRIFTS[backend].values()
    )
    assert [each for each, proof in proofs.items() if proof is None] == []


@pytest.mark.parametrize("backend", DRIFTS)
def test_they_are_found_from_the_other_side_too(
    environment: DatabaseTestEnvironment, production: Reading, backend: str
) -> None:
    other = reading(environment, FILES[backend], backend)
    proofs = proven(environment, other, production)

    assert sorted((each.meaning.turned, each.aspect) for each in proofs if not each.mild) == sorted(
        (meaning, aspect) for meaning, aspect, _ in DRIFTS[backend].values()
    )
    assert [each for each, proof in proofs.items() if proof is None] == []


@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_the_partial_index_is_refused_on_its_line(
    environment: DatabaseTestEnvironment, backend: str
) -> None:
    (finding,) = reading(environment, "mysql.sql", backend).findings
    line = int(finding.place.key.removeprefix("line "))
    lines = (TEAM / "mysql.sql").read_text().splitlines()

    assert finding.code == "DDL-REFUSED"
    assert lines[line - 1].startswith("CREATE UNIQUE INDEX ux_agents_email_active")
    assert "near 'WHERE deactivated_at IS NULL'" in finding.actual


def test_all_twelve_drifts_are_planted() -> None:
    planted = [line for line in (TEAM / "README.md").read_text().splitlines() if "`" in line]

    assert sorted({*IN_MYSQL, *IN_SQLITE}) == list(range(1, 13))
    assert sum(line.startswith("| ") for line in planted) == 12
