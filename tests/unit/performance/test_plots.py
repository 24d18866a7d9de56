from __future__ import annotations

import random
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from dbparity.errors import DriverMissing, SettingsInvalid
from dbparity.performance.drawing.panels import short, steps
from dbparity.performance.plots import draw
from dbparity.performance.verdicts import Comparison, Verdict

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}"
SQLITE, POSTGRESQL = "sqlite+pysqlite", "postgresql+psycopg_async@17"
NOISE = (0.98, 1.03)
COMPARISONS = (
    Comparison("query.point", SQLITE, "paired", Verdict.PASS, 1, 1.1, (0.97, 1, 1.02, 1), NOISE),
    Comparison("query.join", SQLITE, "paired", Verdict.FAIL, 1.34, 1.25, (1.3, 1.38), NOISE),
    Comparison("query.point", POSTGRESQL, "paired", Verdict.INCONCLUSIVE, 1.12, 1.1, (1.12,)),
    Comparison("query.join", POSTGRESQL, "paired", Verdict.MISSING),
    Comparison("query.join", POSTGRESQL, "paired", Verdict.INCOMPARABLE),
    Comparison("query.join", SQLITE, "counts", Verdict.FAIL),
    Comparison("test_a", "", "mean", Verdict.PASS, 0.4, 1.1),
)
SAMPLES = {
    ("query.point", SQLITE): tuple(n / 1e6 for n in range(1000, 0, -1)),
    ("query.point", POSTGRESQL): (0.002, 0.003),
    ("search", SQLITE): (0.004,),
}
LIMITS = {"query.point": {"p50": 2.0, "p95": 5.0}}


@dataclass(frozen=True)
class Picture:
    root: ET.Element

    @property
    def texts(self) -> list[str]:
        return [(each.text or "") for each in self.root.iter(f"{SVG}text")]

    @property
    def ids(self) -> set[str]:
        return {each.get("id", "") for each in self.root.iter()}

    def group(self, id_: str) -> ET.Element:
        found = self.root.find(f".//{SVG}g[@id='{id_}']")
        assert found is not None, id_
        return found

    def dots(self, id_: str) -> list[float]:
        """How far to the right each one is."""
        return [float(each.get("x", "")) for each in self.group(id_).iter(f"{SVG}use")]

    def points(self, id_: str) -> list[tuple[float, float]]:
        (path,) = self.group(id_).findall(f"{SVG}path")
        words = path.get("d", "").replace("M", "").replace("L", "").rstrip(" z\n").split()
        numbers = list(map(float, words))
        return list(zip(numbers[::2], numbers[1::2], strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plots") / "new" / "folder"
    draw(COMPARISONS, folder, samples=SAMPLES, limits=LIMITS)
    return folder


def picture(folder: Path, name: str) -> Picture:
    return Picture(ET.fromstring((folder / f"{name}.svg").read_bytes()))  # noqa: S314  # our own


@pytest.fixture(scope="module")
def forest(folder: Path) -> Picture:
    return picture(folder, "paired-ratios")


@pytest.fixture(scope="module")
def heatmap(folder: Path) -> Picture:
    return picture(folder, "paired-heatmap")


@pytest.fixture(scope="module")
def curves(folder: Path) -> Picture:
    return picture(folder, "samples")


def test_each_picture_is_there_as_svg_and_as_png(folder: Path) -> None:
    names = ("paired-ratios", "paired-heatmap", "mean-ratios", "mean-heatmap", "samples", "times")
    expected = {f"{name}.{kind}" for name in names for kind in ("svg", "png")}
    assert {path.name for path in folder.iterdir()} == expected
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.glob("*.png"))


def test_same_input_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    random.seed(1)
    paths = draw(COMPARISONS[:5], tmp_path, samples=SAMPLES, limits=LIMITS)
    assert len(paths) == 8
    for path in paths:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_nothing_to_draw_makes_no_file(tmp_path: Path) -> None:
    assert draw((), tmp_path / "none") == []
    assert list(tmp_path.iterdir()) == []


def test_forest_names_benchmarks_targets_and_what_the_marks_mean(forest: Picture) -> None:
    told = {"query.point", "query.join", "sqlite", "pysqlite", "postgresql@17", "psycopg_async"}
    meaning = {"pass", "fail", "inconclusive", "a launch", "limit", "what is alike (A/A)"}
    assert (told | meaning) <= set(forest.texts)


def test_forest_has_a_dot_for_each_launch(forest: Picture) -> None:
    assert [len(forest.dots(f"launches-0-{row}")) for row in (0, 1)] == [4, 2]
    assert len(forest.dots("launches-1-0")) == 1


def test_forest_has_one_mark_in_the_middle_of_its_launches(forest: Picture) -> None:
    (mark,) = forest.dots("fail-0-1")
    least, most = forest.dots("launches-0-1")
    assert least < mark < most


def test_each_verdict_has_a_shape_and_a_colour_of_its_own(forest: Picture) -> None:
    looks = set()
    for id_ in ("pass-0-0", "fail-0-1", "inconclusive-1-0"):
        (use,) = forest.group(id_).iter(f"{SVG}use")
        shape = forest.root.find(f".//*[@id='{use.get(f'{LINK}href', '')[1:]}']")
        assert shape is not None
        looks.add((shape.get("d"), use.get("style")))
    assert len({shape for shape, _ in looks}) == len({colour for _, colour in looks}) == 3


def test_limit_is_a_line_through_its_row(forest: Picture) -> None:
    (top, bottom), (other, _) = forest.points("limit-0-0"), forest.points("limit-0-1")
    assert top[0] == bottom[0] < other[0]
    (passed,), (failed,) = forest.dots("pass-0-0"), forest.dots("fail-0-1")
    assert passed < top[0]
    assert other[0] < failed


def test_noise_is_a_band_around_one(forest: Picture) -> None:
    edges = [x for x, _ in forest.points("noise-0-0")]
    (one,) = forest.dots("pass-0-0")
    assert min(edges) < one < max(edges)
    assert "noise-1-0" not in forest.ids


def test_what_has_no_ratio_is_said_in_its_row(forest: Picture) -> None:
    assert {"missing", "incomparable"} <= set(forest.texts)
    assert not {"missing-1-1", "limit-1-1"} & forest.ids


def test_one_limit_for_all_is_named(folder: Path) -> None:
    assert "limit 1.1" in picture(folder, "mean-ratios").texts


def test_heatmap_tells_the_ratio_and_the_worst_verdict_of_each_cell(heatmap: Picture) -> None:
    assert {"1.00", "1.34 ▲", "1.12 ◆", "missing"} <= set(heatmap.texts)
    assert "incomparable" not in heatmap.texts


def test_times_are_medians_in_milliseconds(folder: Path) -> None:
    assert {"0.5", "2.5", "4"} <= set(picture(folder, "times").texts)


def test_curve_rises_to_all_calls(curves: Picture) -> None:
    points = curves.points("curve-0-0")
    assert points == sorted(points, key=lambda point: (point[0], -point[1]))
    assert points[-1][1] == curves.points("curve-0-1")[-1][1]


def test_limit_stands_up_to_its_quantile(curves: Picture) -> None:
    (below, half), (_, most) = curves.points("limit-0-p50"), curves.points("limit-0-p95")
    assert below[0] == half[0] < most[0]
    assert (below[1] - half[1]) / (below[1] - most[1]) == pytest.approx(50 / 95, abs=0.001)
    assert "limit, up to its quantile" in curves.texts


def test_benchmark_without_a_limit_has_a_panel_without_one(curves: Picture) -> None:
    assert {"curve-1-0", "curve-0-1"} <= curves.ids
    assert not {"curve-1-1", "limit-1-p50"} & curves.ids


def test_pictures_without_limits_have_no_word_of_them(tmp_path: Path) -> None:
    free = Comparison("search", SQLITE, "paired", Verdict.PASS, 1.0)
    draw([free], tmp_path, samples={("search", SQLITE): (0.004,)})
    for name in ("paired-ratios", "samples"):
        assert not [text for text in picture(tmp_path, name).texts if "limit" in text], name


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.88, 1.22, [0.9, 1, 1.1, 1.2]),
        (0.45, 2.1, [0.5, 0.6, 0.7, 0.8, 1, 1.2, 1.5, 2]),
        (0.29, 1.3, None),
        (2.05, 3.9, [2.5, 3]),
        (0.9, 30, [1, 2, 5, 10, 20]),
        (0.001, 300, None),
        (1e-6, 1e8, None),
    ],
)
def test_axis_has_few_round_steps(low: float, high: float, expected: list[float] | None) -> None:
    found = steps(low, high)
    assert 2 <= len(found) <= 7
    assert low <= found[0] < found[-1] <= high
    assert expected is None or len(expected) > 7 or found == expected


def test_long_names_have_room(tmp_path: Path) -> None:
    name = "benchmarks/test_workloads.py::test_workload[query.messages.by_agent_id-postgresql]"
    draw([replace(COMPARISONS[0], benchmark=name)], tmp_path, samples={(name, SQLITE): (0.1,)})
    # What is cut off, or has no room, would be warned of.
    assert name in picture(tmp_path, "paired-ratios").texts
    assert f"…{name[-33:]}" in picture(tmp_path, "samples").texts


def test_name_that_is_no_target_stays_whole() -> None:
    assert short("everything") == "everything"


def test_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsInvalid, match=r"file/new/mean-ratios\.svg: not a directory"):
        draw(COMPARISONS[6:], tmp_path / "file" / "new")


def test_missing_library_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("dbparity.performance.drawing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DriverMissing, match=r"matplotlib is not installed; .*'dbparity\[bench\]'"):
        draw(COMPARISONS, tmp_path)
