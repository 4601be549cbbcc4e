"""Statements past SQLAlchemy store and find what it would; they are sealed and refused alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, update

from storage.database import Database, Transactions
from storage.enums import AuditKind, ItemState, LabelValue
from storage.errors import ReadOnlyError
from storage.models import AuditEvent, Item, KnownLabel
from storage.prepared import Prepared, each_of, given
from storage.types import utc_now
from tests.factories import Factory

_SETTLE = Prepared(
    update(Item)
    .where(Item.id == bindparam("item"))
    .values(verdict=bindparam("verdict"), final_at=bindparam("final_at"))
    .returning(Item.verdict, Item.final_at)
)
_KNOW = Prepared(insert(KnownLabel).values(given("item_id", "value", "provenance", "created_at")))


def _known(item_id: int) -> dict[str, Any]:
    told = {"value": LabelValue.REAL, "provenance": "x", "created_at": utc_now()}
    return {"item_id": item_id, **told}


def test_values_go_in_and_come_out_by_the_types_of_their_columns(
    database: Database, factory: Factory
) -> None:
    (item_id,) = factory.items(1)
    elsewhere = datetime(2026, 5, 1, 14, 30, 0, 5, timezone(timedelta(hours=2)))
    told = (LabelValue.FAKE, elsewhere.astimezone(UTC))
    asked = {"item": item_id, "verdict": LabelValue.FAKE, "final_at": elsewhere}
    with database.write() as repos:
        assert _SETTLE.rows(repos.session, **asked) == [told]
    with database.read() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        assert (item.verdict, item.final_at) == told


def test_constants_are_compared_by_the_types_of_their_columns(
    database: Database, factory: Factory
) -> None:
    now = utc_now()
    first, second = factory.items(2)
    constant = (
        Item.state == ItemState.IN_REVIEW,
        Item.source == 'it\'s "a" camera',
        Item.weighed.is_(False),
        Item.rank < 1e12,
        Item.final_at > now,
    )
    found = Prepared(select(Item.id).where(*constant, Item.id > bindparam("after")).limit(2))
    with database.write() as repos:
        for item_id, final_at in ((first, now), (second, now + timedelta(microseconds=1))):
            item = repos.session.get_one(Item, item_id)
            item.source, item.final_at = 'it\'s "a" camera', final_at
        assert found.rows(repos.session, after=0) == [(second,)]
        assert found.value(repos.session, after=second) is None


def test_one_that_changes_something_is_refused_where_one_may_only_read(
    database: Database, factory: Factory
) -> None:
    (item_id,) = factory.items(1)
    with database.read() as repos, pytest.raises(ReadOnlyError):
        _KNOW.run(repos.session, **_known(item_id))


def test_evidence_that_one_writes_is_sealed(database: Database, factory: Factory) -> None:
    (item_id,) = factory.items(1)
    with database.write() as repos:
        assert _KNOW.run(repos.session, **_known(item_id)) == 1
    with database.read() as repos:
        last = repos.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert last is not None
        assert last.kind is AuditKind.SEALED
        assert "known_label" in (last.seals or "")


def test_a_column_that_has_a_value_made_up_for_it_must_be_named(database: Database) -> None:
    careless = Prepared(insert(KnownLabel).values(given("item_id", "value", "provenance")))
    with database.write() as repos, pytest.raises(ValueError, match="created_at"):
        careless.run(repos.session, item_id=1, value=LabelValue.REAL, provenance="x")


def test_what_the_session_has_not_written_yet_is_found(
    database: Database, factory: Factory
) -> None:
    (item_id,) = factory.items(1)
    named = Prepared(select(Item.id).where(Item.source == bindparam("source")))
    with database.write() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        item.source = "a camera"
        assert named.value(repos.session, source="a camera") == item_id


def test_one_statement_looks_for_each_of_a_list(database: Database, factory: Factory) -> None:
    first, second, third = factory.items(3)
    listed = Prepared(select(Item.id, Item.state).where(Item.id.in_(each_of("ids"))))
    with database.read() as repos:
        assert listed.rows(repos.session, ids=[]) == []
        assert listed.rows(repos.session, ids=[third, first, 999]) == [
            (first, ItemState.IN_REVIEW),
            (third, ItemState.IN_REVIEW),
        ]
    assert second not in (first, third)


def test_what_a_part_of_a_transaction_writes_goes_when_the_part_fails(
    database: Database, factory: Factory
) -> None:
    first, second = factory.items(2)

    def know(item_id: int, parts: Transactions, fails: bool) -> None:
        with parts.write() as repos:
            _KNOW.run(repos.session, **_known(item_id))
            if fails:
                raise LookupError

    with database.together() as parts:
        know(first, parts, fails=False)
        with pytest.raises(LookupError):
            know(second, parts, fails=True)
    with database.read() as repos:
        assert repos.known_labels.of_item(first) is LabelValue.REAL
        assert repos.known_labels.of_item(second) is None
