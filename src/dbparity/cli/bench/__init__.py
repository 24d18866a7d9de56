"""``dbparity bench``: how fast the application is, and whether it became slower."""

from __future__ import annotations

import typer

from dbparity.cli.bench import compare, pool, requirements, run

app = typer.Typer(no_args_is_help=True, help="Measure the application, and judge what it takes.")
app.command()(run.run)
app.command()(compare.compare)
app.command()(requirements.requirements)
app.command()(pool.pool)
