"""A migration goes on in the middle of a table, and sets rows aside once, whatever has a key."""

from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import InterfaceError

from dbparity.backends.base import AtRest
from dbparity.backends.wires import sqlite
from dbparity.backends.wires.sqlite import SQLiteLoader
from dbparity.errors import (
    MigrationUnfinished,
    RowsMiscounted,
    RowsUnguarded,
    RowsUnwritable,
    TargetOccupied,
    TargetUnrestored,
)
from dbparity.progress import Progress
from dbparity.results import Severity
from dbparity.transfer import chunks
from dbparity.transfer.migration import Migration, guard
from dbparity.transfer.service import DataMigrationService, _told
from dbparity.transfer.validator import MigrationValidator

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.results import Finding, Report
    from dbparity.snapshots import Snapshot
    from dbparity.transfer.plan import Plan

ROWS = 1000
KEYED = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)"
KEYLESS = "CREATE TABLE t (id INTEGER, n INTEGER)"


class Cut(BaseException):
    """The end of a run, as of a process that is killed."""


class Scissors(Progress):
    """Cuts a run off behind so many chunks."""

    def __init__(self, after: int) -> None:
        self.left = after

    def rows_done(self, work: str, *_: object) -> None:
        self.left -= work == "copy"
        if self.left < 0:
            raise Cut


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_MOST_BYTES", 1)
    monkeypatch.setattr(sqlite, "_BATCH_BYTES", 1)


def written(path: Path, table: str, bad: tuple[int, ...] = ()) -> str:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(table)
        rows = ((n, "bad" if n in bad else -n) for n in range(ROWS))
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    return f"sqlite:///{path}"


def failures(report: Report) -> list[Finding]:
    return [each for each in report.findings if each.severity is not Severity.NOTE]


def rows(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM t ORDER BY id").fetchall()


@pytest.mark.parametrize("table", [KEYED, KEYLESS])
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_table_that_was_cut_in_the_middle_has_every_row_once(
    tmp_path: Path, table: str, cut: int
) -> None:
    source, target = (
        written(tmp_path / "a.db", table, bad=(ROWS,)),
        f"sqlite:///{tmp_path / 'b.db'}",
    )
    service = DataMigrationService(source, target, folder=tmp_path, progress=Scissors(cut))
    with pytest.raises(Cut):
        service.migrate()
    assert 0 < len(rows(tmp_path / "b.db")) < ROWS
    service.progress = Progress()
    assert failures(service.resume()) == []
    assert rows(tmp_path / "b.db") == rows(tmp_path / "a.db")


@pytest.mark.parametrize("table", [KEYED, KEYLESS])
def test_rows_that_cannot_be_read_are_set_aside_once(tmp_path: Path, table: str) -> None:
    bad = (3, 64, 500, 999)
    source, target = written(tmp_path / "a.db", table, bad), f"sqlite:///{tmp_path / 'b.db'}"
    service = DataMigrationService(
        source, target, sets_aside=True, folder=tmp_path, progress=Scissors(0)
    )
    with pytest.raises(Cut):
        service.migrate()
    service.progress = Progress()
    report = service.resume()
    aside = [each for each in failures(report) if each.code == "DATA-SET-ASIDE"]
    shown = len(bad) if table == KEYED else 1  # without a key nothing tells them apart
    assert [each.actual for each in aside] == ["'bad'"] * shown
    assert {row[0] for row in rows(tmp_path / "b.db")} == set(range(ROWS)) - set(bad)
    counted = {each.subject: each.value for r in report.results for each in r.measurements}
    assert counted["set aside"] == len(bad)


def test_rows_that_cannot_be_read_are_told_before_anything_is_written(tmp_path: Path) -> None:
    source = written(tmp_path / "a.db", KEYED, bad=(7,))
    service = DataMigrationService(source, f"sqlite:///{tmp_path / 'b.db'}", folder=tmp_path)
    (found,) = failures(service.migrate())
    assert (found.code, str(found.place), found.actual) == ("DATA-REFUSED", "t.n[7]", "'bad'")
    assert not (tmp_path / "b.db").exists()


def test_rows_that_do_not_add_up_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLiteLoader, "send", lambda *_: 1)
    source = written(tmp_path / "a.db", KEYED)
    service = DataMigrationService(source, f"sqlite:///{tmp_path / 'b.db'}", folder=tmp_path)
    with pytest.raises(RowsMiscounted):
        service.migrate()


def test_a_target_that_is_not_as_it_was_keeps_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path / "a.db", KEYED)
    target = f"sqlite:///{tmp_path / 'b.db'}"
    service = DataMigrationService(source, target, folder=tmp_path, progress=Scissors(0))
    with pytest.raises(Cut):
        service.migrate()
    with monkeypatch.context() as patch:
        patch.setattr(Migration, "_empty", lambda _: None)
        with pytest.raises(TargetUnrestored, match="t is still there"):
            service.rollback()
    assert failures(service.rollback()) == []
    assert MigrationValidator(source, target).ways == ()


def test_rows_that_refer_to_later_ones_need_foreign_keys_that_rest(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t)")
    service = DataMigrationService(f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b'}")
    plan = replace(service.foresee().plan, before=())
    guard("the target", plan, AtRest(foreign_keys=True, triggers=False))
    with pytest.raises(RowsUnguarded, match="those of t may refer"):
        guard("the target", plan, AtRest(foreign_keys=False, triggers=False))


@pytest.mark.parametrize(
    ("progress", "ending", "error"),
    [(Scissors(0), Cut, MigrationUnfinished), (Progress(), None, TargetOccupied)],
)
def test_a_target_that_another_run_took_meanwhile_is_left_to_it(
    tmp_path: Path, progress: Progress, ending: type[BaseException] | None, error: type[Exception]
) -> None:
    source, target = written(tmp_path / "a.db", KEYED, (ROWS,)), f"sqlite:///{tmp_path / 'b.db'}"
    service = DataMigrationService(source, target, folder=tmp_path)
    other = DataMigrationService(source, target, folder=tmp_path, progress=progress)

    def meanwhile(_: object) -> None:
        with pytest.raises(ending) if ending else nullcontext():
            other.migrate()

    with pytest.raises(error):
        service.migrate(announce=meanwhile)
    if ending:
        other.progress = Progress()
        assert failures(other.resume()) == []
    assert rows(tmp_path / "b.db") == rows(tmp_path / "a.db")


def test_of_two_runs_that_begin_at_once_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = written(tmp_path / "a.db", KEYED, (ROWS,)), f"sqlite:///{tmp_path / 'b.db'}"
    service = DataMigrationService(source, target, folder=tmp_path)
    other = DataMigrationService(source, target, folder=tmp_path, progress=Scissors(0))
    looked = service._unchanged

    def overtaken(plan: Plan) -> Snapshot:
        found = looked(plan)
        with pytest.raises(Cut):
            other.migrate()
        return found

    monkeypatch.setattr(service, "_unchanged", overtaken)
    with pytest.raises(MigrationUnfinished):
        service.migrate()
    other.progress = Progress()
    assert failures(other.resume()) == []
    assert rows(tmp_path / "b.db") == rows(tmp_path / "a.db")


@pytest.mark.parametrize("filled", [False, True])
def test_a_run_that_made_no_table_yet_goes_on_unless_others_have_filled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, filled: bool
) -> None:
    def cut(*_: object) -> None:
        raise Cut

    source, target = written(tmp_path / "a.db", KEYED, (ROWS,)), f"sqlite:///{tmp_path / 'b.db'}"
    service = DataMigrationService(source, target, folder=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Migration, "_prepare", cut)
        with pytest.raises(Cut):
            service.migrate()
    if filled:
        written(tmp_path / "b.db", KEYED)
        with pytest.raises(TargetOccupied, match="has rows in t"):
            service.resume()
    else:
        assert failures(service.resume()) == []
    assert len(rows(tmp_path / "b.db")) == ROWS


def test_what_was_known_before_the_way_back_failed_is_told() -> None:
    known = RowsUnwritable("notes", ConnectionError("lost"))
    over = InterfaceError("ROLLBACK", None, ConnectionError("it is closed"))
    assert _told(over) is None
    over.__context__ = ConnectionError("as the driver says it")
    over.__context__.__context__ = known
    assert _told(over) is known
