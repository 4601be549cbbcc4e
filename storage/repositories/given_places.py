"""Places for many items at once, in a temporary table: one statement moves them all.

A statement for each item would have SQLite begin and end it as often, and fire the item's triggers
one by one; that takes twice as long as the change itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Double, Integer, MetaData, Table, delete, select
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from storage.models import Item
from storage.rows import insert_columns

_GIVEN = Table(
    "given_place",
    MetaData(),
    Column("item_id", Integer, primary_key=True),
    Column("place", Double, nullable=False),
    prefixes=["TEMPORARY"],
)
_CREATE = CreateTable(_GIVEN, if_not_exists=True)
_CLEAR = delete(_GIVEN)

# Looked up by the item, so that no other plan is possible than to go over what is given.
IS_GIVEN: ColumnElement[bool] = Item.id.in_(select(_GIVEN.c.item_id))
"""The condition for items that have a place given."""
PLACE: ColumnElement[Any] = (
    select(_GIVEN.c.place).where(_GIVEN.c.item_id == Item.id).correlate(Item).scalar_subquery()
)
"""The place given to an item."""


def give_places(session: Session, by_item: Mapping[int, float]) -> None:
    """Have `IS_GIVEN` and `PLACE` speak of ``by_item`` until the next call; not empty."""
    connection = session.connection()
    connection.execute(_CREATE)
    connection.execute(_CLEAR)
    columns: dict[str, list[Any]] = {"item_id": list(by_item), "place": list(by_item.values())}
    insert_columns(connection, _GIVEN.name, columns)
