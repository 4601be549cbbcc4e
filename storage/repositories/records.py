"""Looking images up, newest first and page by page, in a queue of any size.

A look goes from the newest ids to older ones, span by span, each as large as the pace of the one
before allows, until the page is full or the time for it is up. So what fits one image in a thousand
is found at once where an index finds it, and nothing holds the server up where none does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, contains_eager

from storage.models import Image, Item
from storage.repositories.wanted import Span, Wanted, dated, fitting

FIRST_SPAN = 4096
"""Ids of the first span that a page looks at, and of the smallest."""
GROWTH = 8
"""How much larger than the one before a span may be."""
SECONDS = 0.07
"""The time after which a page looks at no further span."""
MAX_COUNTED = 10_000
"""Counting ends here: nobody needs to know how many more there are."""


@dataclass(frozen=True)
class ItemPage:
    """Items with their images, newest first."""

    items: Sequence[Item]
    older: int | None
    """What to look below for the next page, an item's id; None at the end."""
    looked: int
    """How many ids were looked at."""


@dataclass(frozen=True)
class Fitting:
    """The number of items that fit, as far as it was counted."""

    n: int
    """At most `MAX_COUNTED`."""
    is_all: bool
    """Whether there are no more."""


NONE_FIT = Fitting(0, is_all=True)


class Records:
    """A read-only repository of what is shown of images."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def page(self, wanted: Wanted, limit: int, below: int | None = None) -> ItemPage:
        """Return up to ``limit`` items with ids under ``below``, or the newest.

        Fewer where the time is up before: `ItemPage.older` goes on from there.
        """
        reach = self._reach(wanted, below)
        items: list[Item] = []
        floor = reach.top
        for span in _spans(reach):
            floor = span.floor
            query = (
                select(Item)
                .join(Item.image)
                .where(*fitting(wanted, span))
                .options(contains_eager(Item.image))
                .order_by(Item.id.desc())
                .limit(limit + 1 - len(items))
            )
            items += self._session.scalars(query)
            if len(items) > limit:
                end = items[limit - 1].id
                return ItemPage(items[:limit], end, reach.top - end)
        return ItemPage(items, floor if floor > reach.floor else None, reach.top - floor)

    def ids(self, wanted: Wanted, limit: int, below: int | None = None) -> list[int]:
        """The ids of up to ``limit`` items under ``below``, or the newest, however long it takes to
        find them; newest first."""
        found: list[int] = []
        for span in _spans(self._reach(wanted, below), hurried=False):
            query = _ids(wanted, span).order_by(Item.id.desc()).limit(limit - len(found))
            found += self._session.scalars(query)
            if len(found) == limit:
                break
        return found

    def count(self, wanted: Wanted) -> Fitting:
        """How many items fit. Counting ends at `MAX_COUNTED`, and when its time is up."""
        n, reach = 0, self._reach(wanted, None)
        floor = reach.top
        for span in _spans(reach):
            some = _ids(wanted, span).limit(MAX_COUNTED + 1 - n).subquery()
            n += self._session.scalar(select(func.count()).select_from(some)) or 0
            floor = span.floor
            if n > MAX_COUNTED:
                return Fitting(MAX_COUNTED, is_all=False)
        return Fitting(n, is_all=floor <= reach.floor)

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
        found: list[Item] = []
        for item_id in sorted(item_ids, reverse=True):
            query = select(Item).join(Item.image).options(contains_eager(Item.image))
            query = query.where(*fitting(wanted, Span(item_id, item_id + 1)))
            found += self._session.scalars(query)
        return found

    def sources(self, limit: int) -> list[str]:
        """The first ``limit`` sources by name; each is one look into their index."""
        found: list[str] = []
        while len(found) < limit:
            after = [Item.source > found[-1]] if found else []
            query = select(func.min(Item.source)).where(Item.source.is_not(None), *after)
            name = self._session.scalar(query)
            if name is None:
                break
            found.append(name)
        return found

    def _reach(self, wanted: Wanted, below: int | None) -> Span:
        """The ids among which all that is wanted lies."""
        low: int | None
        high: int | None
        if wanted.is_dated:
            query = select(func.min(Item.id), func.max(Item.id)).where(*dated(wanted))
            low, high = self._session.execute(query).one()
        else:  # asked for together, SQLite would walk the whole table for them
            low = self._session.scalar(select(func.min(Item.id)))
            high = self._session.scalar(select(func.max(Item.id)))
        if low is None or high is None:
            return Span(1, 1)
        return Span(low, high + 1 if below is None else min(max(below, low), high + 1))


def _ids(wanted: Wanted, span: Span) -> Select[int]:
    query = select(Item.id).where(*fitting(wanted, span))
    return query.join(Image, Image.id == Item.image_id) if wanted.text else query


def _spans(reach: Span, *, hurried: bool = True) -> Iterator[Span]:
    """Parts of ``reach``, the highest ids first: all of it, or ``hurried`` until the time is up."""
    began = before = perf_counter()
    top, size = reach.top, FIRST_SPAN
    while top > reach.floor:
        span = Span(max(top - size, reach.floor), top)
        yield span
        now = perf_counter()
        top, pace = span.floor, size / max(now - before, 1e-4)
        left = began + SECONDS - now if hurried else SECONDS
        if left <= 0:
            return
        size = max(FIRST_SPAN, min(size * GROWTH, int(pace * left / 2)))
        before = now
