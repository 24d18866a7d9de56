"""Versions of a template, and what models made of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from prompt_library.types import Chars, Id, LongText, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make prompt_versions and prompt_results."""
    op.create_table(
        "prompt_versions",
        sa.Column("id", Id, nullable=False),
        sa.Column("template_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", LongText(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["prompt_templates.id"],
            name=op.f("fk_prompt_versions_template_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "template_id",
            "number",
            name=op.f("uq_prompt_versions_template_id_number"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_prompt_versions_number_positive")),
        sa.CheckConstraint("length(body) > 0", name=op.f("ck_prompt_versions_body_not_empty")),
    )
    _create_results()


def _create_results() -> None:
    op.create_table(
        "prompt_results",
        sa.Column("id", Id, nullable=False),
        sa.Column("version_id", Id, nullable=False),
        sa.Column("model", Chars(64), nullable=False),
        sa.Column("outcome", Chars(16), nullable=False),
        sa.Column("output", LongText(), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["prompt_versions.id"],
            name=op.f("fk_prompt_results_version_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("tokens >= 0", name=op.f("ck_prompt_results_tokens_not_negative")),
        sa.CheckConstraint(
            "outcome IN ('ok', 'refused', 'failed')",
            name=op.f("ck_prompt_results_outcome_known"),
        ),
    )
    op.create_index(
        op.f("ix_prompt_results_version_id_created_at"),
        "prompt_results",
        ["version_id", "created_at"],
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("prompt_results")
    op.drop_table("prompt_versions")
