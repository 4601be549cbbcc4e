"""The application opens its own schema, and refuses any other with the command that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, text

import migrations
from review_app.core.errors import SchemaError
from review_app.opening import ensure_schema
from storage.database import Database


def _set_revision(database: Database, revision: str) -> None:
    with database.write() as repos:
        repos.session.execute(
            text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision}
        )


def test_a_new_database_gets_its_tables(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    ensure_schema(database)
    assert migrations.current_revision(database.engine) == migrations.head_revision()
    database.close()


def test_a_database_at_the_head_is_left_alone(database: Database) -> None:
    ensure_schema(database)
    assert migrations.current_revision(database.engine) == migrations.head_revision()


def test_a_database_of_a_newer_program_is_refused(database: Database) -> None:
    _set_revision(database, "9999")
    with pytest.raises(SchemaError, match="pip install --upgrade deepfake-review") as refusal:
        ensure_schema(database)
    assert "9999" in str(refusal.value)
    assert migrations.current_revision(database.engine) == "9999"


def test_a_database_of_an_older_program_is_refused_and_not_touched(database: Database) -> None:
    _set_revision(database, "0001")
    here = migrations.head_revision()
    before = inspect(database.engine).get_table_names()
    with pytest.raises(SchemaError, match="deepfake-review db upgrade") as refusal:
        ensure_schema(database)
    assert "0001" in str(refusal.value)
    assert here in str(refusal.value)
    assert inspect(database.engine).get_table_names() == before
