"""What tables and spreadsheets make of an export: the same, and no formula."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pandas
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from review_app.records.exports.batch import as_stored
from review_app.records.exports.columns import COLUMN_NAMES, COLUMNS, Column
from review_app.records.exports.encoding import ExportFormat, encode
from review_app.records.exports.lines import quoted
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


NUMBERS = st.one_of(
    st.none(),
    st.floats(),
    st.floats(-1e10, 1e10),
    st.floats(-1e-3, 1e-3),
    st.integers(-(10**10), 10**10).map(float),
    st.sampled_from([0.0, -0.0, 1.0, 1e-4, 9.999e-5, 1e9, 999999999.9999999, 1e16, 5e-324]),
)
STORED = st.tuples(
    NUMBERS,
    st.one_of(st.none(), TEXTS, st.sampled_from([*HOSTILE, "", "said", 'a "word"', "\x01\\"])),
    st.one_of(st.none(), st.booleans()),
    st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(STORED, min_size=1, max_size=30))
def test_a_column_at_once_is_written_as_its_values_one_by_one(rows: list[tuple[Any, ...]]) -> None:
    types = {"number": float, "text": str, "truth": bool, "count": int}
    columns = [Column(name, kind, as_stored(name)) for name, kind in types.items()]
    batch = list(zip(*rows, strict=True))
    file = b"".join(encode(ExportFormat.JSONL, columns, [batch])).decode()
    named = (dict(zip(types, row, strict=True)) for row in rows)
    assert file == "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in named)
    file = b"".join(encode(ExportFormat.CSV, columns, [batch])).decode()
    cells = [[quoted(one or "") if isinstance(one, str | None) else repr(one) for one in row]
             for row in rows]  # fmt: skip
    head = [quoted(name) for name in types]
    assert file == "".join(",".join(row) + "\r\n" for row in [head, *cells])


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
