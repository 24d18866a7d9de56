from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbparity.errors import SettingsInvalid
from dbparity.performance import files

if TYPE_CHECKING:
    from pathlib import Path


def test_file_and_its_folder_are_made(tmp_path: Path) -> None:
    files.write(tmp_path / "new" / "r.json", b"{}")
    assert (tmp_path / "new" / "r.json").read_bytes() == b"{}"


def test_nothing_but_the_new_content_is_left(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(b"a longer one")
    files.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_old_content_stays_where_the_new_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "r.json"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(SettingsInvalid, match=r"r\.json: no space left on device; name a file"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_it(tmp_path: Path) -> None:
    files.write(tmp_path / "r.json", b"{}")
    assert (tmp_path / "r.json").stat().st_mode & 0o777 == 0o644


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="is a directory"):
        files.write(tmp_path, b"{}")
