"""Actions on many images: asked for, done chunk by chunk, and each image that they changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from storage.enums import AuditKind, BulkKind, ItemState
from storage.models import BulkAction, BulkChange, Image, Item
from storage.repositories.bulk_bars import Bars, clear
from storage.repositories.event_log import AuditLog, Event
from storage.repositories.portions import AMONG, among
from storage.types import utc_now

_ROWS = func.json_each(bindparam("rows")).table_valued("value")
# Made once: what every chunk asks for takes longer to put together than to run. The rows come as
# one text: given one by one, they would take as long as all the rest.
_INSERT = insert(BulkChange).from_select(
    ["action_id", "to_state", "changed_at", "item_id", "was"],
    select(
        bindparam("action", type_=BulkChange.action_id.type),
        bindparam("to_state", type_=BulkChange.to_state.type),
        bindparam("at", type_=BulkChange.changed_at.type),
        func.json_extract(_ROWS.c.value, "$[0]"),
        func.json_extract(_ROWS.c.value, "$[1]"),
    ).select_from(_ROWS),
    include_defaults=False,
)
# As they are stored: to make times and words of a program of each takes longer than to read it.
_TARGETS: Select[*tuple[Any, ...]] = select(
    *(Item.id, Item.image_id, Image.key, Image.sha256),
    *(type_coerce(column, String) for column in (Item.state, Item.state_since)),
    *(Item.rank, type_coerce(Item.placed_by, String)),
).join(Image, Image.id == Item.image_id)


class BulkTarget(NamedTuple):
    """An image that an action is about to change, as it is before."""

    item_id: int
    image_id: int
    key: str
    """The key of the image."""
    sha256: str | None
    state: str
    """The `ItemState`, as it is stored."""
    since: str
    """The UTC time since which it is in that state, as it is stored."""
    rank: float
    placed_by: str
    """The `PlacedBy`, as it is stored."""
    was: dict[str, Any]
    """How it was before the action that is undone changed it; empty where none is."""


class Changed(NamedTuple):
    """What an action has done to the images of a chunk."""

    was: Mapping[int, dict[str, Any]]
    """What an undo needs, as JSON can hold it, by item."""
    to_state: ItemState | None = None
    """The state that they came to; None where they stayed in their own."""


class BulkActions:
    """A repository of actions and their changes. The log tells of each action, and its events seal
    the changes, in the transaction that writes them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(
        self,
        kind: BulkKind,
        key: str,
        selection: dict[str, Any],
        details: dict[str, Any],
        actor: str,
        undoes: BulkAction | None = None,
        below: int | None = None,
    ) -> BulkAction:
        """Store that ``actor`` asks for an action, on images ``below`` a number; what ``undoes``
        another is on those that there were then."""
        end = self.end_of_items()
        below = undoes.below if undoes else min(end if below is None else below, end)
        row = BulkAction(
            kind=kind,
            key=key,
            # In the order of the log, so that both are the same text.
            selection=json.loads(json.dumps(selection, sort_keys=True)),
            details=json.loads(json.dumps(details, sort_keys=True)),
            below=below,
            undoes_id=undoes.id if undoes else None,
            asked_by=actor,
            asked_at=utc_now(),
            place=below,
            touched=0,
        )
        self._session.add(row)
        self._session.flush()
        told = {"action": row.id, "kind": kind, "key": key, "below": below, "undoes": row.undoes_id}
        told |= {"selection": row.selection, "details": row.details}
        event = Event(AuditKind.BULK_ASKED, actor, details=told, at=row.asked_at)
        AuditLog(self._session).add(event)
        return row

    def end_of_items(self) -> int:
        """The number after that of the newest image."""
        return (self._session.scalar(select(func.max(Item.id))) or 0) + 1

    def get(self, number: int) -> BulkAction | None:
        """The action of that number; None where there is none."""
        return self._session.get(BulkAction, number)

    def by_key(self, key: str) -> BulkAction | None:
        """The action that was asked for with that key; None where none was."""
        return self._session.scalar(select(BulkAction).where(BulkAction.key == key))

    def undoing(self, number: int) -> BulkAction | None:
        """The action that takes back the one of that number; None where none does."""
        return self._session.scalar(select(BulkAction).where(BulkAction.undoes_id == number))

    def newest(self, limit: int) -> list[BulkAction]:
        """The newest actions first."""
        query = select(BulkAction).order_by(BulkAction.id.desc()).limit(limit)
        return list(self._session.scalars(query))

    def undone(self, numbers: Sequence[int]) -> set[int]:
        """Those of some actions that another one takes back."""
        query = select(BulkAction.undoes_id).where(BulkAction.undoes_id.in_(numbers))
        return {number for number in self._session.scalars(query) if number is not None}

    def targets(self, item_ids: Sequence[int], bars: Bars) -> list[BulkTarget]:
        """Those of a batch of images that nothing stands against, newest first."""
        # With the ids as one text, the statement is the same from batch to batch.
        query = _TARGETS.where(AMONG, clear(bars)).order_by(Item.id.desc())
        rows = self._session.connection().execute(query, among(item_ids))
        return [BulkTarget._make((*row, {})) for row in rows]

    def targets_to_undo(
        self, action: BulkAction, below: int, limit: int, bars: Bars
    ) -> tuple[list[BulkTarget], int]:
        """Those of the next ``limit`` images that ``action`` changed, under ``below``, whose change
        can be taken back, newest first; and where to go on, 0 at the end."""
        changed = select(BulkChange.item_id, BulkChange.was).where(
            BulkChange.action_id == action.id, BulkChange.item_id < below
        )
        query = changed.order_by(BulkChange.item_id.desc()).limit(limit)
        was = {row.item_id: row.was for row in self._session.execute(query)}
        found = self.targets(list(was), bars)
        place = min(was) if len(was) == limit else 0
        return [target._replace(was=was[target.item_id]) for target in found], place

    def items_of(self, number: int) -> list[int]:
        """The images that the action of that number has changed so far."""
        query = select(BulkChange.item_id).where(BulkChange.action_id == number)
        return list(self._session.scalars(query))

    def tally(self, number: int, name: ColumnElement[str]) -> Counter[str]:
        """How many images the action of that number has changed, by the ``name`` that a condition
        over `Item` and `Image` gives each."""
        query = (
            select(name, func.count())
            .select_from(BulkChange)
            .join(Item, Item.id == BulkChange.item_id)
            .join(Image, Image.id == Item.image_id)
            .where(BulkChange.action_id == number)
        )
        rows = self._session.execute(query.group_by(name))
        return Counter({each: n for each, n in rows})  # noqa: C416 - rows are no pairs

    def changed(self, action: BulkAction, changed: Changed | None, place: int) -> None:
        """Store what ``action`` has changed, and that it goes on below ``place``."""
        action.place = place
        if changed is None:
            return
        now = utc_now()
        action.touched += len(changed.was)
        self._session.flush()
        rows = list(changed.was.items())
        told = {"action": action.id, "to_state": changed.to_state, "at": now}
        self._session.connection().execute(_INSERT, {**told, "rows": json.dumps(rows)})
        details = {"action": action.id, "kind": action.kind, "images": len(rows)}
        event = Event(AuditKind.BULK_CHANGED, action.asked_by, details=details, at=now)
        AuditLog(self._session).add(event)

    def end(self, action: BulkAction) -> None:
        """The action is done."""
        query = update(BulkAction).where(BulkAction.id == action.id, BulkAction.ended_at.is_(None))
        self._session.execute(query.values(ended_at=utc_now(), place=0))

    def on(self, item_id: int) -> list[tuple[BulkChange, BulkAction]]:
        """What was done to the item, oldest first."""
        query = select(BulkChange, BulkAction).where(BulkChange.item_id == item_id)
        query = query.join(BulkAction, BulkAction.id == BulkChange.action_id)
        rows = self._session.execute(query.order_by(BulkChange.id))
        return [(change, action) for change, action in rows]
