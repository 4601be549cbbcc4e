"""Run by Alembic; the connection is handed over by ``migrations.upgrade``."""

from __future__ import annotations

from alembic import context

from storage.models import Base


def run() -> None:
    """Migrate on the given connection. SQLite cannot alter columns, so tables are copied."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
