"""Schema migrations (Alembic), and the few calls the application needs of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine


def head_revision() -> str:
    """The revision this program is written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def current_revision(engine: Engine) -> str | None:
    """The revision the database is at, or None where it has no tables of ours."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> set[str]:
    """Every revision this program has heard of."""
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to ``revision``, in one transaction."""
    with _transaction(engine) as config:
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to ``revision``, in one transaction."""
    with _transaction(engine) as config:
        command.downgrade(config, revision)


@contextmanager
def _transaction(engine: Engine) -> Iterator[Config]:
    """A configuration bound to a transaction that holds the write lock.

    SQLite cannot alter a column, so tables are copied; while one is missing, foreign keys to it
    must not be enforced, and they can only be switched off before the transaction. They are checked
    before it commits.
    """
    config = _config()
    with engine.execution_options(writes=True).connect() as connection:
        _enforce_foreign_keys(connection, False)
        try:
            with connection.begin():
                config.attributes["connection"] = connection
                yield config
                _check_foreign_keys(connection)
        finally:
            _enforce_foreign_keys(connection, True)


def _enforce_foreign_keys(connection: Connection, enforced: bool) -> None:
    """On SQLite, past SQLAlchemy, which would begin a transaction first."""
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and driver is not None:
        driver.execute(f"PRAGMA foreign_keys={'ON' if enforced else 'OFF'}")


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if dangling is not None:
        raise RuntimeError(f"a migration left a row that refers to nothing: {tuple(dangling)}")


def _config() -> Config:
    config = Config()
    # Alembic reads a percent sign as the start of an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
