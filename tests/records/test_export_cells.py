"""What tables and spreadsheets make of an export: the same, and no formula."""

from __future__ import annotations

import csv
import io
import json
import math

import pandas
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from review_app.records.exports.batch import as_stored
from review_app.records.exports.columns import COLUMN_NAMES, COLUMNS, Column
from review_app.records.exports.encoding import ExportFormat, encode
from storage.database import Database
from storage.enums import LabelValue
from tests.factories import Factory
from tests.records.exporting import Answer, as_csv, exported, rows, stream, stream_csv
from tests.records.mess import mess

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", 'a";=1;"', "a;=1", "a,=1"]


def test_json_lines_and_csv_say_the_same(
    database: Database, factory: Factory, answer: Answer
) -> None:
    for i, text in enumerate(HOSTILE):
        factory.item(rank=i, decided=i % 2 == 0, name=f"{text}.jpg", source=text)
    reviewer = factory.person()
    for i, text in enumerate(HOSTILE):
        answer(reviewer, list(LabelValue)[i % 3], comment=text)
    for plain, cells in zip(exported(database), as_csv(database), strict=True):
        assert {name: _cell(value) for name, value in plain.items()} == cells


def test_the_bytes_are_those_that_the_standard_library_writes(
    database: Database, factory: Factory
) -> None:
    mess(database, factory, 5, 30)
    told = rows(database)
    assert stream(database, ExportFormat.JSONL).decode() == "".join(
        json.dumps(row, ensure_ascii=False) + "\n" for row in told
    )
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(COLUMN_NAMES)
    writer.writerows([_said(value) for value in row.values()] for row in told)
    assert stream_csv(database).decode() == file.getvalue()


@pytest.mark.parametrize("zeros", [[0.0, -0.0, 0.0], [-0.0, 0.0, 0.0], [1.0, 0.5, 1.0, 1.0]])
def test_equal_numbers_are_written_each_as_it_is(zeros: list[float]) -> None:
    column = Column("score", float, as_stored("score"))
    (line,) = list(encode(ExportFormat.CSV, [column], [[zeros]]))[1:]
    assert [str(value) for value in zeros] == line.decode().split()
    (lines,) = encode(ExportFormat.JSONL, [column], [[[*zeros, math.inf, None]]])
    written = [json.loads(line)["score"] for line in lines.decode().splitlines()]
    assert list(map(str, written)) == list(map(str, [*zeros, math.inf, None]))


def test_pandas_reads_what_was_written(
    database: Database, factory: Factory, answer: Answer
) -> None:
    for i in range(6):
        factory.item(rank=i, decided=i % 2 == 0, name=f"{i}.jpg")
    answer(factory.person(), LabelValue.FAKE)
    file = io.BytesIO(stream_csv(database))
    table = pandas.read_csv(file)
    seen: set[type] = set()
    for plain, cells in zip(exported(database), table.to_dict("records"), strict=True):
        for name, value in plain.items():
            seen.add(type(value))
            found = cells[name]
            assert pandas.isna(found) if value in (None, "") else found == value, name
    assert seen >= {bool, int, float, str, type(None)}


def test_parquet_holds_what_json_lines_hold_with_a_type_for_each_column(
    database: Database, factory: Factory
) -> None:
    mess(database, factory, 6, 30)
    table = parquet.read_table(io.BytesIO(stream(database, ExportFormat.PARQUET)))
    assert table.to_pylist() == exported(database)
    types = {"string": str, "int64": int, "double": float, "bool": bool}
    assert [types[str(field.type)] for field in table.schema] == [one.type for one in COLUMNS]


def test_parquet_without_rows_has_the_columns(database: Database) -> None:
    table = parquet.read_table(io.BytesIO(stream(database, ExportFormat.PARQUET)))
    assert (table.column_names, table.num_rows) == (list(COLUMN_NAMES), 0)


def _said(value: object) -> object:
    return _cell(value) if isinstance(value, str) else value


def _cell(value: object) -> str:
    """A JSON value as the CSV writes it."""
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, str) and value.startswith(tuple("=+-@\t\r\n＝＋－＠")):
        text = "'" + text
    # The same again where another separator would begin a cell.
    return (
        text.replace(";=", ";'=")
        .replace("\t=", "\t'=")
        .replace("\r=", "\r'=")
        .replace("\n=", "\n'=")
    )


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=TEXTS.filter(bool), source=TEXTS)
@example(name="a;=1", source='a";=1;"')
@example(name="a\t=1\n-2", source=";\t=1")
def test_no_cell_begins_a_formula_whichever_separator_reads_it(
    database: Database, factory: Factory, name: str, source: str
) -> None:
    factory.item(name=name, source=source)
    text = stream_csv(database).decode()
    for delimiter in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if delimiter == ",":
                assert len(row) == len(COLUMN_NAMES)
            # With another separator the whole line may be one cell; it begins with a quote mark.
            for cell in row:
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")), row
