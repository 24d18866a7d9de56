"""Prints, for each group of benchmarks, how many times faster the one is than the other.

With ``--benchmark-json`` each target's workloads are written to ``.benchmarks`` too.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

import msgspec

from dbparity.performance import files

if TYPE_CHECKING:
    import pytest

_RATIOS: dict[str, dict[str, float]] = defaultdict(dict)


def pytest_benchmark_group_stats(benchmarks: list[Any]) -> None:
    """Note the medians, by group and arm."""
    for benchmark in benchmarks:
        arm = benchmark["extra_info"].get("arm")
        if arm is not None:
            _RATIOS[benchmark["group"]][arm] = benchmark["median"]


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Write ``.benchmarks/<target>.json``, each to be compared with an earlier one."""
    by_target: dict[str, list[Any]] = defaultdict(list)
    for benchmark in output_json["benchmarks"]:
        if target := benchmark["extra_info"].get("target"):
            by_target[target].append(benchmark)
    for target, benchmarks in by_target.items():
        content = msgspec.json.encode({**output_json, "benchmarks": benchmarks})
        files.write(config.rootpath / ".benchmarks" / f"{target}.json", content)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the ratios: they are what is comparable between machines."""
    terminalreporter.section("ratios of medians in this run")
    for group, medians in sorted(_RATIOS.items()):
        create = medians.pop("create", None)
        if create is not None:
            terminalreporter.write_line(f"{group:28} drop + create {create * 1000:8.2f} ms")
            for arm, lease in sorted(medians.items()):
                terminalreporter.write_line(
                    f"{arm:>36} lease {lease * 1000:8.2f} ms {create / lease:7.1f} times faster"
                )
        _beside_peers(terminalreporter, group, medians)
        inspector = medians.pop("inspector", None)
        if inspector is not None:
            taken = medians["snapshot"]
            terminalreporter.write_line(
                f"{group:28} Inspector {inspector * 1000:8.2f} ms, snapshot "
                f"{taken * 1000:8.2f} ms {taken / inspector:7.2f} times as long"
            )


def _beside_peers(
    terminalreporter: pytest.TerminalReporter, group: str, medians: dict[str, float]
) -> None:
    """What other tools take, in times of what dbparity takes."""
    ours = next((medians[arm] for arm in medians if arm.startswith("dbparity")), None)
    for arm, seconds in sorted(medians.items()) if ours is not None else ():
        terminalreporter.write_line(
            f"{group:42} {arm:26} {seconds:8.2f} s {seconds / cast('float', ours):7.2f} times"
        )
