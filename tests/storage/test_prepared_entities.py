"""Entities that come past the unit of work are the session's own all the same."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import bindparam, inspect, select

from storage.database import Database
from storage.enums import AuditKind, LabelValue
from storage.models import AuditEvent, Image, Item, Label
from storage.prepared_entities import PreparedEntities, PreparedInsert
from storage.types import utc_now
from tests.factories import Factory

_FOUND = PreparedEntities(
    select(Item, Image)
    .join(Image, Image.id == Item.image_id)
    .where(Item.id >= bindparam("first"))
    .order_by(Item.id),
    *(Item, Image),
)
_APPEND = PreparedInsert(Label)


def _label(item_id: int, user_id: int) -> Label:
    told = {"value": LabelValue.FAKE, "blind": True, "tags": ["hands", "text"], "bulk_size": 7}
    return Label(client_id="an-answer-1", item_id=item_id, user_id=user_id, **told)


def test_what_is_found_reads_as_if_the_orm_had_found_it(
    database: Database, factory: Factory
) -> None:
    first, second = factory.items(2)
    with database.read() as repos:
        rows = _FOUND.rows(repos.session, first=first)
    with database.read() as repos:
        for (item, image), item_id in zip(rows, (first, second), strict=True):
            for ours, theirs in (
                (item, repos.session.get_one(Item, item_id)),
                (image, repos.session.get_one(Image, item.image_id)),
            ):
                for attribute in inspect(type(ours)).column_attrs:
                    assert getattr(ours, attribute.key) == getattr(theirs, attribute.key)


def test_a_row_is_one_entity_whatever_found_it(database: Database, factory: Factory) -> None:
    (item_id,) = factory.items(1)
    with database.write() as repos:
        known = repos.session.get_one(Item, item_id)
        known.source = "a camera"
        repos.session.expire(known, ["name", "rank"])
        found = _FOUND.row(repos.session, first=item_id)
        assert found is not None
        assert found[0] is known
        assert not inspect(known).expired_attributes
        assert known.source == "a camera"
        again = _FOUND.row(repos.session, first=item_id)
        assert again is not None
        assert again[1] is found[1]
        assert repos.session.get(Image, found[1].id) is found[1]
        assert _FOUND.row(repos.session, first=item_id + 1) is None


def test_what_is_changed_of_what_was_found_is_stored(database: Database, factory: Factory) -> None:
    (item_id,) = factory.items(1)
    with database.write() as repos:
        found = _FOUND.row(repos.session, first=item_id)
        assert found is not None
        found[0].source = "a camera"
    with database.read() as repos:
        assert repos.session.get_one(Item, item_id).source == "a camera"


def test_what_is_appended_has_its_id_and_defaults_and_is_sealed(
    database: Database, factory: Factory
) -> None:
    item_id, person = factory.item(), factory.person()
    before = utc_now()
    with database.write() as repos:
        label = _APPEND.add(repos.session, _label(item_id, person.id))
        assert repos.session.get(Label, label.id) is label
        assert (label.comment, label.extra, label.regions) == ("", False, None)
        assert not repos.session.dirty
    with database.read() as repos:
        stored = repos.session.get_one(Label, label.id)
        assert before <= stored.labelled_at <= utc_now()
        for attribute in inspect(Label).column_attrs:
            assert getattr(stored, attribute.key) == getattr(label, attribute.key)
        last = repos.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert last is not None
        assert last.kind is AuditKind.SEALED
        assert '"label"' in (last.seals or "")


def test_one_that_the_database_refuses_leaves_the_other_parts_alone(
    database: Database, factory: Factory
) -> None:
    (item_id, other), person = factory.items(2), factory.person()
    with database.together() as parts:
        with parts.write() as repos:
            _APPEND.add(repos.session, _label(item_id, person.id))
        with pytest.raises(sqlite3.IntegrityError), parts.write() as repos:
            _APPEND.add(repos.session, _label(other, person.id))
        assert parts.is_open
    with database.read() as repos:
        assert [label.item_id for label in repos.session.scalars(select(Label))] == [item_id]
