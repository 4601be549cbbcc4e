"""Reading rows column by column comes to what reading them one by one does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from review_app.scores.columns import RowColumns, parse_columns
from review_app.scores.lines import ScoreRecord
from review_app.scores.row import COLUMNS, ScoreRow, parse_row

SHA = "aB" * 32
GOOD = {
    "path": ["a.png", "folder/b.png"],
    "sha256": ["", SHA, SHA.lower()],
    "detector": ["theirs", "ours", "x" * 100],
    "p_fake": ["0.5", "1", "0", "1e-3", ".25", "+0.75", "-0.0"],
    "score": ["", "0.25", "1."],
    "std": ["", "0.1", "12"],
    "novelty": ["", "-3.5", "1e300"],
    "label": ["", "real", "Fakes", "deep-fake"],
    "source": ["", "web", "y" * 200],
    "split": ["", "Val", "train"],
    "time": ["", "2026-01-31", "2026-01-31T12:00:00+02:00"],
}
BAD = {
    "path": ["", "z" * 1025],
    "sha256": [SHA[:-1], "g" * 64],
    "detector": ["", "x" * 101, "a\u202eb"],
    "p_fake": ["", "1.01", "-0.1", "nan", "87%", "1_0"],
    "score": ["2", "inf", "x"],
    "std": ["-0.1", "1e999", "nan"],
    "novelty": ["1e999", "-inf", "0x1"],
    "label": ["1", "unsure"],
    "source": ["y" * 201],
    "split": ["s" * 41],
    "time": ["yesterday", "0001-01-01T00:00:00+14:00"],
}
GOOD_ROW = st.tuples(*(st.sampled_from(GOOD[name]) for name in COLUMNS))
ANY_ROW = st.tuples(*(st.sampled_from([*GOOD[name] * 9, *BAD[name]]) for name in COLUMNS))
PLACES = {name: at for at, name in enumerate(COLUMNS)}


@given(st.lists(GOOD_ROW, min_size=1, max_size=5), st.lists(ANY_ROW, max_size=1))
def test_rows_without_a_fault_are_read_equal_and_others_not_at_all(
    good: list[tuple[str, ...]], other: list[tuple[str, ...]]
) -> None:
    records = [ScoreRecord(at + 2, fields) for at, fields in enumerate([*good, *other])]
    one_by_one = [
        parse_row(record.row, dict(zip(COLUMNS, record.fields, strict=True))) for record in records
    ]
    found = parse_columns(records, len(COLUMNS), PLACES, {})
    rows = [row for row in one_by_one if isinstance(row, ScoreRow)]
    if len(rows) < len(records):
        assert found is None
    else:
        assert found is not None
        assert repr(list(found.rows())) == repr(rows)  # the sign of 0, and each type
        assert found.keys == [row.key for row in rows]
        assert list(RowColumns.of(rows).rows()) == rows


def test_each_kind_of_fault_is_met() -> None:
    usual = {name: values[-1] for name, values in GOOD.items()} | {"sha256": ""}
    for name, values in BAD.items():
        for value in values:
            record = ScoreRecord(2, [{**usual, name: value}[each] for each in COLUMNS])
            assert parse_columns([record], len(COLUMNS), PLACES, {}) is None, (name, value)


def test_columns_that_are_not_there_are_empty_or_given() -> None:
    records = [ScoreRecord(2, ["a.png", "0.5"]), ScoreRecord(3, ["b.png", "1"])]
    found = parse_columns(records, 2, {"path": 0, "p_fake": 1}, {"detector": "theirs"})
    assert found is not None
    assert list(found.detector) == ["theirs", "theirs"]
    assert list(found.std) == [None, None]
    assert len(found.only("ours")) == 0
    assert parse_columns(records, 3, {"path": 0, "p_fake": 1}, {"detector": "d"}) is None
