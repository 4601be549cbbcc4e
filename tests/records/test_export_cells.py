"""What tables and spreadsheets make of an export: the same, and no formula."""

from __future__ import annotations

import csv
import io

import pandas
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from review_app.records.export import stream_csv
from review_app.records.export_columns import COLUMN_NAMES
from storage.database import Database
from storage.enums import LabelValue
from tests.factories import Factory
from tests.records.exporting import Answer, as_csv, exported

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


def test_pandas_reads_what_was_written(
    database: Database, factory: Factory, answer: Answer
) -> None:
    for i in range(6):
        factory.item(rank=i, decided=i % 2 == 0, name=f"{i}.jpg")
    answer(factory.person(), LabelValue.FAKE)
    file = io.BytesIO(b"".join(stream_csv(database)))
    table = pandas.read_csv(file)
    seen: set[type] = set()
    for plain, cells in zip(exported(database), table.to_dict("records"), strict=True):
        for name, value in plain.items():
            seen.add(type(value))
            found = cells[name]
            assert pandas.isna(found) if value in (None, "") else found == value, name
    assert seen >= {bool, int, float, str, type(None)}


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
    text = b"".join(stream_csv(database)).decode()
    for delimiter in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if delimiter == ",":
                assert len(row) == len(COLUMN_NAMES)
            # With another separator the whole line may be one cell; it begins with a quote mark.
            for cell in row:
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")), row
