"""Revision 0011 over a filled database: older answers pass for looks at one image, later ones may
not."""

from __future__ import annotations

import pytest

import migrations
from storage.database import Database
from storage.enums import LabelValue
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema, without


def test_older_answers_are_given_alone_and_else_as_they_were(
    database: Database, factory: Factory
) -> None:
    factory.label(factory.person(), factory.item(), LabelValue.FAKE, seconds=2.5)
    migrations.downgrade(database.engine, "0010")
    before = rows(database)
    migrations.upgrade(database.engine, "0011")
    after = rows(database)
    assert [row["together"] for row in after["label"]] == [None]
    assert without(after, {"together"}) == before


def test_an_answer_of_the_grid_is_not_given_up_for_a_look_at_one_image(
    database: Database, factory: Factory
) -> None:
    factory.label(factory.person(), factory.item(), LabelValue.FAKE, bulk_size=12)
    before = rows(database), schema(database)
    with pytest.raises(RuntimeError, match="cannot tell that 1 answers were given for"):
        migrations.downgrade(database.engine, "0010")
    assert (rows(database), schema(database)) == before
