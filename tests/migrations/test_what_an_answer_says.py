"""Revisions 0006 and 0007 over a filled database: answers stay as they are."""

from __future__ import annotations

from typing import Any

import pytest

import migrations
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from storage.database import Database
from storage.enums import LabelValue
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema, without
from tests.review.bench import items_of

NEW = {"escalation", "tags", "regions"}


@pytest.fixture
def old(database: Database, factory: Factory) -> Database:
    """A filled database as the program of revision 0005 left it."""
    person = factory.person()
    for value in (LabelValue.REAL, LabelValue.FAKE, LabelValue.UNSURE):
        factory.label(person, factory.item(), value, comment="looked twice")
    migrations.downgrade(database.engine, "0005")
    return database


def test_older_answers_say_nothing_more_and_are_else_as_they_were(old: Database) -> None:
    before = rows(old)
    migrations.upgrade(old.engine, "0006")
    after = rows(old)
    assert [[row[name] for name in NEW] for row in after["label"]] == [[None] * 3] * 3
    assert without(after, NEW) == before


@pytest.mark.parametrize(
    "values",
    [
        {"value": LabelValue.UNDECIDABLE},
        {"value": LabelValue.FAKE, "escalation": "a public figure"},
        {"value": LabelValue.FAKE, "tags": ["face swap"]},
        {"value": LabelValue.FAKE, "regions": [{"shape": "rectangle", "points": [[0, 0], [1, 1]]}]},
    ],
)
def test_what_people_said_is_not_given_up_for_an_older_program(
    database: Database, factory: Factory, values: dict[str, Any]
) -> None:
    factory.label(factory.person(), factory.item(), **values)
    before = rows(database), schema(database)
    with pytest.raises(RuntimeError, match="no place for what 1 answers say"):
        migrations.downgrade(database.engine, "0005")
    assert (rows(database), schema(database)) == before


def test_claims_of_before_are_no_gold_and_going_down_and_up_again_loses_nothing(
    database: Database, factory: Factory
) -> None:
    person, item_id = factory.person(), factory.item()
    review = ReviewService(ReviewContext(database, lambda _: "words"))
    assert items_of(database, [task.item_id for task in review.take(person)]) == [item_id]
    migrations.downgrade(database.engine, "0006")
    before = rows(database)
    migrations.upgrade(database.engine, "0007")
    after = rows(database)
    assert [row["gold"] for row in after["claim"]] == [0]
    assert without(after, {"gold"}) == before
