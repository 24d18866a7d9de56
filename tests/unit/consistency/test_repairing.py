"""What is done about foreign keys, and what the command says before anything is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, create_engine, text

from dbparity.cli import consistency as command
from dbparity.consistency.judging import Kind
from dbparity.consistency.options import ConsistencyOptions
from dbparity.consistency.reconciling import Reconciled, Sighting
from dbparity.consistency.references import Reference
from dbparity.consistency.repair import Repair, Way
from dbparity.consistency.validator import Confirmed, DatabaseConsistencyValidator, _items
from dbparity.results import Finding, Severity
from dbparity.stores.base import Record, Records

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SHOP = MetaData()
Table("customers", SHOP, Column("id", Integer, primary_key=True))
Table(
    "orders",
    SHOP,
    Column("id", Integer, primary_key=True),
    Column("customer", ForeignKey("customers.id"), nullable=False),
    Column("friend", ForeignKey("customers.id")),
)
OPTIONS = ConsistencyOptions(foreign_keys=("db",), grace=0.01)
CACHED = Reference("cached", "db", Records("docs", "", ("id",)), "c", Records("d:{id}"), "id")


def test_who_refers_to_nobody_is_deleted_or_refers_to_nobody_any_more(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = create_engine(url)
    SHOP.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO customers VALUES (1)"))
        connection.execute(text("INSERT INTO orders VALUES (1, 1, 9), (2, 8, NULL), (3, 1, 1)"))
    validator = DatabaseConsistencyValidator({"db": url}, OPTIONS)
    asyncio.run(validator.validate())
    repair = Repair({"db": url}, validator.confirmed, OPTIONS)
    assert sorted(step.way for step in repair.steps) == [Way.DROP, Way.FORGET]
    assert asyncio.run(repair.run()).done == 2
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM orders ORDER BY id")).all()
    engine.dispose()
    assert rows == [(1, 1, None), (3, 1, 1)]


def planned(reference: Reference, number: int = 1) -> Repair:
    sightings = [Sighting(f"d:{at}", at, (Kind.STALE,), Record(at), None) for at in range(number)]
    return Repair({}, [Confirmed(reference, tuple(sightings))], OPTIONS)


def test_nothing_is_done_about_records_that_nobody_can_make() -> None:
    gone = Sighting("d:1", 1, (Kind.DANGLING,), Record(1), None)
    repair = Repair({}, [Confirmed(CACHED, (gone,))], OPTIONS)
    assert [step.way for step in repair.steps] == [Way.NONE]


def test_many_steps_are_shown_in_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert command._is_wanted(planned(CACHED, 101), yes=True)
    assert "and 1 step more" in capsys.readouterr().err


def test_where_nothing_can_be_done_nobody_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    required = Reference("r", "db", CACHED.rows, "c", CACHED.records, "id", required=True)
    assert not command._is_wanted(planned(required), yes=False)
    assert "nothing of it can be repaired" in capsys.readouterr().err


def test_who_watches_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda question, **_: asked.append(question))
    assert not command._is_wanted(planned(CACHED), yes=False)
    assert asked == ["Do 1 step?"]


def test_what_changed_at_every_look_is_a_note() -> None:
    found = list(_items(CACHED, Reconciled(unsettled=["d:1"]), ""))
    (note,) = (each for each in found if isinstance(each, Finding))
    assert (note.severity, note.place.key) == (Severity.NOTE, "d:1")
