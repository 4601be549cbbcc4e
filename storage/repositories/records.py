"""Looking images up, newest first and page by page, in a queue of any size.

A look goes from the newest ids to older ones, span by span, each as large as the pace of the one
before allows, until the page is full or the time for it is up. Where an index tells which items may
fit, a span holds so many of these, however far apart they lie. So what fits one image in a thousand
is found at once where an index finds it, and nothing holds the server up where none does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter, thread_time

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, contains_eager

from storage.models import Image, Item, ScoreFile
from storage.repositories.wanted import Leading, Span, Wanted, Way, dated, leading, ways_to_fit

FIRST_SPAN = 8192
"""Items of the first span that a page looks at, and of the smallest."""
GROWTH = 8
"""How much larger than the one before a span may be."""
SECONDS = 0.02
"""The time of the processor after which a page looks at no further span: what others do to the
machine makes no page shorter."""
PATIENCE = 0.1
"""The time by the clock after which it looks no further, wherever that went."""
MAX_COUNTED = 10_000
"""Counting ends here: nobody needs to know how many more there are."""
FIRST_COUNTED = MAX_COUNTED + 1
"""Items of the first span that is counted: enough, where all of them fit."""


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
        for span in self._spans(wanted, reach):
            floor = span.floor
            items += self._newest(self._ways(wanted, span), limit + 1 - len(items))
            if len(items) > limit:
                end = items[limit - 1].id
                return ItemPage(items[:limit], end, reach.top - end)
        return ItemPage(items, floor if floor > reach.floor else None, reach.top - floor)

    def ids(
        self,
        wanted: Wanted,
        limit: int,
        below: int | None = None,
        also: Sequence[ColumnElement[bool]] = (),
    ) -> list[int]:
        """The ids of up to ``limit`` items under ``below``, or the newest, of which ``also`` holds,
        however long it takes to find them; newest first."""
        found: list[int] = []
        for span in self._spans(wanted, self._reach(wanted, below), hurried=False):
            left, some = limit - len(found), list[int]()
            for query in self._ids(wanted, span, joined=bool(also)):
                query = query.where(*also).order_by(Item.id.desc()).limit(left)
                some += self._session.scalars(query)
            found += sorted(some, reverse=True)[:left]
            if len(found) == limit:
                break
        return found

    def count(self, wanted: Wanted) -> Fitting:
        """How many items fit. Counting ends at `MAX_COUNTED`, and when its time is up."""
        n, reach = 0, self._reach(wanted, None)
        floor = reach.top
        for span in self._spans(wanted, reach, FIRST_COUNTED):
            for query in self._ids(wanted, span):
                some = query.limit(MAX_COUNTED + 1 - n).subquery()
                n += self._session.scalar(select(func.count()).select_from(some)) or 0
            floor = span.floor
            if n > MAX_COUNTED:
                return Fitting(MAX_COUNTED, is_all=False)
        return Fitting(n, is_all=floor <= reach.floor)

    def tally(
        self, wanted: Wanted, name: ColumnElement[str], below: int, seconds: float
    ) -> tuple[Counter[str], bool]:
        """How many items under ``below`` fit, by the ``name`` that a condition over `Item` and
        `Image` gives each; and whether these are all, for counting ends when its time is up."""
        found: Counter[str] = Counter()
        reach = self._reach(wanted, below)
        floor, until = reach.top, perf_counter() + seconds
        for span in self._spans(wanted, reach, hurried=False):
            for query in self._ids(wanted, span, joined=True):
                counted = query.with_only_columns(name, func.count()).group_by(name)
                for each, n in self._session.execute(counted):
                    found[each] += n
            floor = span.floor
            if perf_counter() > until:
                break
        return found, floor <= reach.floor

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
            found += self._newest(self._ways(wanted, Span(item_id, item_id + 1)), 1)
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

    def _newest(self, ways: Iterable[Way], limit: int) -> list[Item]:
        """The first ``limit`` items that fit in one of ``ways``, with images, newest first."""
        found: list[Item] = []
        for way in ways:
            query = select(Item).join(Item.image).options(contains_eager(Item.image))
            query = query.where(*way).order_by(Item.id.desc()).limit(limit)
            found += self._session.scalars(query)
        return sorted(found, key=lambda item: -item.id)[:limit]

    def _ways(self, wanted: Wanted, span: Span) -> list[Way]:
        return ways_to_fit(wanted, span, self._pathed(span) if wanted.text else None)

    def _ids(self, wanted: Wanted, span: Span, *, joined: bool = False) -> Iterator[Select[int]]:
        """A query for each way to fit; ``joined`` with images."""
        for way in self._ways(wanted, span):
            query = select(Item.id).where(*way)
            yield query.join(Image, Image.id == Item.image_id) if joined else query

    def _pathed(self, span: Span) -> Span | None:
        """The items of ``span`` that came by score files, and what lies between them: nothing else
        gives an image a path."""
        first, last = ScoreFile.first_item_id, ScoreFile.last_item_id
        query = select(func.min(first), func.max(last))
        low, high = self._session.execute(query.where(first < span.top, last >= span.floor)).one()
        return None if low is None or high is None else Span(low, high + 1)

    def _spans(
        self, wanted: Wanted, reach: Span, first: int = 0, *, hurried: bool = True
    ) -> Iterator[Span]:
        """Parts of ``reach``, the highest ids first: all of it, or ``hurried`` until the time is
        up. ``first``: items of the first that may fit, as far as an index tells which may."""
        began = before = thread_time()
        until = perf_counter() + PATIENCE
        top, size, led = reach.top, first or FIRST_SPAN, leading(wanted)
        while top > reach.floor:
            span = Span(max(self._floor(led, top, size), reach.floor), top)
            yield span
            now = thread_time()
            top, pace = span.floor, size / max(now - before, 1e-4)
            left = began + SECONDS - now if hurried else SECONDS
            if left <= 0 or (hurried and perf_counter() > until):
                return
            size = max(FIRST_SPAN, min(size * GROWTH, int(pace * left)))
            before = now

    def _floor(self, led: Leading | None, top: int, size: int) -> int:
        """The id from which on ``size`` items lie below ``top`` that ``led`` leads to."""
        if led is None:
            return top - size
        query = select(led.ids).where(led.ids < top, *led.also).order_by(led.ids.desc())
        return self._session.scalar(query.offset(size - 1).limit(1)) or 0

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
