"""``dbparity migrate``: the rows of one database moved to another, and every cell proven."""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.text import Text
from sqlalchemy import make_url

from dbparity.cli.console import Screen, silence, table
from dbparity.cli.interrupts import Interrupts
from dbparity.cli.live import lines_or_bars
from dbparity.cli.options import COULD_NOT_RUN, Json, Junit, Markdown, Targets, settings_for
from dbparity.cli.output import outputs
from dbparity.cli.running import conclude, serving, transfer
from dbparity.cli.schema import read
from dbparity.errors import SettingsInvalid
from dbparity.reports.redaction import hide
from dbparity.reports.summary import count
from dbparity.results import Report, Severity
from dbparity.schema.sources import scratch_target
from dbparity.transfer.admission import Mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbparity.cli.output import Output
    from dbparity.results import Result
    from dbparity.settings import Settings
    from dbparity.snapshots import Snapshot
    from dbparity.transfer.plan import Load, Plan

_STOPPING = "stopping after this chunk"
_STOPPED = "what was copied is kept: go on with --resume, or back with --rollback"
_RATE = 150_000  # rows a second that are copied and compared, on two cores


class OnError(StrEnum):
    """What becomes of a row that the target does not take."""

    STOP = "stop"
    QUARANTINE = "quarantine"


def migrate(  # noqa: PLR0913, PLR0917  # a command has as many parameters as options
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="The URL of what is copied.")
    ] = "",
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="The URL of what is written to.")
    ] = "",
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Say what would be done, and what is in the way; no writing."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a migration that was cut off.")
    ] = False,
    rollback: Annotated[
        bool,
        typer.Option("--rollback", help="Put TARGET back as it was; SOURCE can be left out."),
    ] = False,
    replace: Annotated[
        str,
        typer.Option(
            metavar="DATABASE",
            help="Replace the rows of the target, whose name this is, after a backup of them.",
        ),
    ] = "",
    schema: Annotated[
        str,
        typer.Option(
            metavar="SCHEMA",
            help="What an empty target gets: application, for the configured one's migrations or "
            "MetaData; package.module:attribute, revision:ID, file.sql or file.json.",
            show_default="the source's",
        ),
    ] = "",
    on_error: Annotated[
        OnError, typer.Option(help="What becomes of rows that the target does not take.")
    ] = OnError.STOP,
    log: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="For the log, backups and rows that are set aside."),
    ] = Path("dbparity-migrations"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    self_test: Annotated[
        bool,
        typer.Option(
            "--self-test",
            help="Move a generated database to every configured target and back, corrupt the "
            "copies, and see whether that is found.",
        ),
    ] = False,
    chosen: Targets = None,
    json: Json = None,
    junit: Junit = None,
    markdown: Markdown = None,
) -> None:
    """Copy a database into another one, of whichever product, and prove every cell.

    The rows are looked at first: what the target would refuse or change is told before anything is
    written. A row that does not fit stops the migration, and the target is as it was; or the row
    is set aside. A run that is cut off is resumed, or rolled back.

    Exit codes: 0 every row arrived as it was, 1 findings, 2 could not run.

    Examples:
    ```console
    dbparity migrate sqlite:///shop.db postgresql://app@localhost/shop --plan
    dbparity migrate sqlite:///shop.db postgresql://app@localhost/shop
    dbparity migrate sqlite:///shop.db postgresql://app@localhost/shop --schema application
    dbparity migrate mysql://app@db/shop postgresql://app@db/shop --replace shop --yes
    dbparity migrate mysql://app@db/shop postgresql://app@db/shop --resume
    dbparity migrate --rollback postgresql://app@db/shop
    dbparity migrate --self-test --target postgresql@17
    ```
    """
    files = outputs(json=json, junit=junit, markdown=markdown)
    if self_test:
        _rehearse(settings_for("", None, target=chosen), files)
    asked = {"--plan": plan, "--resume": resume, "--rollback": rollback, "--schema": bool(schema)}
    _check({name for name, given in asked.items() if given})
    if rollback:
        target = target or source
    elif not target:
        raise SettingsInvalid("dbparity migrate", "no target is named", "write SOURCE TARGET")
    mode = _mode(target, replace)
    service = transfer("service").DataMigrationService(
        source, target, sets_aside=on_error is OnError.QUARANTINE, folder=log
    )
    service.schema = _schema(schema, service) if schema else None
    if rollback:
        _ask(f"{service.target.text} is put back as it was before the migration.", yes=yes)
    elif replace and not plan:
        _ask(f"The rows of {service.target.text} are replaced.", yes=yes)
    screen = Screen(stderr=True)
    with silence(), Interrupts(_STOPPING, _STOPPED), lines_or_bars(screen) as progress:
        service.progress = progress
        if plan:
            foresight = service.foresee(mode)
            _announce(foresight.plan, screen)
            report = foresight.report
        elif rollback:
            report = service.rollback()
        elif resume:
            report = service.resume()
        else:
            report = service.migrate(mode, lambda made: _announce(made, screen))
    _tabulate(report, Screen(stderr=any(file.is_standard for file in files)))
    conclude(report, Severity.DEGRADED, files)


def _rehearse(settings: Settings, files: Sequence[Output]) -> NoReturn:
    """On one target of each server; raise `ServerUnavailable` where there is none."""
    began, clock = datetime.now(UTC), time.perf_counter()
    results: list[Result] = []
    with serving(settings, settings.targets) as (environment, _):
        environment.start()
        for target in {each.server: each for each in environment.targets}.values():
            with environment.lease(target, empty=True) as database:
                results.extend(transfer("rehearsal").rehearse(database))
        states = environment.states
    seconds = time.perf_counter() - clock
    claim = "Every row arrived, and every corruption was found"
    report = Report("a generated database", began, seconds, states, tuple(results), claim=claim)
    conclude(report, Severity.DEGRADED, files, "" if results else "no target can be used")


def _check(asked: set[str]) -> None:
    """Raise `SettingsInvalid` where one option contradicts another."""
    if len(asked - {"--schema"}) > 1:
        cure = "give one of --plan, --resume and --rollback"
        raise SettingsInvalid("dbparity migrate", "it cannot do all of these at once", cure)
    if "--schema" in asked and asked & {"--resume", "--rollback"}:
        raise SettingsInvalid("--schema", "what was begun has its schema", "leave it out")


def _schema(what: str, service: Any) -> Snapshot:  # noqa: ANN401  # its module is imported late
    """The schema that was asked for, as the target's product has it.

    Raises:
        SettingsInvalid: a statement of a script was refused.
    """
    settings = settings_for("", None)
    if what == "application":
        what = "revision:head" if settings.alembic else settings.application().name
    if not what.endswith(".json"):
        what = f"{what}@{scratch_target(service.target.survey().snapshot)}"
    (reading,) = read(settings, [what])
    for finding in reading.findings:
        reason = f"{finding.place}: {finding.message}: {finding.actual}"
        raise SettingsInvalid(f"--schema {what}", reason, "correct the script")
    return reading.snapshot


def _mode(target: str, replace: str) -> Mode:
    """Raise `SettingsInvalid` where ``replace`` is not the name of the target's database."""
    if not replace:
        return Mode.FILL
    name = make_url(target).database or ""
    if replace not in {name, Path(name).name}:
        cure = f"write --replace {Path(name).name}, if that is what you mean"
        raise SettingsInvalid(f"--replace {replace}", f"the target is {hide(target)}", cure)
    return Mode.REPLACE


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise SettingsInvalid("dbparity migrate", "nobody is there to be asked", "give --yes")
    if not typer.confirm(f"{question} Go on?", err=True):
        raise typer.Exit(COULD_NOT_RUN)


def _announce(plan: Plan, screen: Screen) -> None:
    """What is going to be done to which database."""
    rows = f"{plan.rows:,} rows of {count(len(plan.loads), 'table')}"
    screen.paragraph(Text(f"{rows} from {plan.source}"), lead=Text("copy  ", "bold"))
    made = "its tables are made" if plan.before else "its tables are there"
    emptied = f"; {', '.join(plan.replaced)}: rows replaced" if plan.replaced else ""
    screen.paragraph(Text(f"{plan.target}; {made}{emptied}"), lead=Text("into  ", "bold"))
    shown = table("table", "rows", "chunks", "key", "way", "converted")
    for load in plan.loads:
        key = ", ".join(load.key) or "none: compared as a multiset"
        shown.add_row(
            load.table, f"{load.rows:,}", str(load.chunks), key, load.way, _converted(load)
        )
    screen.print(shown)
    for circle in plan.circles:
        screen.print(Text(f"{', '.join(circle)} refer to each other"), soft_wrap=True)
    for remark in plan.remarks:
        screen.paragraph(Text(str(remark)), lead=Text("  ", "dim"))
    seconds = plan.rows / _RATE
    screen.print(Text(f"about {max(seconds, 1):,.0f} s, with every cell compared"))


def _converted(load: Load) -> str:
    """The types that the target spells otherwise, and of how many columns."""
    pairs = Counter(
        f"{each.source or 'untyped'} → {each.target}"
        for each in load.columns
        if each.source.lower() != each.target.lower()
    )
    return ", ".join(
        pair if number == 1 else f"{pair} ({number})" for pair, number in pairs.items()
    )


def _tabulate(report: Report, screen: Screen) -> None:
    """How many rows of each table were copied, set aside and compared."""
    shown = table("table", "copied", "set aside", "compared")
    tables: dict[str, dict[str, float]] = {}
    for result in report.results:
        for each in result.measurements:
            tables.setdefault(result.check, {})[f"{result.category} {each.subject}"] = each.value
    for name, figures in tables.items():
        cells = (figures.get(f"{key}", 0) for key in ("copy rows", "copy set aside", "data rows"))
        shown.add_row(name, *(f"{cell:,.0f}" for cell in cells))
    if tables:
        screen.print(shown)
