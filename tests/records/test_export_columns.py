"""The fast way to the columns says of a messy database what the slow one does, row by row."""

from __future__ import annotations

from collections import Counter

import pytest

from review_app.records.exports.selection import EVERYTHING, Selection
from review_app.records.settled import LeftOut
from review_app.records.settled_images import settled_images
from storage.database import Database
from storage.repositories import export_batches
from storage.repositories.export_columns import SETTLED
from tests.factories import Factory
from tests.records.exporting import rows
from tests.records.mess import NOW, mess
from tests.records.one_by_one import rows_one_by_one
from tests.records.settled_one_by_one import settled_one_by_one


@pytest.mark.parametrize("seed", range(3))
def test_both_ways_say_the_same(
    database: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    mess(database, factory, seed)
    monkeypatch.setattr(export_batches, "WINDOW", 17)
    expected = rows_one_by_one(database, NOW)
    assert rows(database, now=NOW) == expected
    told = {row["label_source"] for row in expected}
    assert told == {None, "reviewer", "known", "correction"}, "a mess has everything"
    with database.read() as repos:
        batches = EVERYTHING.batches(repos, NOW, names=SETTLED)
        left_out: Counter[LeftOut] = Counter()
        found = list(settled_images(batches, NOW, left_out))
    labels, reasons = settled_one_by_one(database, NOW)
    assert {one.sha256: (one.label, one.weight) for one in found} == labels
    assert left_out == reasons
    assert len(reasons) > 5, "a mess has most reasons"


def test_gaps_between_the_numbers_of_items_are_stepped_over(
    database: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_batches, "WINDOW", 2)
    for number in (1, 2, 900, 901, 907):
        factory.item(id=number, source="a" if number > 900 else "b")
    assert [row["image_id"] for row in rows(database)] == [1, 2, 3, 4, 5]
    told = rows(database, Selection(sources=frozenset({"a"})))
    assert [row["image_id"] for row in told] == [4, 5]
