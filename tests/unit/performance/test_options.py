from __future__ import annotations

import pytest

from dbparity.performance.options import BenchOptions, quantile


def test_limit_is_ten_percent_where_none_is_named() -> None:
    assert BenchOptions().limit_of("connect") == 0.10


def test_last_limit_that_fits_counts() -> None:
    options = BenchOptions(limits={"select.*": 0.2, "select.user": 0.3, "*": 0.4, "list": 0.5})
    assert options.limit_of("select.user") == 0.4
    assert options.limit_of("list") == 0.5


def test_case_of_an_id_counts() -> None:
    assert BenchOptions(limits={"Select": 0.2}).limit_of("select") == 0.10


def test_kind_has_what_its_documents_require() -> None:
    assert BenchOptions().requirement_of("search.users", "search") == {"p50": 3}


def test_required_quantiles_of_a_kind_and_of_a_benchmark_add_up() -> None:
    options = BenchOptions(
        requirements={
            "search.users": {"p95": 20},
            "search": {"p50": 4, "p99": 9},
            "query": {"p50": 1},
        }
    )
    assert options.requirement_of("search.users", "search") == {"p50": 4, "p95": 20, "p99": 9}


@pytest.mark.parametrize(("name", "part"), [("p50", 0.5), ("p99.9", 0.999)])
def test_quantile_is_a_part_of_all(name: str, part: float) -> None:
    assert quantile(name) == pytest.approx(part)


@pytest.mark.parametrize("name", ["50", "p", "p0", "p100", "px", "mean"])
def test_other_names_are_no_quantiles(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' is no quantile: write p50"):
        quantile(name)


def test_requirement_of_no_quantile_is_refused() -> None:
    with pytest.raises(ValueError, match="'mean' is no quantile"):
        BenchOptions(requirements={"search": {"mean": 3}})
