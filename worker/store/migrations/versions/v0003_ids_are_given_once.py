"""No id of a job, a document or an extraction is given out twice, though its row was deleted."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("document", "job", "extraction")


def upgrade() -> None:
    """Let SQLite remember the highest id of each table; PostgreSQL's sequences always have."""
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            _build_anew(table)


def downgrade() -> None:
    """Leave it so: earlier versions work with it."""


def _build_anew(table: str) -> None:
    connection = op.get_bind()
    query = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type = 'index'"
    create, *indexes = connection.exec_driver_sql(query, (table,)).scalars()
    if "AUTOINCREMENT" in create:  # by an upgrade that was taken back
        return
    changes = {
        f"CREATE TABLE {table} (": f"CREATE TABLE new_{table} (",
        "id INTEGER NOT NULL,": "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,",
        f"CONSTRAINT pk_{table} PRIMARY KEY (id),": "",
    }
    for old, new in changes.items():
        create = create.replace(old, new, 1)
    steps = [
        create,
        f"INSERT INTO new_{table} SELECT * FROM {table}",  # noqa: S608 - names of our schema
        f"DROP TABLE {table}",
        f"ALTER TABLE new_{table} RENAME TO {table}",
        *indexes,
    ]
    for step in steps:
        connection.exec_driver_sql(step)
