from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from dbparity.performance import fingerprints
from tests.support.databases import application, sqlite_database
from tests.support.ledgers import ledger
from tests.support.records import FINGERPRINT, fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.servers.database import Database


@pytest.fixture(autouse=True)
def _fresh() -> None:
    fingerprints._processor.cache_clear()


def test_same_fingerprint_differs_in_nothing() -> None:
    assert FINGERPRINT.differences(fingerprint()) == {}


def test_difference_is_told_with_both_values() -> None:
    other = fingerprint(python="CPython 3.12.1", driver_version="0.30")
    assert FINGERPRINT.differences(other) == {
        "python": "CPython 3.11.7 → CPython 3.12.1",
        "driver version": "3.11.7 → 0.30",
    }


def test_which_cpus_they_are_does_not_count() -> None:
    assert FINGERPRINT.differences(fingerprint(affinity=(0,))) == {}


def test_how_many_cpus_they_are_counts() -> None:
    other = fingerprint(affinity=(0, 1))
    assert FINGERPRINT.differences(other) == {"affinity": "to 1 of the CPUs → to 2 of the CPUs"}


def test_machine_can_be_left_out() -> None:
    other = fingerprint(node="beta", processor="Other", cpus=8, system="Linux 7", affinity=())
    assert FINGERPRINT.differences(other, machine=False) == {}
    assert len(FINGERPRINT.differences(other)) == 5


def taken(database: Database) -> fingerprints.Fingerprint:
    return fingerprints.fingerprint(database, data="no rows", harness="tests")


def test_sync_driver_has_no_loop(tmp_path: Path) -> None:
    with sqlite_database(tmp_path, application(ledger())) as database:
        found = database.run(taken)
    assert found.loop == "none"
    assert found.driver_version == platform.python_version()  # sqlite3 is Python's own
    assert found.server_version == ".".join(map(str, database.version))
    assert (found.data, found.harness) == ("no rows", "tests")


def test_async_driver_has_the_loop_that_it_runs_on(tmp_path: Path) -> None:
    with sqlite_database(tmp_path, application(ledger()), "aiosqlite") as database:
        found = database.run(taken)
    assert found.loop.startswith("asyncio.")
    assert found.driver_version.startswith("0.")


def test_affinity_is_that_of_whoever_measures(tmp_path: Path) -> None:
    with sqlite_database(tmp_path, application(ledger())) as database:
        found = fingerprints.fingerprint(database, data="", harness="", affinity=(7,))
        assert found.affinity == (7,)
        assert taken(database).affinity


def test_processor_is_named_by_its_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpus = tmp_path / "cpuinfo"
    cpus.write_text("processor : 0\nmodel name : Fast One\nprocessor : 1\nmodel name : Other\n")
    monkeypatch.setattr(fingerprints, "_CPUS", cpus)
    assert fingerprints._processor() == "Fast One"


def test_processor_without_a_model_is_named_by_its_architecture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "_CPUS", tmp_path / "none")
    assert fingerprints._processor() == platform.machine()
