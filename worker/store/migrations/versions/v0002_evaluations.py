"""Evaluations are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STRING = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_VALUE = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Make the table of evaluations; no other table changes."""
    op.create_table(
        "evaluation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("job_id", KEY, nullable=True),
        sa.Column("model_id", STRING, nullable=False),
        sa.Column("model_name", STRING, nullable=False),
        sa.Column("gold", JSON_VALUE, nullable=False),
        sa.Column("settings", JSON_VALUE, nullable=False),
        sa.Column("nerq_version", STRING, nullable=False),
        sa.Column("precision", sa.Double(), nullable=False),
        sa.Column("recall", sa.Double(), nullable=False),
        sa.Column("f1", sa.Double(), nullable=False),
        sa.Column("figures", JSON_VALUE, nullable=False),
        sa.CheckConstraint("length(model_id) = 64", name="ck_evaluation_model_id"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_evaluation_job_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation"),
    )
    op.create_index("ix_evaluation_job_id", "evaluation", ["job_id"], unique=False)


def downgrade() -> None:
    """Drop the table and all that was kept in it."""
    op.drop_index("ix_evaluation_job_id", "evaluation")
    op.drop_table("evaluation")
