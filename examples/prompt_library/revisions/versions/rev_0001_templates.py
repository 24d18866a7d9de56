"""Templates, each of which a workspace has once while it is not deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from prompt_library.types import Chars, Document, Id, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make prompt_templates and its partial unique index."""
    op.create_table(
        "prompt_templates",
        sa.Column("id", Id, nullable=False),
        sa.Column("org_id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", Chars(200), nullable=False),
        sa.Column("config", Document(), nullable=False),
        sa.Column("config_hash", Chars(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column(
            "active",
            sa.SmallInteger(),
            sa.Computed(
                "nullif(CASE WHEN deleted_at IS NULL THEN 1 ELSE 0 END, 0)",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_prompt_templates_name_not_empty")),
        sa.CheckConstraint(
            "deleted_at >= created_at",
            name=op.f("ck_prompt_templates_deleted_after_creation"),
        ),
    )
    op.create_index(
        "ux_tpl_org_ws_confighash_active",
        "prompt_templates",
        ["org_id", "workspace_id", "config_hash", "active"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        op.f("ix_prompt_templates_workspace_id_name"),
        "prompt_templates",
        ["workspace_id", "name"],
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("prompt_templates")
