from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from dbparity import plugins
from dbparity.backends.base import Backend, Driver
from dbparity.backends.postgresql import PostgreSQL
from dbparity.cli import main
from dbparity.errors import ServerUnreachable
from dbparity.servers.base import Offer, Provider, Running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dbparity.servers.ledger import Run

Capture = pytest.CaptureFixture[str]
Diagnosis = list[dict[str, Any]]


class Ready(Provider):
    """Offers a server that it must not be asked to start."""

    name: ClassVar[str] = "ready"

    def find(self, backend: Backend, version: str) -> Offer | None:
        def start(_run: Run) -> Running:
            raise AssertionError("the doctor starts nothing")

        return Offer(self.name, f"{backend.name} {version}", start, version="17.5")


class Dead(Provider):
    """Knows of a running server to which no login succeeds."""

    name: ClassVar[str] = "url"

    def find(self, backend: Backend, version: str) -> Offer | None:  # noqa: ARG002
        def start(_run: Run) -> Running:
            raise ServerUnreachable("postgresql://app:***@host", 1, None)

        return Offer(self.name, backend.name, start)


class Bare(PostgreSQL):
    """A PostgreSQL one of whose drivers is not installed."""

    drivers: ClassVar[tuple[Driver, ...]] = (
        *PostgreSQL.drivers[:1],
        Driver("pg8000", "no_such_module", "pg8000"),
    )


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, object], None]:
    """Declare an entry point."""
    load = plugins.load
    more: dict[tuple[str, str], object] = {}

    def plugged(group: str, name: str) -> Any:  # noqa: ANN401
        return more.get((group, name)) or load(group, name)

    monkeypatch.setattr(plugins, "load", plugged)
    return lambda group, name, what: more.__setitem__((group, name), what)


@pytest.fixture
def diagnosis(capsys: Capture) -> Callable[..., Diagnosis]:
    def read(*options: str) -> Diagnosis:
        main(["doctor", "--json", "-", *options])
        document = json.loads(capsys.readouterr().out)
        assert document["schema"] == "dbparity-doctor/1"
        found: Diagnosis = document["targets"]
        return found

    return read


@pytest.mark.usefixtures("project")
def test_all_targets_that_can_be_served_exit_with_0(capsys: Capture) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "file: files in memory" in text
    assert "2 of 2 targets can be served." in text


@pytest.mark.usefixtures("project")
def test_some_targets_that_cannot_be_served_exit_with_1(capsys: Capture) -> None:
    assert main(["doctor", "--target", "sqlite", "--target", "mysql"]) == 1
    assert "2 of 5 targets can be served." in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_no_target_that_can_be_served_exits_with_2(capsys: Capture) -> None:
    assert main(["doctor", "--target", "mysql"]) == 2
    assert "no provider that is asked (file) serves MySQL" in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_bad_input_exits_with_2(capsys: Capture) -> None:
    assert main(["doctor", "--target", "oracle"]) == 2
    assert "unknown backend 'oracle'" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_files_have_the_version_of_their_library(diagnosis: Callable[..., Diagnosis]) -> None:
    import sqlite3  # noqa: PLC0415

    assert {target["version"] for target in diagnosis()} == {sqlite3.sqlite_version}


def test_nothing_is_left_of_a_diagnosis(project: Path) -> None:
    main(["doctor"])
    assert list((project.parent / "state" / "runs").iterdir()) == []


@pytest.mark.usefixtures("project")
def test_server_that_would_be_started_is_not_started(
    diagnosis: Callable[..., Diagnosis], plug: Callable[[str, str, object], None]
) -> None:
    plug("providers", "ready", Ready)
    (target,) = diagnosis("--target", "postgresql+psycopg@17", "--provider", "ready")
    assert target == {
        "target": "postgresql+psycopg@17",
        "usable": True,
        "provider": "ready",
        "description": "postgresql 17",
        "version": "17.5",
        "driver": "",
        "refusals": [],
    }


@pytest.mark.usefixtures("project")
def test_each_provider_before_has_its_reason_and_cure(
    diagnosis: Callable[..., Diagnosis],
    plug: Callable[[str, str, object], None],
    capsys: Capture,
) -> None:
    plug("providers", "ready", Ready)
    options = ["--target", "postgresql+psycopg@17", "--provider", "url"]
    refusal = {
        "provider": "url",
        "reason": "no URL is configured",
        "cure": "set DBPARITY_URL_POSTGRESQL_17",
    }
    (served,) = diagnosis(*options, "--provider", "ready")
    assert served["refusals"] == [refusal]
    assert main(["doctor", *options]) == 2
    assert (
        "    url        no URL is configured (set DBPARITY_URL_POSTGRESQL_17)\n"
        in capsys.readouterr().out
    )


@pytest.mark.usefixtures("project")
def test_running_server_to_which_no_login_succeeds_cannot_be_used(
    diagnosis: Callable[..., Diagnosis], plug: Callable[[str, str, object], None]
) -> None:
    plug("providers", "url", Dead)
    (target,) = diagnosis("--target", "postgresql+psycopg", "--provider", "url")
    assert not target["usable"]
    reason = target["refusals"][0]["reason"]
    assert reason.startswith("no login to postgresql://app:***@host within 1 s")


@pytest.mark.usefixtures("project")
def test_driver_that_is_not_installed_has_its_cure(
    diagnosis: Callable[..., Diagnosis],
    plug: Callable[[str, str, object], None],
    capsys: Capture,
) -> None:
    plug("providers", "ready", Ready)
    plug("backends", "postgresql", Bare)
    options = ["--target", "postgresql", "--provider", "ready"]
    psycopg, pg8000 = diagnosis(*options)
    cure = "postgresql+pg8000: no_such_module is not installed; try: pip install 'dbparity[pg8000]'"
    assert (psycopg["usable"], pg8000["usable"]) == (True, False)
    assert (psycopg["driver"], pg8000["driver"]) == ("", cure)
    assert main(["doctor", *options]) == 1
    assert cure in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("project")
def test_backend_without_any_driver_is_not_tried(
    diagnosis: Callable[..., Diagnosis], plug: Callable[[str, str, object], None]
) -> None:
    class Driverless(Bare):
        drivers: ClassVar[tuple[Driver, ...]] = Bare.drivers[1:]

    plug("backends", "postgresql", Driverless)
    (target,) = diagnosis("--target", "postgresql", "--provider", "url")
    assert not target["usable"]
