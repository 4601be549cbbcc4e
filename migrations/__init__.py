"""Schema migrations (Alembic), and the few calls the application needs of them.

Alembic itself is imported when there is something to migrate: every command looks at the revision,
and it takes a fifth of a second to import, and to read all migrations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect

from storage.engine import make_engine
from storage.files import DatabaseFiles

if TYPE_CHECKING:
    from alembic.config import Config

Schema = Mapping[str, tuple[str, ...]]

_VERSION_TABLE: Final = "alembic_version"
_HERE: Final = Path(__file__).parent
_REVISION: Final = re.compile(
    r'^revision = "(?P<own>\w+)"\ndown_revision = (?:"(?P<before>\w+)"|None)$', re.MULTILINE
)
"""The two lines that place a migration."""


def head_revision() -> str:
    """The revision this program is written for."""
    return _chain()[-1]


def current_revision(engine: Engine) -> str | None:
    """The revision the database is at, or None where it has no tables of ours."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(_VERSION_TABLE):
            return None
        found: str | None = connection.exec_driver_sql(
            f"SELECT version_num FROM {_VERSION_TABLE}"  # noqa: S608 - a constant
        ).scalar()
        return found


def revisions() -> list[str]:
    """Every revision, each after the one that it follows: not always the next number."""
    return list(_chain())


def known_revisions() -> set[str]:
    """Every revision this program has heard of."""
    return set(_chain())


def upgrade(
    engine: Engine,
    revision: str = "head",
    then: Callable[[Connection], object] = lambda _connection: None,
) -> None:
    """Bring the database up to ``revision``, in one transaction; ``then`` is the last in it."""
    from alembic import command

    with _transaction(engine) as config:
        command.upgrade(config, revision)
        then(config.attributes["connection"])


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to ``revision``, in one transaction."""
    from alembic import command

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
def _chain() -> tuple[str, ...]:
    """The revisions in their order, as the files of the migrations have it."""
    follows: dict[str | None, str] = {}
    for path in _HERE.glob("versions/[0-9]*.py"):
        placed = _REVISION.search(path.read_text(encoding="utf-8"))
        assert placed is not None, f"{path} does not say what it follows"
        follows[placed["before"]] = placed["own"]
    chain: list[str] = []
    while follows:
        chain.append(follows.pop(chain[-1] if chain else None))
    return tuple(chain)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    # Alembic reads a percent sign as the start of an interpolation.
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
