"""What files say of the generators that made them, for images to be found by."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, type_coerce
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Session

from storage.models import ClaimedGenerator, Image, Item

PORTION = 1000
"""Claims that are written at a time where all are read anew."""
Claimed = Callable[[Mapping[str, Any]], Iterable[str]]
"""What tells the generators that a file's metadata claim."""


class GeneratorClaims:
    """A repository of claims, kept in step with the metadata that they are read from."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, item_id: int, generators: Iterable[str]) -> None:
        """Keep what the file of an image claims, in place of what it did."""
        self.forget([item_id])
        rows = [{"item_id": item_id, "generator": name} for name in generators]
        if rows:
            self._session.execute(insert(ClaimedGenerator), rows)

    def forget(self, item_ids: Iterable[int]) -> None:
        """Keep nothing of what the files of images claim."""
        of = ClaimedGenerator.item_id.in_(list(item_ids))
        self._session.execute(delete(ClaimedGenerator).where(of))

    def names(self, limit: int) -> list[str]:
        """The first ``limit`` generators by name; each is one look into their index."""
        found: list[str] = []
        while len(found) < limit:
            after = found[-1] if found else ""
            query = select(func.min(ClaimedGenerator.generator))
            name = self._session.scalar(query.where(ClaimedGenerator.generator > after))
            if name is None:
                break
            found.append(name)
        return found


def read_all_anew(connection: Connection, claimed: Claimed) -> None:
    """Replace all claims by those that ``claimed`` reads in the metadata of the images that are
    here: a newer program may know more generators."""
    connection.execute(delete(ClaimedGenerator))
    rows: list[dict[str, Any]] = []
    for item_id, metadata in _told(connection):
        rows += ({"item_id": item_id, "generator": name} for name in claimed(metadata))
        if len(rows) >= PORTION:
            connection.execute(insert(ClaimedGenerator), rows)
            rows = []
    if rows:
        connection.execute(insert(ClaimedGenerator), rows)


def _told(connection: Connection) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """What files say of themselves, by item."""
    text = type_coerce(Image.file_metadata, SqlText)
    query = select(Item.id, text).join(Image, Image.id == Item.image_id).order_by(Item.id)
    query = query.where(text.is_not(None), text.not_in(("{}", "null")))
    for item_id, written in connection.execute(query).yield_per(PORTION):
        yield item_id, _metadata(written)


def _metadata(written: object) -> Mapping[str, Any]:
    """What is written; nothing where it is damaged, which must not stand in an upgrade's way."""
    try:
        found = json.loads(written) if isinstance(written, str) else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
