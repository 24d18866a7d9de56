from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbparity.errors import BaselineInvalid
from dbparity.performance.measure import Counts
from dbparity.performance.records import Launch, Record, Records, merged, read, render, write
from tests.support.records import fingerprint, record

seconds = st.floats(1e-9, 1e3)
recorded = st.builds(
    Record,
    st.sampled_from(["connect", "select.user", "été.ü"]),
    st.sampled_from(["sqlite+pysqlite", "postgresql+asyncpg@17", "mariadb+pymysql@10.11"]),
    st.builds(
        fingerprint,
        node=st.text(max_size=5),
        affinity=st.lists(st.integers(0, 9), max_size=3).map(tuple),
        loop=st.sampled_from(["none", "uvloop.Loop"]),
    ),
    best=seconds,
    median=seconds,
    mean=seconds,
    cpu=st.none() | seconds,
    counts=st.none() | st.builds(Counts, st.integers(0, 99), st.integers(0, 9)),
    units=st.integers(1, 250),
    launches=st.lists(st.builds(Launch, seconds, st.none() | seconds), max_size=3).map(tuple),
    noise=st.none() | st.floats(1, 9),
    samples=st.lists(seconds, max_size=4).map(tuple),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recorded)
def test_what_is_written_is_read_again(tmp_path: Path, found: Record) -> None:
    write([found], tmp_path / "r.json")
    assert read(tmp_path / "r.json").records == (found,)


def test_extra_info_says_all_that_is_asked_for() -> None:
    written = json.loads(render([record(target="postgresql+asyncpg@17")]))
    extra = written["benchmarks"][0]["extra_info"]
    assert {name: extra[name] for name in ("logical_id", "target", "backend", "driver")} == {
        "logical_id": "select.user",
        "target": "postgresql+asyncpg@17",
        "backend": "postgresql",
        "driver": "asyncpg",
    }
    assert extra["sql"] == {"statements": 1, "commits": 0, "rows": 1, "checkouts": 1}
    more = {"driver_version", "server_version", "sqlalchemy", "python", "loop", "cpu_affinity"}
    assert more | {"units", "data", "harness", "noise", "launches"} <= extra.keys()


def test_pytest_benchmark_can_show_it(tmp_path: Path) -> None:
    pytest.importorskip("pytest_benchmark")
    several: list[tuple[float, ...]] = [(), (0.001,), (0.001, 0.002, 0.004)]
    write([record(f"b{len(each)}", samples=each) for each in several], tmp_path / "r.json")
    command = [str(Path(sys.executable).with_name("pytest-benchmark")), "compare", "r.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    for each in several:
        assert f"b{len(each)}[sqlite+pysqlite]" in done.stdout, done.stderr


def test_records_are_joined_by_the_major_version_of_the_server() -> None:
    minor = record(target="mysql+asyncmy@8", fingerprint=fingerprint(server_version="8.4.2"))
    assert minor.key == ("select.user", "mysql", "asyncmy", "8")


def test_benchmark_without_an_id_has_its_mean_alone(tmp_path: Path) -> None:
    document = whole()
    del document["benchmarks"][0]["extra_info"]
    found = read(written(tmp_path, document))
    assert found.records == ()
    assert found.means == {"dbparity::select.user[sqlite+pysqlite]": 0.002}


def test_folder_is_all_of_its_files(tmp_path: Path) -> None:
    write([record(target="sqlite+pysqlite")], tmp_path / "b.json")
    write([record(target="sqlite+aiosqlite")], tmp_path / "a.json")
    found = read(tmp_path)
    assert found.targets == ("sqlite+aiosqlite", "sqlite+pysqlite")
    assert "a.json" in found.source


def test_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaselineInvalid, match=r"the folder has no \*\.json; write it anew"):
        read(tmp_path)


def test_same_benchmark_twice_is_refused_with_both_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write([record()], tmp_path / f"{name}.json")
    with pytest.raises(BaselineInvalid, match=r"b\.json: select\.user on .* is in .*a\.json"):
        read(tmp_path)


def test_only_targets_that_match_are_kept() -> None:
    found = Records.of([record(), record(target="mysql+pymysql@9")])
    assert found.matching(["mysql"]).targets == ("mysql+pymysql@9",)


def test_parts_are_merged_with_their_means() -> None:
    parts = [Records.of([record()]), Records.of([record("connect")])]
    assert len(merged(parts).means) == 2


def whole() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render([record()]))
    return document


def written(tmp_path: Path, document: object) -> Path:
    path = tmp_path / "r.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_missing_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(BaselineInvalid, match=r"r\.json: no such file or directory; write it"):
        read(tmp_path / "r.json")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 0.99))
def test_half_of_a_file_is_never_read(tmp_path: Path, share: float) -> None:
    text = render([record()]).rstrip()
    path = written(tmp_path, text[: int(len(text) * share)])
    with pytest.raises(BaselineInvalid, match="it is no whole JSON"):
        read(path)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"benchmarks": []},
        {"schema": "dbparity-report/1", "results": []},
        {**whole(), "benchmarks": [{"name": "n", "fullname": "n", "stats": {}}]},
    ],
)
def test_other_json_is_refused(tmp_path: Path, document: object) -> None:
    with pytest.raises(BaselineInvalid, match="it is no record of benchmarks: "):
        read(written(tmp_path, document))


@pytest.mark.parametrize("time", [0, -1, "fast", None])
def test_time_that_is_none_is_refused(tmp_path: Path, time: object) -> None:
    document = whole()
    document["benchmarks"][0]["stats"]["min"] = time
    with pytest.raises(BaselineInvalid, match=r"stats\.min"):
        read(written(tmp_path, document))


@pytest.mark.parametrize(
    ("name", "value"),
    [("target", "sqlite"), ("cpus", "4"), ("noise", 0.5), ("sql", {"rows": "many"})],
)
def test_extra_info_that_cannot_be_used_is_named(tmp_path: Path, name: str, value: object) -> None:
    document = whole()
    document["benchmarks"][0]["extra_info"][name] = value
    with pytest.raises(BaselineInvalid, match=rf"extra_info: .*\$\.{name}"):
        read(written(tmp_path, document))
