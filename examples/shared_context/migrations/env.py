"""Run the migrations on a given connection, or on a URL with a sync or an async driver.

The URL is taken from ``-x url=...``, then the variable ``DB_URL``, then alembic.ini.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from alembic import context
from alembic.script import Script
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, delete, insert, make_url, pool
from sqlalchemy.ext.asyncio import create_async_engine

from shared_context.models import Base, SchemaVersion, utcnow

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, MigrationInfo

config = context.config


def _url() -> str:
    url: str | None = (
        context.get_x_argument(as_dictionary=True).get("url")
        or os.environ.get("DB_URL")
        or config.get_main_option("sqlalchemy.url")
    )
    if url is None:
        message = "no database: set DB_URL or pass -x url=..."
        raise CommandError(message)
    return url


def _record(ctx: MigrationContext, step: MigrationInfo, *_: object, **__: object) -> None:
    """Keep schema_version, the application's own history, in step."""
    connection, revision = ctx.connection, step.up_revision
    if connection is None or step.is_stamp or not isinstance(revision, Script):
        return
    if step.is_upgrade:
        connection.execute(
            insert(SchemaVersion).values(
                revision=revision.revision,
                description=revision.doc.rstrip("."),
                applied_at=utcnow(),
            ),
        )
    elif revision.down_revision is not None:
        connection.execute(delete(SchemaVersion).where(SchemaVersion.revision == revision.revision))


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_server_default=True,
        transaction_per_migration=True,
        on_version_apply=_record,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _migrate_async(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


def _migrate_url(url: str) -> None:
    if make_url(url).get_dialect().is_async:
        asyncio.run(_migrate_async(url))
        return
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        _migrate(connection)


if context.is_offline_mode():
    no_script = "a revision reads rows to rewrite them, which an SQL script (--sql) cannot"
    raise CommandError(no_script)
given: Connection | None = config.attributes.get("connection")
if given is None:
    _migrate_url(_url())
else:
    _migrate(given)
