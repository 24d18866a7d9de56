"""Rows that a target does not take stop a migration or are set aside: none is lost or changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from dbparity.transfer import outcome
from dbparity.transfer.ends import end
from dbparity.transfer.service import DataMigrationService
from tests.support.moving import BACKENDS, failures, leased, unlike, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = pytest.mark.server

TABLES = (
    "CREATE TABLE goods (id INTEGER NOT NULL PRIMARY KEY, n INTEGER{})",
    (
        "CREATE TABLE parts (id INTEGER NOT NULL PRIMARY KEY, goods_id INTEGER, "
        "CONSTRAINT fk_goods FOREIGN KEY (goods_id) REFERENCES goods (id))"
    ),
    (
        "CREATE TABLE bits (part_id INTEGER, "
        "CONSTRAINT fk_parts FOREIGN KEY (part_id) REFERENCES parts (id))"
    ),
)
RULE = ", CONSTRAINT ck_n CHECK (n > 0)"
ROWS = (
    "INSERT INTO goods VALUES (1, 1), (2, -2), (3, 3), (4, 0)",
    "INSERT INTO parts VALUES (10, 1), (20, 2), (30, NULL)",
    "INSERT INTO bits VALUES (10), (20), (20), (NULL)",
)


@pytest.fixture(params=BACKENDS)
def target(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[Database]:
    """With tables that refuse numbers which the source has."""
    with leased(environment, request.param) as (database,):
        execute(database.url, *(each.format(RULE) for each in TABLES))
        yield database


@pytest.fixture
def source(tmp_path: Path) -> str:
    return written(tmp_path / "shop.db", *(each.format("") for each in TABLES), *ROWS)


def execute(url: URL, *statements: str) -> None:
    engine = create_engine(end(url, may_be_absent=True).url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def ids(url: URL) -> dict[str, list[int]]:
    with end(url).connected() as connection:
        asked = {"goods": "id", "parts": "id", "bits": "part_id"}
        return {
            table: list(connection.scalars(text(f"SELECT {name} FROM {table} ORDER BY 1")))
            for table, name in asked.items()
        }


def test_a_row_that_is_refused_stops_everything(
    source: str, target: Database, tmp_path: Path
) -> None:
    before = end(target.url).survey()
    report = DataMigrationService(source, target.url, folder=tmp_path).migrate()
    found = failures(report)
    assert {(each.code, each.place.table, each.place.key) for each in found} >= {
        ("DATA-REFUSED", "goods", "2"),
        ("DATA-REFUSED", "goods", "4"),
    }
    assert end(target.url).survey() == before


def test_rows_that_are_refused_are_set_aside_with_those_that_refer_to_them(
    source: str, target: Database, tmp_path: Path
) -> None:
    service = DataMigrationService(source, target.url, sets_aside=True, folder=tmp_path)
    report = service.migrate()
    assert {each.code for each in failures(report)} == {"DATA-SET-ASIDE"}
    found = ids(target.url)
    assert (found["goods"], found["parts"]) == ([1, 3], [10, 30])
    assert sorted(found["bits"], key=str) == [10, None]
    (file,) = tmp_path.glob("*.quarantine.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(row["table"], row["key"]) for row in rows] == [
        ("goods", ["2"]),
        ("goods", ["4"]),
        ("parts", ["20"]),
        ("bits", ["20"]),
        ("bits", ["20"]),
    ]
    assert "ck_n" in rows[0]["reason"]
    assert rows[2]["reason"] == "refers to a row of goods that is not in the target"
    with end(target.url).connected() as connection:
        kept = connection.execute(text("SELECT table_name, reason FROM dbparity_quarantine")).all()
    assert [tuple(row) for row in kept] == [(row["table"], row["reason"]) for row in rows]
    counted = {
        (result.check, each.subject): each.value
        for result in report.results
        if result.category == "copy"
        for each in result.measurements
    }
    assert counted == {
        ("goods", "rows"): 2,
        ("goods", "set aside"): 2,
        ("parts", "rows"): 2,
        ("parts", "set aside"): 1,
        ("bits", "rows"): 2,
        ("bits", "set aside"): 2,
    }


def test_no_more_is_shown_than_can_be_read(
    source: str, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "SHOWN", 1)
    service = DataMigrationService(source, target.url, sets_aside=True, folder=tmp_path)
    shown = [each.place.table for each in failures(service.migrate())]
    assert sorted(shown) == ["bits", "goods", "parts"]


def test_triggers_rest_while_rows_arrive_and_are_there_afterwards(
    target: Database, tmp_path: Path
) -> None:
    source = written(
        tmp_path / "good.db",
        *(each.format("") for each in TABLES),
        "INSERT INTO goods VALUES (1, 1)",
    )
    name = target.backend.name
    if name == "postgresql":
        execute(
            target.url,
            "CREATE FUNCTION spoil() RETURNS trigger AS "
            "$$ BEGIN NEW.n := 77; RETURN NEW; END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER spoil BEFORE INSERT ON goods FOR EACH ROW EXECUTE FUNCTION spoil()",
        )
    else:
        body = {
            "sqlite": "AFTER INSERT ON goods BEGIN UPDATE goods SET n = 77 WHERE id = NEW.id; END",
        }.get(name, "BEFORE INSERT ON goods FOR EACH ROW SET NEW.n = 77")
        execute(target.url, f"CREATE TRIGGER spoil {body}")
    before = end(target.url).survey().snapshot
    report = DataMigrationService(source, target.url, folder=tmp_path).migrate()
    assert failures(report) == []
    assert unlike(source, target.url) == []
    assert end(target.url).survey().snapshot == before
    execute(target.url, "INSERT INTO goods VALUES (9, 9)")
    with end(target.url).connected() as connection:
        assert connection.scalar(text("SELECT n FROM goods WHERE id = 9")) == 77
