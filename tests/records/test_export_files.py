"""Files of exports: written whole or not at all, and recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from review_app.core.errors import InputError
from review_app.records.exports.encoding import ExportFormat
from review_app.records.exports.selection import Selection
from review_app.records.exports.tables import LabelTable, record_export, write_table
from storage.database import Database
from storage.enums import AuditKind, TriageFlag
from tests.factories import Factory
from tests.records.exporting import rows, stream

RETRAIN = Selection(mark=TriageFlag.RETRAIN)


@pytest.mark.parametrize("form", list(ExportFormat))
def test_a_file_is_written_whole_and_counted(
    database: Database, factory: Factory, tmp_path: Path, form: ExportFormat
) -> None:
    factory.items(3)
    out = tmp_path / f"labels.{form}"
    out.write_text("an older export")
    assert write_table(LabelTable(database), out, form).rows == 3
    assert out.read_bytes() == stream(database, form)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("form", list(ExportFormat))
def test_only_items_with_a_mark_are_written_where_one_is_given(
    database: Database, factory: Factory, tmp_path: Path, form: ExportFormat
) -> None:
    for mark in (None, TriageFlag.RETRAIN, TriageFlag.SECOND_REVIEWER, TriageFlag.RETRAIN):
        factory.decision(factory.item(), mark=mark)
    factory.item()
    assert write_table(LabelTable(database, RETRAIN), tmp_path / "out", form).rows == 2
    assert [row["mark"] for row in rows(database, RETRAIN)] == ["retrain"] * 2
    assert [row["mark"] for row in rows(database)] == [
        None, "retrain", "second_reviewer", "retrain", None,
    ]  # fmt: skip


@pytest.mark.parametrize("form", list(ExportFormat))
def test_a_write_that_fails_leaves_no_file_and_keeps_the_old_one(
    database: Database, factory: Factory, tmp_path: Path, form: ExportFormat
) -> None:
    factory.item()
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "labels.csv").write_text("an older export")
    factory.item()
    with database.write() as repos:  # a row that cannot be told: what its file says is damaged
        repos.session.connection().exec_driver_sql("UPDATE image SET file_metadata = '{'")
    with pytest.raises(ValueError, match="property name"):
        write_table(LabelTable(database), folder / "labels.csv", form)
    assert [p.name for p in folder.iterdir()] == ["labels.csv"]
    assert (folder / "labels.csv").read_text() == "an older export"


@pytest.mark.parametrize("name", ["missing/labels.csv", "file/labels.csv", "folder", "x" * 300])
def test_a_place_that_cannot_be_written_is_named(
    database: Database, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"choose another"):
        write_table(LabelTable(database), tmp_path / name, ExportFormat.CSV)


def test_a_device_is_not_replaced_by_a_file(database: Database) -> None:
    with pytest.raises(InputError, match="no file that could be replaced"):
        write_table(LabelTable(database), Path("/dev/null"), ExportFormat.CSV)


def test_taking_labels_out_is_recorded(database: Database) -> None:
    record_export(database, "ada", {"format": "csv"})
    with database.read() as repos:
        (event,) = repos.event_history.of_kind(AuditKind.EXPORTED)
    assert (event.actor, event.details) == ("ada", {"format": "csv"})
