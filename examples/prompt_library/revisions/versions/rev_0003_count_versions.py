"""Templates count their versions, so that writers take turns on the template's row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from prompt_library.types import Id

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

templates = sa.table(
    "prompt_templates",
    sa.column("id", Id),
    sa.column("version_count", sa.Integer()),
)
versions = sa.table("prompt_versions", sa.column("template_id", Id))


def upgrade() -> None:
    """Add the count, and fill it with the versions that are there."""
    op.add_column(
        "prompt_templates",
        sa.Column("version_count", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )
    counted = (
        sa.select(sa.func.count())
        .select_from(versions)
        .where(versions.c.template_id == templates.c.id)
    )
    # One statement, so that it can be written as SQL (--sql) too.
    op.execute(templates.update().values(version_count=counted.scalar_subquery()))


def downgrade() -> None:
    """Drop the count, which can be made again."""
    op.drop_column("prompt_templates", "version_count")
