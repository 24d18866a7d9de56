"""Options that several commands have, and what they make of the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

AGREED, FINDINGS, COULD_NOT_RUN = 0, 1, 2

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
Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write everything as JSON; - is standard output."),
]


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
