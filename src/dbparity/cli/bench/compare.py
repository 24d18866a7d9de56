"""``dbparity bench compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dbparity import plugins
from dbparity.cli.bench import pairing, table
from dbparity.cli.bench.options import Launches, bench_settings
from dbparity.cli.bench.stored import Parity, Question, stored
from dbparity.cli.console import Screen, complain, show
from dbparity.cli.options import (
    AGREED,
    COULD_NOT_RUN,
    FINDINGS,
    Configure,
    Factory,
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
)
from dbparity.cli.output import outputs
from dbparity.errors import SettingsInvalid
from dbparity.performance import plots as pictures
from dbparity.performance.verdicts import Verdict, report_of
from dbparity.reports.summary import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.cli.bench.pairing import Compared
    from dbparity.cli.output import Output
    from dbparity.performance.verdicts import Comparison
    from dbparity.settings import Settings

_RECORDS, _THIS_MACHINE = "Stored records", "Side by side on this machine"


def compare(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    head: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[HEAD.json|FOLDER]...",
            help="Records of what is judged; without any, it is measured.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|FOLDER",
            help="Compare with these records of dbparity bench run, or of pytest-benchmark.",
            rich_help_panel=_RECORDS,
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Judge records of another machine or other versions too: else they only advise.",
            rich_help_panel=_RECORDS,
        ),
    ] = False,
    allow_missing: Annotated[
        bool,
        typer.Option(
            "--allow-missing",
            help="Let benchmarks of the baseline be gone.",
            rich_help_panel=_RECORDS,
        ),
    ] = False,
    parity: Annotated[
        list[Parity] | None,
        typer.Option(
            help="Compare targets alone: by the drift of their ratios to the reference backend, "
            "by the counts of what they ask, or literally by their times. Repeatable.",
            show_default="drift and counts",
            rich_help_panel=_RECORDS,
        ),
    ] = None,
    literal: Annotated[
        bool,
        typer.Option(
            "--literal",
            help="Judge by pytest-benchmark's own mean:10% alone, which often fails falsely.",
            rich_help_panel=_RECORDS,
        ),
    ] = False,
    paired: Annotated[
        str | None,
        typer.Option(
            metavar="REVISION",
            help="Measure the working tree and this revision in turns. The default, with the "
            "revision where it left the main branch.",
            rich_help_panel=_THIS_MACHINE,
        ),
    ] = None,
    self_test: Annotated[
        bool,
        typer.Option(
            "--self-test",
            help="Compare the working tree with itself: what is noise, and what can be seen.",
            rich_help_panel=_THIS_MACHINE,
        ),
    ] = False,
    power: Annotated[
        bool,
        typer.Option(
            "--power",
            help="Compare it with itself with slowdowns injected, which are to be found.",
            rich_help_panel=_THIS_MACHINE,
        ),
    ] = False,
    launches: Launches = None,
    metadata: Metadata = "",
    factory: Factory = "",
    configure: Configure = "",
    pythonpath: Pythonpath = None,
    workloads: Workloads = "",
    seed: Seed = "",
    target: Targets = None,
    provider: Providers = None,
    require: Require = False,
    reuse: Reuse = False,
    plots: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Draw the comparison into this folder.")
    ] = None,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Judge whether the application became slower.

    Without records it measures the working tree and an earlier revision of it side by side, in
    fresh processes that take turns on one CPU, and what seems slower again. Stored records are
    compared directly if they are of the same machine and versions; targets by how their times
    relate to each other, and by what they ask of the database.

    Exit codes: 0 agreed, 1 slower or missing, 2 inconclusive, nothing comparable, or could not run.

    Examples:
    ```console
    dbparity bench compare --target sqlite
    dbparity bench compare --paired v1.4 --markdown "$GITHUB_STEP_SUMMARY" --plots plots
    dbparity bench compare --baseline .benchmarks
    dbparity bench compare new/*.json --baseline old --parity counts --parity drift
    dbparity bench compare --self-test
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
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
    question = Question(
        tuple(head or ()),
        baseline,
        tuple(target or ()),
        tuple(parity or ()),
        literal,
        strict,
        allow_missing,
    )
    asked = {
        "records": question.asks,
        "--paired": paired is not None,
        "--self-test": self_test,
        "--power": power,
    }
    compared = _compared(settings, question, paired, [name for name in asked if asked[name]])
    _conclude(compared, settings, question, files, plots)


def _compared(
    settings: Settings, question: Question, base: str | None, asked: Sequence[str]
) -> Compared:
    match asked:
        case ["records"]:
            return stored(settings, question)
        case ["--self-test"]:
            return pairing.self_test(settings)
        case ["--power"]:
            return pairing.power(settings)
        case [] | ["--paired"]:
            return pairing.paired(settings, base)
    cure = "choose one; what is compared with stored records is not measured side by side"
    raise SettingsInvalid(" and ".join(asked), "they are different comparisons", cure)


def _conclude(
    compared: Compared,
    settings: Settings,
    question: Question,
    files: Sequence[Output],
    plots: Path | None,
) -> NoReturn:
    """Write and draw what was asked for, show all, and exit."""
    comparisons = compared.comparisons
    report = report_of(
        comparisons,
        application=settings.metadata or "benchmarks",
        started=compared.started,
        seconds=compared.seconds,
        targets=compared.targets,
    )
    for file in files:
        file.write(plugins.load("reports", file.kind)(report))
    screen = Screen(stderr=any(file.is_standard for file in files))
    failed = any(_is_bad(each) for each in comparisons)
    obstacle = "" if failed else _obstacle(compared, settings, question)
    table.show(comparisons, screen)
    screen.print()
    show(report, screen, agreed=not failed and not obstacle)
    if compared.said:
        screen.print(compared.said)
    if plots is not None and comparisons:
        pictures.draw(comparisons, plots)
    if obstacle:
        complain(obstacle)
        raise typer.Exit(COULD_NOT_RUN)
    raise typer.Exit(FINDINGS if failed else AGREED)


def _is_bad(comparison: Comparison) -> bool:
    bad = comparison.verdict in {Verdict.FAIL, Verdict.MISSING}
    return bad and not comparison.advisory


def _obstacle(compared: Compared, settings: Settings, question: Question) -> str:
    """Why what was found is no answer; "" if it is one."""
    missing = [state for state in compared.targets if state.missing]
    if missing and settings.require and not question.head:
        return f"{count(len(missing), 'required target')} missing; nothing was run"
    if missing and len(missing) == len(compared.targets):
        return "no target can be used; dbparity doctor tells more"
    open_ = [each for each in compared.comparisons if _is_open(each)]
    if open_:
        return f"{count(len(open_), 'benchmark')} inconclusive: see the reasons, and run it again"
    for rule in question.parity or (None,):
        judged = {
            each.verdict for each in compared.comparisons if rule is None or each.rule == rule
        }
        if not judged - {Verdict.INCOMPARABLE}:
            return f"nothing was comparable{f' by {rule}' if rule else ''}: see the reasons"
    return ""


def _is_open(comparison: Comparison) -> bool:
    return comparison.verdict is Verdict.INCONCLUSIVE and not comparison.advisory
