"""Which requirements a project configures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dbparity.errors import SettingsInvalid
from dbparity.performance.options import BenchOptions, quantile
from dbparity.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = BenchOptions(
    requirements={"query": {"p99": 60}, "list.*": {"p50": 5}, "list.orders": {"p95": 10}}
)


@pytest.mark.parametrize(
    ("workload", "kind", "found"),
    [
        ("select.user", "query", {"p50": 30, "p95": 30, "p99": 60}),
        ("list.users", "query", {"p50": 5, "p95": 30, "p99": 60}),
        ("list.orders", "query", {"p50": 5, "p95": 10, "p99": 60}),
        ("search.users", "search", {"p50": 3}),
        ("connect", "connect", {"p95": 5}),
    ],
)
def test_requirement_is_that_of_the_kind_changed_by_what_fits_the_name(
    workload: str, kind: str, found: dict[str, float]
) -> None:
    assert LIMITS.requirement_of(workload, kind) == found


@pytest.mark.parametrize(("name", "part"), [("p50", 0.5), ("p99.9", 0.999), ("p1", 0.01)])
def test_quantile_is_named_by_its_percentage(name: str, part: float) -> None:
    assert quantile(name) == pytest.approx(part)


@pytest.mark.parametrize("name", ["mean", "p", "50", "p0", "p100", "pnan"])
def test_requirement_of_no_quantile_is_refused_with_the_cure(name: str, tmp_path: Path) -> None:
    tmp_path.joinpath("pyproject.toml").write_text(
        f"[tool.dbparity.bench.requirements]\nquery = {{ {name} = 3 }}\n"
    )
    with pytest.raises(SettingsInvalid, match=rf"{name}' is no quantile: write p50, p95 or p99.9"):
        Settings.load(tmp_path, {})
