"""Migrations of the application `pairs`, with an env.py of each kind that users have."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CONFIGURE = """
    def migrate(connection):
        context.configure(connection=connection, target_metadata=None{options})
        with context.begin_transaction():
            context.run_migrations()
"""

SYNC = """
    from alembic import context
    from sqlalchemy import NullPool, engine_from_config
    {configure}
    section = context.config.get_section(context.config.config_ini_section)
    with engine_from_config(section, poolclass=NullPool).connect() as connection:
        migrate(connection)
"""

ASYNC = """
    import asyncio
    from alembic import context
    from sqlalchemy import NullPool
    from sqlalchemy.ext.asyncio import async_engine_from_config
    {configure}
    async def migrate_async():
        section = context.config.get_section(context.config.config_ini_section)
        engine = async_engine_from_config(section, poolclass=NullPool)
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
        await engine.dispose()

    asyncio.run(migrate_async())
"""

# By settings of its own, as many applications do.
ELSEWHERE = """
    from alembic import context
    from sqlalchemy import NullPool, create_engine
    {configure}
    with create_engine("{url}", poolclass=NullPool).connect() as connection:
        migrate(connection)
"""

# What Alembic's documentation shows, over settings of its own.
SHARED_OR_ELSEWHERE = """
    from alembic import context
    from sqlalchemy import NullPool, create_engine
    {configure}
    given = context.config.attributes.get("connection")
    if given is None:
        given = create_engine("{url}", poolclass=NullPool).connect()
    with given as connection:
        migrate(connection)
"""

LOGGING = """
    from logging.config import fileConfig
    from alembic import context
    fileConfig(context.config.config_file_name)
"""

CREATE = """op.create_table(
    "pairs",
    sa.Column("a", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("b", sa.Integer()),
)"""

_REVISION = """
    import sqlalchemy as sa
    from alembic import op

    revision = {revision!r}
    down_revision = {down!r}

    def upgrade():
    {body}
"""


def write_migrations(  # noqa: PLR0913  # an ini and an env.py have many parts
    folder: Path,
    env: str = SYNC,
    revisions: Sequence[tuple[str, str | None, str]] = (("1", None, CREATE),),
    *,
    options: str = "",
    location: str = "%(here)s/migrations",
    url: str = "",
) -> Path:
    """Write alembic.ini with ``env`` and ``revisions`` (id, the one before, body); return its path.

    ``options`` are further arguments of context.configure.
    """
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    configure = indent(dedent(_CONFIGURE.format(options=options)), "    ")
    text = dedent(env.format(configure=configure.lstrip(), url=url))
    (folder / "migrations" / "env.py").write_text(text)
    for revision, down, body in revisions:
        script = dedent(_REVISION).format(revision=revision, down=down, body=indent(body, "    "))
        (versions / f"{revision}_.py").write_text(script)
    ini = folder / "alembic.ini"
    ini.write_text(
        f"[alembic]\nscript_location = {location}\nsqlalchemy.url = sqlite:///never.db\n"
        "[loggers]\nkeys = root\n[handlers]\nkeys =\n[formatters]\nkeys =\n"
        "[logger_root]\nlevel = DEBUG\nhandlers =\n"
    )
    return ini
