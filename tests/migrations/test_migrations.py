"""The migrations and the models say the same, and the database defends what people did."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError, OperationalError

import migrations
from storage.database import Database
from storage.enums import LabelValue
from storage.models import Base
from tests.factories import Factory

APPEND_ONLY = (
    "audit_event",
    "certification_attempt",
    "comparison",
    "correction",
    "decision",
    "known_label",
    "label",
)


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return ScriptDirectory.from_config(config)


def _fill(factory: Factory) -> None:
    """One row at least in every append-only table."""
    person = factory.person()
    item_id = factory.item(known=LabelValue.FAKE, decided=True)
    factory.label(person, item_id, LabelValue.REAL)
    factory.correction(person, item_id, LabelValue.REAL)
    factory.attempt()
    factory.comparison()


def test_there_is_one_head() -> None:
    assert _scripts().get_heads() == [migrations.head_revision()]


def test_every_known_revision_is_listed() -> None:
    assert migrations.known_revisions() == {s.revision for s in _scripts().walk_revisions()}


def test_the_models_and_the_migrations_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_models_and_migrations_agree_on_indexes_to_the_letter(
    database: Database, tmp_path: Path
) -> None:
    """Alembic does not compare an index's condition, so the two schemas are compared as SQL."""
    modelled = Database(f"sqlite:///{tmp_path / 'modelled.db'}")
    with modelled.engine.execution_options(writes=True).begin() as connection:
        Base.metadata.create_all(connection)
    assert _indexes(modelled) == _indexes(database)
    modelled.close()


def _indexes(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        return {sql for (sql,) in rows}


def test_an_empty_database_is_brought_to_the_head(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    assert migrations.current_revision(database.engine) is None
    migrations.upgrade(database.engine)
    assert migrations.current_revision(database.engine) == migrations.head_revision()
    tables = set(inspect(database.engine).get_table_names())
    assert tables == {*Base.metadata.tables, "alembic_version"}
    database.close()


def test_upgrading_again_changes_nothing_and_keeps_the_rows(
    database: Database, factory: Factory
) -> None:
    _fill(factory)
    before = _dump(database)
    migrations.upgrade(database.engine)
    assert _dump(database) == before


def test_an_upgrade_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "half.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE label (id INTEGER)")  # the last table of 0001 cannot be made
    raw.close()
    database = Database(f"sqlite:///{path}")
    with pytest.raises(OperationalError, match="already exists"):
        migrations.upgrade(database.engine)
    assert inspect(database.engine).get_table_names() == ["label"]
    assert migrations.current_revision(database.engine) is None
    database.close()


def test_two_programs_may_upgrade_one_empty_database_at_once(tmp_path: Path) -> None:
    databases = [Database(f"sqlite:///{tmp_path / 'shared.db'}") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda database: migrations.upgrade(database.engine), databases))
    assert migrations.current_revision(databases[0].engine) == migrations.head_revision()
    for database in databases:
        database.close()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_what_people_did_cannot_be_rewritten_by_any_program(
    table: str, statement: str, database: Database, factory: Factory
) -> None:
    _fill(factory)
    raw = sqlite3.connect(str(database.engine.url.database))
    before = raw.execute(f"SELECT * FROM {table}").fetchall()
    assert before
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
        raw.execute(statement.format(table))
    assert raw.execute(f"SELECT * FROM {table}").fetchall() == before
    raw.close()


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_a_row_cannot_be_replaced_either(table: str, database: Database, factory: Factory) -> None:
    """``INSERT OR REPLACE`` deletes the old row; SQLite fires delete triggers only if asked to."""
    _fill(factory)
    with database.engine.execution_options(writes=True).connect() as connection:
        before = connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall()
        statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
        with pytest.raises(IntegrityError, match=f"{table} is append-only"):
            connection.exec_driver_sql(statement)
        assert connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall() == before


def _dump(database: Database) -> list[str]:
    raw = sqlite3.connect(str(database.engine.url.database))
    lines = list(raw.iterdump())
    raw.close()
    return lines
