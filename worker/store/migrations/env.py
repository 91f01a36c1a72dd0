"""Alembic's entry: runs the migrations inside the transaction that `upgrade_database` opened."""

from alembic import context

from worker.store.schema import is_built_on, metadata

connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=lambda item, *_: is_built_on(connection.dialect.name, item),
    render_as_batch=True,  # SQLite changes a table by building it anew.
    transactional_ddl=True,  # The store begins and commits; SQLite's own default would commit in between.
)
with context.begin_transaction():
    context.run_migrations()
