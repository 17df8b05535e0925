"""What alembic runs for each command: the steps on the connection that `storage.migrate` passes, in its transaction."""

from alembic import context

from gateway.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table: it is copied and renamed
)
with context.begin_transaction():
    context.run_migrations()
