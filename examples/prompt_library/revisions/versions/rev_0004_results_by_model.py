"""Results are found by their model."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEX = "ix_prompt_results_model_created_at"


def upgrade() -> None:
    """Add the index."""
    op.create_index(op.f(INDEX), "prompt_results", ["model", "created_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f(INDEX), "prompt_results")
