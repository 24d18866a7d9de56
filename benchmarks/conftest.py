"""Prints, for each group of two benchmarks, how many times faster the new way is."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

_RATIOS: dict[str, dict[str, float]] = defaultdict(dict)


def pytest_benchmark_group_stats(benchmarks: list[Any]) -> None:
    """Note the medians, by group and arm."""
    for benchmark in benchmarks:
        arm = benchmark["extra_info"].get("arm")
        if arm is not None:
            _RATIOS[benchmark["group"]][arm] = benchmark["median"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the ratios: they are what is comparable between machines."""
    terminalreporter.section("ratios of medians in this run")
    for group, medians in sorted(_RATIOS.items()):
        if {"lease", "create"} <= medians.keys():
            ratio = medians["create"] / medians["lease"]
            terminalreporter.write_line(
                f"{group:40} lease {medians['lease'] * 1000:8.2f} ms   "
                f"drop + create {medians['create'] * 1000:8.2f} ms   {ratio:7.1f} times faster"
            )
