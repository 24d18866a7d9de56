from __future__ import annotations

import subprocess
import sys

import pytest

import dbparity


def test_public_names_are_sorted_and_each_once() -> None:
    assert dbparity.__all__ == sorted(set(dbparity.__all__))


@pytest.mark.parametrize("name", dbparity.__all__)
def test_public_name_can_be_imported(name: str) -> None:
    found = getattr(dbparity, name)
    assert found.__name__ == name
    assert found.__module__.startswith("dbparity.")


def test_every_name_that_has_a_room_is_public() -> None:
    assert sorted(dbparity._ROOM_OF) == dbparity.__all__


def test_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'dbparity' has no attribute 'nothing'"):
        _ = dbparity.nothing  # type: ignore[attr-defined]


def test_import_alone_brings_none_of_the_libraries() -> None:
    program = "import dbparity, sys; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "dbparity" in loaded
    assert not {"sqlalchemy", "rich", "typer", "pytest", "alembic"}.intersection(loaded)
