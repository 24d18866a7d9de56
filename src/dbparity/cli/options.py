"""Options that several commands have, and what they make of the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dbparity.performance.options import BenchOptions
from dbparity.results import Severity
from dbparity.settings import Settings
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

AGREED, FINDINGS, COULD_NOT_RUN = 0, 1, 2
_APPLICATION, _REPORTS = "Application", "Reports"

Metadata = Annotated[
    str,
    typer.Option(
        metavar="MODULE:ATTRIBUTE",
        help="The MetaData, such as shop.models:Base.metadata; the current folder is "
        "importable. Another application than the configured one has none of its settings.",
        rich_help_panel=_APPLICATION,
    ),
]
Alembic = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Its alembic.ini.", rich_help_panel=_APPLICATION),
]
Factory = Annotated[
    str,
    typer.Option(
        metavar="MODULE:ATTRIBUTE",
        help="A mapping of table names to functions of a row's number that return the values "
        "which made-up rows cannot have.",
        rich_help_panel=_APPLICATION,
    ),
]
Configure = Annotated[
    str,
    typer.Option(
        metavar="MODULE:ATTRIBUTE",
        help="A function that attaches to an Engine what the application attaches to its own.",
        rich_help_panel=_APPLICATION,
    ),
]
Workloads = Annotated[
    str,
    typer.Option(
        metavar="MODULE:ATTRIBUTE",
        help="A mapping of names to functions of an Engine that return the operation to be "
        "repeated.",
        rich_help_panel=_APPLICATION,
    ),
]
Seed = Annotated[
    str,
    typer.Option(
        metavar="MODULE:ATTRIBUTE",
        help="A function that inserts the rows which workloads run on, through a Connection.",
        rich_help_panel=_APPLICATION,
    ),
]
Pythonpath = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FOLDER",
        help="Import from this folder first. Repeatable.",
        rich_help_panel=_APPLICATION,
    ),
]

Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="TARGET",
        help="Of the configured targets, only those that this one stands for, such as "
        "postgresql, mysql@9 or mysql+asyncmy; or this one itself, if none is like it. Repeatable.",
    ),
]
Providers = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        metavar="NAME",
        help="Ask only this provider for servers: url, container, native, embedded, file. "
        "Repeatable, in order of preference.",
    ),
]
FailOn = Annotated[
    Severity | None,
    typer.Option(help="The mildest severity that fails the run.", show_default="degraded"),
]
Require = Annotated[
    bool,
    typer.Option("--require", help="Run nothing, and exit with 2, where a target is missing."),
]
Reuse = Annotated[
    bool,
    typer.Option("--reuse", help="Use the servers that the last run left, and leave them."),
]
Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write everything as JSON; - is standard output."),
]
Junit = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write JUnit XML.", rich_help_panel=_REPORTS),
]
Markdown = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write a Markdown page.", rich_help_panel=_REPORTS),
]


def settings_for(
    metadata: str,
    pythonpath: Sequence[Path] | None,
    *,
    alembic: Path | None = None,
    target: Sequence[str] | None = None,
    provider: Sequence[str] | None = None,
    **options: Any,  # noqa: ANN401  # those of Settings
) -> Settings:
    """The configured settings; without those of the configured application for another one."""
    here = Path.cwd()
    settings = Settings.load(here)
    folders = [here / folder for folder in pythonpath or ()]
    if metadata:
        folders.append(here)
    if metadata not in {"", settings.metadata}:
        settings = replace(
            settings,
            alembic=None,
            factory="",
            configure="",
            workloads="",
            seed="",
            bench=BenchOptions(),
        )
    return settings.with_options(
        metadata=metadata,
        pythonpath=(*folders, *settings.pythonpath),
        alembic=here / alembic if alembic else None,
        targets=narrowed(settings.targets, target),
        providers=tuple(provider or ()),
        **options,
    )


def narrowed(configured: Iterable[Target], wanted: Sequence[str] | None) -> tuple[Target, ...]:
    """The configured targets that ``wanted`` stand for; one that is like none is taken as it is."""
    everything = tuple(configured)
    patterns = [Target.parse(text) for text in wanted or ()]
    chosen = [target for pattern in patterns for target in _like(everything, pattern) or [pattern]]
    return tuple(dict.fromkeys(chosen)) if patterns else everything


def _like(configured: Iterable[Target], pattern: Target) -> list[Target]:
    return [target for target in _specified(configured, pattern) if target.matches(pattern)]


def _specified(configured: Iterable[Target], pattern: Target) -> Iterator[Target]:
    """A target without a driver stands for all, so for that of ``pattern``."""
    for target in configured:
        yield replace(target, driver=target.driver or pattern.driver)
