"""Schema migrations (Alembic), and the few calls the application needs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from storage.engine import make_engine
from storage.files import DatabaseFiles

Schema = Mapping[str, tuple[str, ...]]


def head_revision() -> str:
    """The revision this program is written for."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def current_revision(engine: Engine) -> str | None:
    """The revision the database is at, or None where it has no tables of ours."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> set[str]:
    """Every revision this program has heard of."""
    return {script.revision for script in _scripts().walk_revisions()}


def upgrade(
    engine: Engine,
    revision: str = "head",
    then: Callable[[Connection], object] = lambda _connection: None,
) -> None:
    """Bring the database up to ``revision``, in one transaction; ``then`` is the last in it."""
    with _transaction(engine) as config:
        command.upgrade(config, revision)
        then(config.attributes["connection"])


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to ``revision``, in one transaction."""
    with _transaction(engine) as config:
        command.downgrade(config, revision)


def schema(engine: Engine) -> Schema:
    """The statements that made the database, by kind and name. As sorted lines, less blanks: a
    table that was copied may order its constraints otherwise."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT type || ' ' || name, sql FROM sqlite_master "
            "WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
        )
        return {name: tuple(sorted(map(_bare, sql.splitlines()))) for name, sql in rows}


@cache
def new_schema() -> Schema:
    """The schema of a new database."""
    with TemporaryDirectory(prefix="schema-") as folder:
        engine = make_engine(f"sqlite:///{folder}/new.db", DatabaseFiles(None))
        try:
            upgrade(engine)
            return schema(engine)
        finally:
            engine.dispose()


def _bare(line: str) -> str:
    return line.strip(" \t,")


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
    """Enforce foreign keys on SQLite, past SQLAlchemy, which would begin a transaction first."""
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and driver is not None:
        driver.execute(f"PRAGMA foreign_keys={'ON' if enforced else 'OFF'}")


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if dangling is not None:
        raise RuntimeError(f"a migration left a row that refers to nothing: {tuple(dangling)}")


@cache
def _scripts() -> ScriptDirectory:
    """The migrations, whose files are read once: they are asked for at every start."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    # Alembic reads a percent sign as the start of an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
