"""Options that several commands about benchmarks have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dbparity.cli.options import settings_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dbparity.settings import Settings

Launches = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="NUMBER",
        help="How many times fresh processes measure.",
        show_default="4, or [tool.dbparity.bench] launches",
    ),
]


def bench_settings(
    metadata: str,
    pythonpath: Sequence[Path] | None,
    *,
    launches: int | None,
    **options: Any,  # noqa: ANN401  # those of `settings_for`
) -> Settings:
    """The configured settings, with so many launches."""
    settings = settings_for(metadata, pythonpath, **options)
    bench = replace(settings.bench, launches=launches or settings.bench.launches)
    return replace(settings, bench=bench)
