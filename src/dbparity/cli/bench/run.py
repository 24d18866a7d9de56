"""``dbparity bench run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbparity.cli.bench.measuring import measure
from dbparity.cli.bench.options import Launches, bench_settings
from dbparity.cli.console import Screen, complain, explain, table
from dbparity.cli.options import (
    AGREED,
    COULD_NOT_RUN,
    Configure,
    Factory,
    Metadata,
    Providers,
    Pythonpath,
    Require,
    Reuse,
    Seed,
    Targets,
    Workloads,
)
from dbparity.cli.output import outputs
from dbparity.performance import records as files
from dbparity.reports.summary import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.performance.records import Record


def run(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    metadata: Metadata = "",
    factory: Factory = "",
    configure: Configure = "",
    pythonpath: Pythonpath = None,
    workloads: Workloads = "",
    seed: Seed = "",
    target: Targets = None,
    provider: Providers = None,
    launches: Launches = None,
    require: Require = False,
    reuse: Reuse = False,
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write all into one file, or - ."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write one file per target into this folder."),
    ] = None,
) -> None:
    """Measure the application's workloads on every target.

    Fresh processes, each pinned to one CPU, run every workload in turns. What is written has the
    form of pytest-benchmark's JSON, and is a baseline for `dbparity bench compare`.

    Exit codes: 0 measured, 2 could not run.

    Examples:
    ```console
    dbparity bench run --target sqlite
    dbparity bench run --output .benchmarks
    dbparity bench run --launches 8 --json - | jq '.benchmarks[].stats.min'
    ```
    """
    written = outputs(json=json)
    settings = bench_settings(
        metadata,
        pythonpath,
        factory=factory,
        configure=configure,
        workloads=workloads,
        seed=seed,
        target=target,
        provider=provider,
        launches=launches,
        require=require,
        reuse=reuse,
    )
    measured = measure(settings)
    for file in written:
        file.write(files.render(measured.records))
    by_target: dict[str, list[Record]] = {}
    for record in measured.records:
        by_target.setdefault(record.target, []).append(record)
    if output is not None:
        for name, found in by_target.items():
            files.write(found, output / f"{name}.json")
    screen = Screen(stderr=any(file.is_standard for file in written))
    _show(measured.records, screen)
    missing = [(state.target, state.missing) for state in measured.targets if state.missing]
    explain(missing, screen)
    if not measured.records:
        complain(f"{count(len(missing), 'target')} missing; nothing was run")
        raise typer.Exit(COULD_NOT_RUN)
    raise typer.Exit(AGREED)


def _show(records: Sequence[Record], screen: Screen) -> None:
    shown = table("benchmark", "target", "best", "median", "CPU", "launches apart", "statements")
    for column in shown.columns[2:]:
        column.justify = "right"
    for record in sorted(records, key=lambda each: each.benchmark):
        apart = f"{record.noise - 1:.0%}" if record.noise is not None else ""
        asked = str(record.counts.statements) if record.counts is not None else ""
        times = (record.best, record.median, record.cpu or 0)
        shown.add_row(
            record.benchmark,
            record.target,
            *(f"{seconds * 1000:.3f} ms" for seconds in times),
            apart,
            asked,
        )
    screen.print(shown)
