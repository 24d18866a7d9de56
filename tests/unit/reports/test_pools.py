from __future__ import annotations

from datetime import UTC, datetime

from dbparity.reports import markdown, pools
from dbparity.results import Measurement, Outcome, Report, Result, Skipped

FIGURES = (Measurement("attempted", 1400, "clients"), Measurement("wait p95", 0.25, "s"))


def of(scenario: str, target: str, *figures: Measurement, category: str = "pools") -> Result:
    return Result(target, category, scenario, Outcome.PASSED, measurements=figures)


def report(*results: Result) -> Report:
    return Report("shop", datetime(2026, 1, 1, tzinfo=UTC), 1.0, results=results)


def test_targets_stand_below_each_other_by_scenario() -> None:
    results = [of(name, target, *FIGURES) for target in "xy" for name in ("burst", "exhaustion")]
    found = [(row.scenario, row.target) for row in pools.rows(report(*results))]
    assert found == [("burst", "x"), ("burst", "y"), ("exhaustion", "x"), ("exhaustion", "y")]


def test_figures_have_their_unit_and_what_nobody_can_tell_a_dash() -> None:
    (row,) = pools.rows(report(of("burst", "x", *FIGURES)))
    cells = dict(zip(pools.COLUMNS, row.cells, strict=True))
    assert cells["attempted"] == "1,400"
    assert cells["wait p95"] == "0.250 s"
    assert cells["left on the server"] == "–"  # noqa: RUF001


def test_what_was_not_played_has_no_row() -> None:
    skipped = Result("x", "pools", "slow", Outcome.SKIPPED, skipped=(Skipped("no network"),))
    other = of("select", "x", *FIGURES, category="requirements")
    assert pools.rows(report(skipped, other)) == ()
    assert "Pools of connections" not in markdown.render(report(skipped, other))


def test_page_has_the_table() -> None:
    page = markdown.render(report(of("burst", "x", *FIGURES)))
    assert "## Pools of connections\n\n| scenario | target | attempted | served |" in page
    assert "\n| burst | x | 1,400 |" in page
