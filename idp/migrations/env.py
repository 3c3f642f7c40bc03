"""Alembic's entry: it migrates on the connection that `stores.sql.migrate` opened and locked."""

from alembic import context

from idp.stores.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by writing it anew
)
with context.begin_transaction():
    context.run_migrations()
