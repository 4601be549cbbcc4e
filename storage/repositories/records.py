"""Looking images up, newest first and page by page, in a queue of any size."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from storage.enums import ItemState, LabelValue
from storage.models import Correction, Image, Item
from storage.repositories.corrections import newest_value
from storage.states import WITH_PEOPLE

LOOKED_THROUGH = 200_000
"""Most items that one page looks at where no index tells which ones fit."""


@dataclass(frozen=True)
class Wanted:
    """The terms by which items are wanted; all that is given must fit."""

    text: str = ""
    """Part of the name or of a score file's path, in whatever case (ASCII)."""
    state: ItemState | None = None
    verdict: LabelValue | None = None
    """The verdict as it stands, corrections counted."""
    corrected: bool = False
    """Whether only those are wanted whose verdict was ever corrected."""
    without: Collection[int] = ()
    """Items that are not to be found."""

    @property
    def indexed(self) -> bool:
        """Whether an index finds them: names and verdicts have none, which would cost every
        answer more than it would spare a search. Corrections are few."""
        return self.corrected or (not self.text and self.verdict is None)


@dataclass(frozen=True)
class ItemPage:
    """Items with their images, newest first."""

    items: Sequence[Item]
    older: int | None
    """What to look below for the next page, an item's id; None at the end."""


class Records:
    """A read-only repository of what is shown of images."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def page(self, wanted: Wanted, limit: int, below: int | None = None) -> ItemPage:
        """Return up to ``limit`` items with ids under ``below``, or the newest.

        Fewer where they would have to be looked for among more than `LOOKED_THROUGH` items:
        `ItemPage.older` goes on from there. No page walks the whole table, wherever it begins.
        """
        top = (self._session.scalar(select(func.max(Item.id))) or 0) + 1
        top = top if below is None else min(max(below, 1), top)
        floor = 1 if wanted.indexed else max(top - LOOKED_THROUGH, 1)
        query = _fitting(wanted).where(Item.id < top, Item.id >= floor)
        newest = query.order_by(Item.id.desc()).limit(limit)
        items = list(self._session.scalars(newest))
        end = items[-1].id if len(items) == limit else floor
        return ItemPage(items, end if end > 1 else None)

    def hashed(self, beginning: str, limit: int) -> list[int]:
        """The ids of up to ``limit`` items whose SHA-256, in small letters, begins so."""
        query = (
            select(Item.id)
            .join(Image, Image.id == Item.image_id)
            .where(Image.sha256 >= beginning, Image.sha256 < beginning + "g")  # past "f"
            .order_by(Image.sha256)
            .limit(limit)
        )
        return list(self._session.scalars(query))

    def among(self, item_ids: Collection[int], wanted: Wanted) -> list[Item]:
        """Those of a batch that are wanted, with images, newest first."""
        if not item_ids:
            return []
        query = _fitting(wanted).where(Item.id.in_(item_ids))
        return sorted(self._session.scalars(query), key=lambda item: -item.id)


def _fitting(wanted: Wanted) -> Select[Item]:
    query = select(Item).join(Item.image).where(*_conditions(wanted))
    return query.options(contains_eager(Item.image))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text:
        named = Item.name.icontains(wanted.text, autoescape=True)
        found.append(or_(named, Image.path.icontains(wanted.text, autoescape=True)))
    if wanted.state is not None:
        found.append(Item.state == wanted.state)
    if wanted.verdict is not None:
        found.append(func.coalesce(newest_value(), Item.verdict) == wanted.verdict)
    if wanted.corrected:
        found.append(Item.id.in_(select(Correction.item_id)))
    if wanted.corrected or wanted.verdict is not None:
        found.append(Item.state.not_in(WITH_PEOPLE))  # that tells nothing, not even by being found
    if wanted.without:
        found.append(Item.id.not_in(wanted.without))
    return found
