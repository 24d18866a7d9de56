"""Run the revisions on a given connection or on a URL, or write them as SQL (--sql).

The URL is taken from ``-x url=...``, then the variable ``DB_URL``, then alembic.ini.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from alembic import context

from agent_mesh import engines
from agent_mesh.gateway import Base

if TYPE_CHECKING:
    from sqlalchemy import Connection

config = context.config


def _url() -> str:
    url: str | None = (
        context.get_x_argument(as_dictionary=True).get("url")
        or os.environ.get("DB_URL")
        or config.get_main_option("sqlalchemy.url")
    )
    if url is None:
        message = "no database: set DB_URL or pass -x url=..."
        raise RuntimeError(message)
    return url


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _migrate_url(url: str) -> None:
    engine = engines.connect(url)
    with engine.connect() as connection:
        _migrate(connection)
    engine.dispose()


def _write_sql() -> None:
    context.configure(url=_url(), target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = config.attributes.get("connection")
if context.is_offline_mode():
    _write_sql()
elif given is not None:
    _migrate(given)
else:
    _migrate_url(_url())
