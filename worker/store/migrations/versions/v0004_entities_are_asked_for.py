"""Indexes, a view and cheaper references, for databases of millions of entities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from worker.store.migrations.entity_view import CREATE_VIEW
from worker.store.migrations.references import CREATE_TRIGGERS, DROP_TRIGGERS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SHORT = sa.text("length(text) <= 150")
LONG = sa.text("length(text) > 150")
HIDDEN = sa.text("status <> 'done' AND n_entities IS NOT NULL")


def upgrade() -> None:
    """Index names with their spellings, look after references by triggers on PostgreSQL, make the view."""
    op.drop_index("ix_entity_name", "entity")
    _index("ix_entity_spelling", "entity", ["name", "text", "extraction_id"], SHORT)
    _index("ix_entity_long", "entity", ["name"], LONG)
    _index("ix_extraction_hidden", "extraction", ["id"], HIDDEN)
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.drop_constraint("fk_entity_extraction_id", "entity", type_="foreignkey")
        _execute(CREATE_TRIGGERS)
    _execute((CREATE_VIEW[dialect],))


def downgrade() -> None:
    """As it was before."""
    _execute(("DROP VIEW entity_view",))
    if op.get_bind().dialect.name == "postgresql":
        _execute(DROP_TRIGGERS)
        op.create_foreign_key(
            "fk_entity_extraction_id", "entity", "extraction", ["extraction_id"], ["id"], ondelete="CASCADE"
        )
    op.drop_index("ix_extraction_hidden", "extraction")
    op.drop_index("ix_entity_long", "entity")
    op.drop_index("ix_entity_spelling", "entity")
    op.create_index("ix_entity_name", "entity", ["name"])


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _execute(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
