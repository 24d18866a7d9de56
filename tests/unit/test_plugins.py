from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from dbparity import plugins
from dbparity.backends.sqlite import SQLite
from dbparity.errors import PluginBroken, TargetUnknown

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package whose entry point names a module that is not there."""
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dbparity.backends]\nbroken = no_such_module:Backend\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()


def test_built_in_backends_are_declared_as_those_of_third_parties() -> None:
    assert {"mariadb", "mysql", "postgresql", "sqlite"} <= set(plugins.names("backends"))


def test_entry_point_gives_what_it_points_at() -> None:
    assert plugins.load("backends", "sqlite") is SQLite


def test_unknown_name_is_told_with_those_that_are_known() -> None:
    with pytest.raises(TargetUnknown, match=r"unknown backend 'oracle'; known: .*sqlite") as error:
        plugins.load("backends", "oracle")
    assert error.value.known == plugins.names("backends")


def test_unknown_group_has_no_names() -> None:
    with pytest.raises(TargetUnknown, match="unknown color 'red'; known: none"):
        plugins.load("colors", "red")


@pytest.mark.usefixtures("broken")
def test_entry_point_that_cannot_be_imported_is_named_with_its_cause() -> None:
    with pytest.raises(PluginBroken, match=r"'broken' of dbparity\.backends") as error:
        plugins.load("backends", "broken")
    assert isinstance(error.value.cause, ModuleNotFoundError)


@pytest.mark.usefixtures("broken")
def test_broken_entry_point_does_not_hinder_the_others() -> None:
    assert plugins.load("backends", "sqlite") is SQLite
