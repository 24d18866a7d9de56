"""Messages can be searched without regard to case."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

from shared_context.types import Id, LongText

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BATCH = 500

messages = sa.table(
    "messages",
    sa.column("id", Id),
    sa.column("content", LongText()),
    sa.column("search_text", LongText()),
)


def upgrade() -> None:
    """Add the folded text and fill it for the messages that are there."""
    # Nullable, so that SQLite need not rebuild the table: dropping the old one would fire the
    # ON DELETE actions of every row that refers to a message.
    op.add_column("messages", sa.Column("search_text", LongText(), nullable=True))
    fill = (
        messages.update()
        .where(messages.c.id == sa.bindparam("message"))
        .values(search_text=sa.bindparam("folded"))
    )
    connection = op.get_bind()
    for rows in _batches(connection):
        connection.execute(
            fill,
            [
                {"message": row.id, "folded": unicodedata.normalize("NFKC", row.content).casefold()}
                for row in rows
            ],
        )


def _batches(connection: sa.Connection) -> Iterator[Sequence[sa.Row[UUID, str]]]:
    """Yield all messages in the order of their keys, some at a time."""
    page = sa.select(messages.c.id, messages.c.content).order_by(messages.c.id).limit(BATCH)
    rows = connection.execute(page).all()
    while rows:
        yield rows
        last: UUID = rows[-1].id
        rows = connection.execute(page.where(messages.c.id > last)).all()


def downgrade() -> None:
    """Drop the folded text, which can be made again."""
    op.drop_column("messages", "search_text")
