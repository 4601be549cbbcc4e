"""What leaves is what was asked for; and what lies beside it says so."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from review_app.core.errors import InputError
from review_app.core.hashing import sha256_of_file
from review_app.records.exports.answers import ANSWER_COLUMNS
from review_app.records.exports.encoding import ExportFormat
from review_app.records.exports.request import ExportKind, ExportRequest
from review_app.records.exports.selection import Selection, moment_of
from review_app.records.exports.tables import LabelTable, RowKind, write_table
from storage.database import Database
from storage.enums import ItemState, LabelValue, TriageFlag
from tests.factories import Factory
from tests.records.exporting import rows

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def people(database: Database, factory: Factory) -> list[str]:
    """Five items, the third and fourth of which somebody has answered; and the pseudonyms."""
    factory.item(ItemState.PENDING, source="a")
    factory.item(source="b", known=LabelValue.REAL)
    third, fourth = factory.item(source="b"), factory.item(source="a")
    first, second = factory.person(), factory.person()
    factory.label(first, third, LabelValue.FAKE, tags=["face swap"], labelled_at=AT)
    later = AT + timedelta(days=1)
    factory.label(second, fourth, LabelValue.REAL, tags=["other"], labelled_at=later)
    factory.label(first, fourth, LabelValue.REAL, labelled_at=later + timedelta(hours=1))
    factory.decision(factory.item(ItemState.RESOLVED), mark=TriageFlag.RETRAIN)
    return [row["reviewer"] for row in rows(database) if row["reviewer"]]


def which(database: Database, **conditions: Any) -> list[int]:
    return [row["image_id"] for row in rows(database, Selection(**conditions))]


def test_each_condition_lets_through_what_it_says(database: Database, people: list[str]) -> None:
    first = people[0]
    assert which(database) == [1, 2, 3, 4, 5]
    assert which(database, states={ItemState.PENDING, ItemState.RESOLVED}) == [1, 5]
    assert which(database, sources={"b"}) == [2, 3]
    assert which(database, labels={LabelValue.REAL}) == [2, 4]
    assert which(database, reviewers={first}) == [3, 4]
    assert which(database, tags={"face swap", "nothing"}) == [3]
    assert which(database, mark=TriageFlag.RETRAIN) == [5]
    assert which(database, answered_from=AT) == [3, 4]
    assert which(database, answered_from=AT + timedelta(seconds=1)) == [4]
    assert which(database, answered_before=AT + timedelta(seconds=1)) == [3]
    assert which(database, labels={LabelValue.REAL}, sources={"a"}) == [4]
    noon = AT + timedelta(minutes=1)
    assert which(database, answered_from=noon, answered_before=noon + timedelta(hours=1)) == []


def test_whatever_happened_to_an_item_is_a_change(database: Database, factory: Factory) -> None:
    items = [factory.item() for _ in range(6)]
    old = "'2020-01-01 00:00:00.000000'"
    with database.write() as repos:
        repos.session.connection().exec_driver_sql(
            f"UPDATE item SET created_at = {old}, state_since = {old}"
        )
    since = AT
    assert which(database, changed_since=since) == []
    admin = factory.admin()
    factory.label(admin, items[0], LabelValue.REAL, labelled_at=AT)
    factory.label(admin, items[1], LabelValue.REAL, labelled_at=AT - timedelta(hours=1))
    factory.correction(admin, items[2], LabelValue.REAL)
    factory.decision(items[3])
    end = AT + timedelta(minutes=1)
    before = AT - timedelta(minutes=4)
    factory.label(admin, items[4], LabelValue.REAL, labelled_at=before, final_at=end)
    assert which(database, changed_since=since) == [1, 3, 4, 5]


def test_a_selection_comes_back_from_its_document() -> None:
    selection = Selection(
        states=frozenset({ItemState.RESOLVED}),
        sources=frozenset({"a", "b"}),
        labels=frozenset({LabelValue.FAKE}),
        mark=TriageFlag.RETRAIN,
        answered_from=AT,
        changed_since=AT,
    )
    document = json.loads(json.dumps(selection.to_json()))
    assert Selection.from_json(document) == selection
    request = ExportRequest(ExportKind.PARQUET, selection, RowKind.ANSWERS)
    assert ExportRequest.from_json(json.loads(json.dumps(request.to_json()))) == request
    hostile: dict[str, Any]
    for hostile in ({"colour": 1}, {"states": ["nowhere"]}, {"answered_from": 5}, {"mark": []}):
        with pytest.raises(InputError):
            Selection.from_json(hostile)


@pytest.mark.parametrize("text", ["2026-11-20T12:00", "2026-11-20T13:00+01:00"])
def test_a_time_without_a_zone_is_utc(text: str) -> None:
    assert moment_of(text) == AT


def test_one_row_per_answer_tells_what_each_person_said(
    database: Database, people: list[str]
) -> None:
    found = list(LabelTable(database, row_kind=RowKind.ANSWERS).rows())
    told = [(row["image_id"], row["answer"], row["tags"], row["label"]) for row in found]
    assert told == [
        (3, "fake", "face swap", "fake"),
        (4, "real", "other", "real"),
        (4, "real", "", "real"),
    ]
    assert [row["answer_id"] for row in found] == [1, 2, 3]
    later = LabelTable(database, now=AT + timedelta(hours=2), row_kind=RowKind.ANSWERS)
    assert len(list(later.rows())) == 1, "those of later can still be taken back"


def test_the_documentation_explains_each_column_of_answers() -> None:
    text = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")
    table = text.partition("## One row per answer")[2].partition("\n## ")[0]
    named = [
        name
        for line in table.splitlines()
        for name in re.findall(r"`(\w+)`", line.split(" | ")[0])
        if line.startswith("| `")
    ]
    assert sorted(named) == sorted(column.name for column in ANSWER_COLUMNS)


@pytest.mark.parametrize("row_kind", list(RowKind))
@pytest.mark.parametrize("form", list(ExportFormat))
def test_what_lies_beside_a_table_says_what_it_is(
    database: Database, people: list[str], tmp_path: Path, form: ExportFormat, row_kind: RowKind
) -> None:
    out = tmp_path / f"labels.{form}"
    selection = Selection(sources=frozenset({"a", "b"}))
    table = LabelTable(database, selection, row_kind=row_kind)
    written = write_table(table, out, form)
    document = json.loads((tmp_path / f"{out.name}.manifest.json").read_bytes())
    assert document["files"] == [
        {"path": out.name, "bytes": out.stat().st_size, "sha256": sha256_of_file(out)}
    ]
    assert (document["rows"], document["selection"]) == (written.rows, {"sources": ["a", "b"]})
    assert sum(document["counts"]["label"].values()) == written.rows
    datasheet = (tmp_path / f"{out.name}.README.md").read_text()
    assert "inclusion_probability" in datasheet
    assert f"{written.rows} rows, one per {row_kind.removesuffix('s')}" in datasheet
    croissant = json.loads((tmp_path / f"{out.name}.croissant.json").read_bytes())
    assert _missing(croissant) == []
    fields = [field["name"] for field in croissant["recordSet"][0]["field"]]
    assert fields == [column.name for column in table.columns]


def _missing(document: dict[str, Any]) -> list[str]:
    """What Croissant 1.0 requires and the document lacks."""
    required = {"@context", "@type", "conformsTo", "name", "description", "distribution"}
    found = [f"dataset: {name}" for name in required - document.keys()]
    ids = {one["@id"] for one in document["distribution"]}
    for file in document["distribution"]:
        needed = {"@type", "@id", "name", "contentUrl", "encodingFormat", "sha256"}
        found += [f"file: {name}" for name in needed - file.keys()]
    for record_set in document["recordSet"]:
        for field in record_set["field"]:
            needed = {"@type", "@id", "name", "dataType", "source"}
            found += [f"field: {name}" for name in needed - field.keys()]
            if field["source"]["fileObject"]["@id"] not in ids:
                found.append(f"field {field['name']}: its file")
            if not field["source"]["extract"]["column"]:
                found.append(f"field {field['name']}: its column")
    return found
