"""What is said of planted differences is shown by rows that the two servers answer otherwise."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from dbparity.backends.base import load_backend
from dbparity.results import Place
from dbparity.schema.diff import diff
from dbparity.schema.differences import Difference, Meaning
from dbparity.schema.proof import Proof, prove
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.settings import Settings
from dbparity.targets import Target
from tests.support.drifts import DRIFTS, MYSQL, POSTGRESQL, SQLITE, Ddl, on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dbparity.servers.database import Database
    from dbparity.snapshots import Snapshot

    Try = Callable[[Ddl, Ddl], list[tuple[Difference, Proof | None]]]

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[3]
# Of these, one row cannot show anything, or there are no rows.
OBJECTS = {"table", "view", "trigger", "computed", "comment", "numbering", "index"}


@pytest.fixture(scope="module")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    """One server of each backend that is tested, the newest, by its last driver."""
    settings = Settings.load(ROOT)
    chosen = map(Target.parse, pytestconfig.getoption("dbparity_target"))
    newest = {target.backend: target for target in tuple(chosen) or settings.targets}
    targets = [
        replace(target, driver=target.driver or load_backend(target.backend).drivers[-1].name)
        for target in newest.values()
    ]
    with DatabaseTestEnvironment(targets, settings.server_options) as started:
        assert not (settings.require and started.missing), started.missing
        yield started


@pytest.fixture(scope="module")
def attempt(environment: DatabaseTestEnvironment) -> Try:
    """The serious differences of two schemas, each with its proof in empty databases."""

    def proofs(left: Ddl, right: Ddl) -> list[tuple[Difference, Proof | None]]:
        ours, theirs = (_snapshot(environment, ddl) for ddl in (left, right))
        with ExitStack() as stack:
            here, there = (
                stack.enter_context(environment.lease(_target(environment, ddl.backend)))
                for ddl in (left, right)
            )
            found = [(each, prove(each, ours, theirs, here, there)) for each in diff(ours, theirs)]
            for database in (here, there):
                assert database.run(_tables) == []
        return [
            (each, proof)
            for each, proof in found
            if each.meaning is not Meaning.EQUIVALENT and not each.mild
        ]

    return proofs


def _tables(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return inspect(connection).get_table_names()


def _snapshot(environment: DatabaseTestEnvironment, ddl: Ddl) -> Snapshot:
    with environment.lease(_target(environment, ddl.backend)) as database:
        return database.run(lambda made: _made(made, ddl.statements))


def _made(database: Database, statements: Iterable[str]) -> Snapshot:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    with database.engine.connect() as connection:
        return database.backend.snapshot(connection)


def _target(environment: DatabaseTestEnvironment, backend: str) -> Target:
    for target in environment.targets:
        if target.backend == backend:
            return target
    pytest.skip(f"no {backend} is tested")


@pytest.mark.parametrize("name", DRIFTS)
def test_a_planted_drift_is_shown(attempt: Try, name: str) -> None:
    drift = DRIFTS[name]
    unproven = [
        difference
        for difference, proof in attempt(drift.left, drift.right)
        if proof is None and difference.aspect not in OBJECTS
    ]

    assert unproven == []


def only(attempt: Try, left: Ddl, right: Ddl) -> tuple[Difference, Proof]:
    ((difference, proof),) = attempt(left, right)
    assert proof is not None
    return difference, proof


def test_a_proof_has_the_tables_the_rows_and_both_answers(attempt: Try) -> None:
    _, proof = only(attempt, on(POSTGRESQL, "t (v integer)"), on(POSTGRESQL, "t (v smallint)"))

    assert proof == Proof(
        left_tables=('CREATE TABLE "t" ("nth" INTEGER, "v" integer)',),
        right_tables=('CREATE TABLE "t" ("nth" INTEGER, "v" smallint)',),
        tried=("INSERT INTO t (v) VALUES (32768)",),
        left="accepts it: 32768",
        right=proof.right,
    )
    assert proof.right.startswith("refuses: ")
    assert "out of" in proof.right
    assert proof.text.splitlines() == [
        "INSERT INTO t (v) VALUES (32768)",
        "left accepts it: 32768",
        f"right {proof.right}",
    ]


def test_it_is_shown_from_the_other_side_too(attempt: Try) -> None:
    difference, proof = only(
        attempt, on(POSTGRESQL, "t (v smallint)"), on(POSTGRESQL, "t (v integer)")
    )

    assert difference.meaning is Meaning.WIDER
    assert proof.left.startswith("refuses: ")
    assert proof.right == "accepts it: 32768"


@pytest.mark.parametrize(
    ("left", "right", "tried", "answer"),
    [
        (
            on(POSTGRESQL, "t (v text)"),
            on(MYSQL, "t (v text)"),
            "(65,536 characters)",
            "Data too long",
        ),
        (
            on(POSTGRESQL, "t (v bytea)"),
            on(MYSQL, "t (v blob)"),
            "(65,536 bytes)",
            "Data too long",
        ),
        (
            on(POSTGRESQL, "t (v timestamp)"),
            on(MYSQL, "t (v datetime)"),
            "2024-01-02 03:04:05.123456",
            "accepts it: 2024-01-02 03:04:05",
        ),
        (
            on(POSTGRESQL, "t (v timestamptz)"),
            on(MYSQL, "t (v datetime(6))"),
            "2024-01-01 22:04:05+00:00",
            "accepts it: 2024-01-02 03:04:05",
        ),
        (
            on(POSTGRESQL, "t (v numeric(10, 4))"),
            on(MYSQL, "t (v numeric(12, 2))"),
            "999999.9999",
            "accepts it: 1000000",
        ),
        (
            on(POSTGRESQL, "t (v numeric(10, 2))"),
            on(MYSQL, "t (v numeric(6, 2))"),
            "10000",
            "Out of range",
        ),
        (
            on(POSTGRESQL, "t (v integer)"),
            on(MYSQL, "t (v integer unsigned)"),
            "-1",
            "Out of range",
        ),
    ],
    ids=["text", "binary", "fraction", "offset", "scale", "range", "sign"],
)
def test_the_witness_is_about_what_is_said(
    attempt: Try, left: Ddl, right: Ddl, tried: str, answer: str
) -> None:
    found = dict(attempt(left, right))
    proof = next(p for d, p in found.items() if d.meaning is Meaning.NARROWER)

    assert proof is not None
    assert tried in proof.tried[0]
    assert answer in proof.right


def test_of_an_enum_the_value_that_is_named_is_tried(attempt: Try) -> None:
    wide = on(MYSQL, "t (v enum('a', 'b', 'c', 'd'))")
    found = attempt(wide, on(MYSQL, "t (v enum('a', 'c'))"))

    assert {(d.message.split("know '")[1][0], p.tried) for d, p in found if p is not None} == {
        ("b", ("INSERT INTO t (v) VALUES ('b')",)),
        ("d", ("INSERT INTO t (v) VALUES ('d')",)),
    }


def test_rows_of_a_proof_meet_all_that_is_declared_for_their_columns(attempt: Try) -> None:
    left = on(POSTGRESQL, "t (a int NOT NULL, v int, UNIQUE NULLS NOT DISTINCT (a, v))")
    _, proof = only(attempt, left, on(POSTGRESQL, "t (a int NOT NULL, v int, UNIQUE (a, v))"))

    assert proof.tried == ("INSERT INTO t (a, v) VALUES (1, NULL)",) * 2


def test_texts_under_a_key_are_tried_beside_its_other_columns(attempt: Try) -> None:
    columns = "t (a int, v varchar(9), UNIQUE (a, v), w int)"
    other = "CREATE UNIQUE INDEX other ON t (w)"
    _, proof = only(attempt, on(POSTGRESQL, columns, other), on(MYSQL, columns, other))

    assert proof.tried == (
        "INSERT INTO t (a, v) VALUES (1, 'a')",
        "INSERT INTO t (a, v) VALUES (1, 'A')",
    )
    assert len(proof.left_tables) == 1


def test_a_condition_is_met_where_it_counts(attempt: Try) -> None:
    partial = "CREATE UNIQUE INDEX ix ON t (v) WHERE state = 'it''s on'"
    table = "t (v int, state varchar(20), w int)"
    other = "CREATE UNIQUE INDEX other ON t (w)"
    _, proof = only(attempt, on(SQLITE, table, partial, other), on(SQLITE, table, other))

    assert proof.tried == ("INSERT INTO t (state, v) VALUES ('it''s on', 1)",) * 2


def test_a_column_that_only_one_side_generates_is_left_to_it(attempt: Try) -> None:
    left = on(
        MYSQL,
        "t (v int, gone int, live int AS (CASE WHEN gone IS NULL THEN 1 END))",
        "CREATE UNIQUE INDEX ix ON t (v, live)",
    )
    found = attempt(left, on(POSTGRESQL, "t (v int, gone int)"))
    proofs = {difference.aspect: proof for difference, proof in found}

    assert proofs["unique"] is not None
    assert proofs["unique"].tried == ("INSERT INTO t (gone, v) VALUES (NULL, 1)",) * 2


def test_children_are_tried_with_their_parents(attempt: Try) -> None:
    parent = "u (id int PRIMARY KEY)"
    left = on(POSTGRESQL, parent, "t (v int REFERENCES u ON DELETE SET NULL)")
    _, proof = only(attempt, left, on(POSTGRESQL, parent, "t (v int REFERENCES u)"))

    assert proof.tried == (
        "INSERT INTO u (id) VALUES (1)",
        "INSERT INTO t (v) VALUES (1)",
        "DELETE FROM u WHERE id = 1",
    )
    assert proof.left == "accepts it: NULL"
    assert proof.right.startswith("refuses no. 3: ")


def test_a_table_that_refers_to_itself_gets_a_parent(attempt: Try) -> None:
    left = on(POSTGRESQL, "t (id int PRIMARY KEY, v int REFERENCES t)")
    _, proof = only(attempt, left, on(POSTGRESQL, "t (id int PRIMARY KEY, v int)"))

    assert proof.tried == ("INSERT INTO t (v) VALUES (1)",)
    assert 'CREATE TABLE "t_referred"' in proof.left_tables[0]


def test_what_waits_for_the_end_of_the_transaction_is_shown_there(attempt: Try) -> None:
    parent = "u (id int PRIMARY KEY)"
    left = on(POSTGRESQL, parent, "t (v int REFERENCES u DEFERRABLE INITIALLY DEFERRED)")
    _, proof = only(attempt, left, on(POSTGRESQL, parent, "t (v int REFERENCES u)"))

    assert proof.tried == ("INSERT INTO t (v) VALUES (1)", "INSERT INTO u (id) VALUES (1)")
    assert proof.right.startswith("refuses no. 1: ")


def test_types_that_sqlite_enforces_are_tried_in_a_strict_table(attempt: Try) -> None:
    strict = on(SQLITE, "t (v INTEGER) STRICT")
    _, proof = only(attempt, on(POSTGRESQL, "t (v text)"), strict)

    assert proof.right_tables == ('CREATE TABLE "t" ("nth" INTEGER, "v" INTEGER) STRICT',)


def test_a_column_is_tried_under_the_name_that_one_side_has_for_it(attempt: Try) -> None:
    difference, proof = only(attempt, on(SQLITE, "t (id int, v date)"), on(SQLITE, "t (id int)"))

    assert difference.meaning is Meaning.MISSING
    assert proof.left == "accepts it"
    assert proof.right == "refuses: table t has no column named v"


PLAIN = on(POSTGRESQL, "u (id int PRIMARY KEY)", "t (v int DEFAULT 1 CHECK (v > 0), w text)")


@pytest.mark.parametrize(
    "claim",
    [
        Difference(Meaning.NARROWER, "type", Place("t", "v"), "it ends at 7"),
        Difference(Meaning.LAXER, "typing", Place("t"), "anything", columns=("v", "w")),
        Difference(Meaning.LAXER, "nullability", Place("t", "v"), "it takes NULL"),
        Difference(Meaning.BEHAVES, "default", Place("t", "v"), "it gets 2"),
        Difference(Meaning.LAXER, "unique", Place("t"), "it takes both", columns=("v",)),
        Difference(Meaning.LAXER, "check", Place("t"), "it takes 0", columns=("v",)),
        Difference(Meaning.COMPARES, "collation", Place("t"), "equal", columns=("w",)),
        Difference(Meaning.LAXER, "foreign key", Place("t"), "it takes 1", columns=("v",)),
        Difference(Meaning.BEHAVES, "trigger", Place("t"), "it counts"),
        Difference(Meaning.MISSING, "table", Place("elsewhere"), "it is not there"),
    ],
    ids=lambda claim: f"{claim.aspect}",
)
def test_what_is_not_so_is_not_shown(
    environment: DatabaseTestEnvironment, claim: Difference
) -> None:
    same = _snapshot(environment, PLAIN)

    assert _proof(environment, claim, same, same) is None


def _proof(
    environment: DatabaseTestEnvironment, claim: Difference, left: Snapshot, right: Snapshot
) -> Proof | None:
    targets = [_target(environment, side.backend) for side in (left, right)]
    with environment.lease(targets[0]) as here, environment.lease(targets[1]) as there:
        return prove(claim, left, right, here, there)


def test_two_clocks_show_nothing(environment: DatabaseTestEnvironment) -> None:
    left = _snapshot(environment, on(POSTGRESQL, "t (v timestamp DEFAULT now())"))
    right = _snapshot(environment, on(POSTGRESQL, "t (v timestamp DEFAULT clock_timestamp())"))
    claim = Difference(Meaning.BEHAVES, "default", Place("t", "v"), "it gets the time")

    assert _proof(environment, claim, left, right) is None


def test_a_reference_to_two_tables_is_not_shown(environment: DatabaseTestEnvironment) -> None:
    parents = ("u (id int PRIMARY KEY)", "CREATE TABLE w (id int PRIMARY KEY)")
    left, right = (
        _snapshot(environment, on(POSTGRESQL, *parents, f"CREATE TABLE t (v int REFERENCES {to})"))
        for to in ("u", "w")
    )
    claim = Difference(Meaning.LAXER, "foreign key", Place("t"), "it takes 1", columns=("v",))

    assert _proof(environment, claim, left, right) is None


def test_a_table_that_cannot_be_made_again_shows_nothing(
    environment: DatabaseTestEnvironment,
) -> None:
    table = 't (v varchar({}) COLLATE "C")'
    collated = "t (v varchar(9) COLLATE mine)"
    left = _snapshot(environment, on(POSTGRESQL, 'CREATE COLLATION mine FROM "C"', collated))
    right = _snapshot(environment, on(POSTGRESQL, table.format(5)))
    (claim,) = [d for d in diff(left, right) if d.meaning is Meaning.NARROWER]

    assert _proof(environment, claim, left, right) is None
    assert _proof(environment, claim, right, left) is None


def test_a_lost_connection_is_no_answer(environment: DatabaseTestEnvironment) -> None:
    deadly = "t (v int CHECK (pg_terminate_backend(pg_backend_pid()) AND v > 0))"
    left = _snapshot(environment, on(POSTGRESQL, deadly))
    right = _snapshot(environment, on(POSTGRESQL, "t (v int)"))
    claim = Difference(Meaning.LAXER, "check", Place("t"), "it takes 0", columns=("v",))

    with pytest.raises(DBAPIError):
        _proof(environment, claim, left, right)
