"""``dbparity bench requirements``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dbparity.cli.console import Screen, table
from dbparity.cli.options import (
    Configure,
    Factory,
    FailOn,
    Json,
    Junit,
    Markdown,
    Metadata,
    Providers,
    Pythonpath,
    Require,
    Reuse,
    Seed,
    Targets,
    Workloads,
    settings_for,
)
from dbparity.cli.output import outputs
from dbparity.cli.running import conclude, obstacle, serving, usable
from dbparity.performance.judging import judge_targets
from dbparity.performance.quantiles import binomial, spelled
from dbparity.performance.requirements import Effort
from dbparity.results import Outcome

if TYPE_CHECKING:
    from dbparity.results import Report, Result
    from dbparity.settings import Settings

_BESIDE = 6  # targets
_NOTHING = "–"  # noqa: RUF001  # a dash, as tables have it
_MARKS = {Outcome.FAILED: ("missed", "bold red"), Outcome.UNKNOWN: ("undecided", "bold magenta")}


def requirements(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    metadata: Metadata = "",
    factory: Factory = "",
    configure: Configure = "",
    pythonpath: Pythonpath = None,
    workloads: Workloads = "",
    seed: Seed = "",
    target: Targets = None,
    provider: Providers = None,
    budget: Annotated[
        float,
        typer.Option(
            min=0.1, metavar="SECONDS", help="Leave undecided what is not decided by then."
        ),
    ] = Effort.seconds,
    fail_on: FailOn = None,
    require: Require = False,
    reuse: Reuse = False,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Judge whether the application's workloads are as fast as they must be on every target.

    A query must take less than 30 ms, a search 3 ms, a connection 5 ms, each operation of 25 agents
    at once 30 ms; `[tool.dbparity.bench.requirements]` has other limits. A limit is met or missed
    where the whole confidence interval of its quantile is on one side of it; until then there are
    more samples, until the budget of the workload is spent.

    Exit codes: 0 all met, 1 findings, 2 undecided, or could not run.

    Examples:
    ```console
    dbparity bench requirements --target sqlite
    dbparity bench requirements --seed shop.testing:hundred_thousand --budget 30
    dbparity bench requirements --workloads shop.testing:workloads --json - | jq .findings
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
    settings = settings_for(
        metadata,
        pythonpath,
        target=target,
        provider=provider,
        factory=factory,
        configure=configure,
        workloads=workloads,
        seed=seed,
        fail_on=fail_on,
        require=require,
        reuse=reuse,
    )
    report = _judged(settings, Effort(seconds=budget))
    _tabulate(report, Screen(stderr=any(file.is_standard for file in files)))
    conclude(report, settings.fail_on, files, obstacle(report, settings))


def _judged(settings: Settings, effort: Effort) -> Report:
    binomial()  # its absence is told before servers start
    application = settings.application()
    with serving(settings, settings.targets) as (environment, progress):
        targets = usable(settings, environment.start())
        return judge_targets(environment, targets, application, settings.bench, effort, progress)


def _tabulate(report: Report, screen: Screen) -> None:
    """What 95 % of the calls took at most, workload by target."""
    by_workload: dict[str, dict[str, Result]] = {}
    for result in report.results:
        by_workload.setdefault(result.check, {})[result.target] = result
    targets = list(dict.fromkeys(result.target for result in report.results))
    for first in range(0, len(targets), _BESIDE):
        beside = targets[first : first + _BESIDE]
        shown = table("p95 in milliseconds", *beside)
        for column in shown.columns[1:]:
            column.justify = "right"
        for workload, results in by_workload.items():
            shown.add_row(workload, *(_cell(results.get(target)) for target in beside))
        screen.print(shown)
        screen.print()


def _cell(result: Result | None) -> Text:
    if result is None:
        return Text(_NOTHING)
    mark, style = _MARKS.get(result.outcome, ("", "green"))
    figures = [spelled(each.value) for each in result.measurements if each.subject == "p95"]
    return Text(" ".join(filter(None, (*figures, mark))), style)
