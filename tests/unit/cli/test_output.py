from __future__ import annotations

import os
import re
import stat
import threading
from pathlib import Path

import pytest

from dbparity.cli.output import Output, outputs
from dbparity.errors import SettingsInvalid


def test_file_is_written(tmp_path: Path) -> None:
    Output("json", tmp_path / "report.json").write("caf\N{LATIN SMALL LETTER E WITH ACUTE}\n")
    assert (tmp_path / "report.json").read_bytes() == b"caf\xc3\xa9\n"


def test_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    Output("json", tmp_path / "report.json").write("")
    (tmp_path / "other").touch()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("a longer text than the new one")
    Output("json", path).write("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_reader_of_the_old_file_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with path.open() as reader:
        Output("json", path).write("new")
        assert reader.read() == "old"


def test_link_stays_a_link(tmp_path: Path) -> None:
    link, path = tmp_path / "latest.json", tmp_path / "report.json"
    link.symlink_to(path)
    path.write_text("old")
    Output("json", link).write("new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        Output("markdown", path).write("\udc80")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_device_is_written_to_and_not_replaced() -> None:
    null = Output("json", Path(os.devnull))
    null.prepare()
    null.write("text")
    assert Path(os.devnull).is_char_device()


def test_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    Output("json", path).write("text")
    reader.join()
    assert read == ["text"]
    assert path.is_fifo()


def test_dash_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    (output,) = outputs(json=Path("-"))
    output.write("text")
    assert output.is_standard
    assert capsys.readouterr().out == "text"


def test_options_that_were_not_given_are_no_outputs() -> None:
    assert outputs(json=None, junit=None) == ()


def test_two_reports_on_standard_output_are_refused() -> None:
    with pytest.raises(SettingsInvalid, match=re.escape("--json - --markdown -: only one report")):
        outputs(json=Path("-"), junit=None, markdown=Path("-"))


def test_file_in_no_folder_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "report.json"
    expected = re.escape(f"--json {path}: no such file or directory; name a file in a folder")
    with pytest.raises(SettingsInvalid, match=expected):
        outputs(json=path)


def test_folder_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="it is a folder"):
        outputs(markdown=tmp_path)


def test_preparing_leaves_no_file(tmp_path: Path) -> None:
    outputs(json=tmp_path / "report.json")
    assert list(tmp_path.iterdir()) == []


def test_file_that_cannot_be_replaced_is_refused(tmp_path: Path) -> None:
    output = Output("json", tmp_path / "folder" / "report.json")
    with pytest.raises(SettingsInvalid, match="no such file or directory"):
        output.write("text")
