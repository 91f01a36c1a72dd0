"""A source keeps the other fields of its record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is stored has none of them."""
    op.add_column("source", sa.Column("metadata", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Drop the column and what was kept in it."""
    op.drop_column("source", "metadata")
