"""Staged score files against what is known: contradictions, and the application of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.schema import CreateIndex

from storage.enums import AuditKind, ItemState, PlacedBy
from storage.models import Base, Image, Item, KnownLabel, Prediction
from storage.seals.sealing import sealing_of
from storage.staging import IMAGES, KNOWN, SCORES, Contradiction
from storage.states import require
from storage.types import UtcDateTime

Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
NUMBERS = ("p_fake", "score", "std", "novelty")
"""What a detector says of an image, and never says otherwise later."""


@dataclass(frozen=True)
class Applied:
    """The counts of what a file brought."""

    images: int
    """New ones, each with an item."""
    labels: int
    """Known labels of images that had none."""
    items: tuple[int, int] | None
    """The first and the last id of the new items."""


class ScoreFiles:
    """A repository that works on the tables of `storage.staging`, in the transaction that applies
    them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def resolve(self) -> None:
        """Find the staged images that are known already. Before everything else."""
        self._resolve(is_new=False)

    def images(self) -> int:
        """How many images the file has."""
        return self._session.scalar(select(func.count()).select_from(IMAGES)) or 0

    def has_pictures(self) -> bool:
        """Whether the picture of any image is here."""
        found = select(Image.id).where(Image.public_type.is_not(None)).limit(1)
        return self._session.scalar(found) is not None

    def hashed_paths(self) -> Iterator[Contradiction]:
        """Images given by a path alone, where an image with a hash has that path or name."""
        known = (
            select(IMAGES.c.row, IMAGES.c.path, Image.sha256)
            .where(Image.sha256.is_not(None), IMAGES.c.sha256.is_(None))
        )  # fmt: skip
        by_path = known.join(Image, Image.path == IMAGES.c.path)
        by_name = known.join(Item, Item.name == IMAGES.c.path).join(Image)
        return self._contradictions(by_path.union(by_name))

    def bare_paths(self) -> Iterator[Contradiction]:
        """Images given with a hash, where an image known by its path alone has their path."""
        # Not a join: which side is walked and which looked up must not be left to the database.
        known = select(Image.id).where(Image.path == SCORES.c.path, Image.sha256.is_(None))
        query = select(SCORES.c.row, SCORES.c.path, literal("")).where(
            SCORES.c.sha256.is_not(None), known.exists()
        )
        return self._contradictions(query)

    def other_scores(self, head: str) -> Iterator[Contradiction]:
        """Rows that say of an image what the detector did not say of it before."""
        given = [SCORES.c[name] for name in NUMBERS]
        known = [getattr(Prediction, name) for name in NUMBERS]
        differ = (one.is_distinct_from(other) for one, other in zip(given, known, strict=True))
        query = (
            select(SCORES.c.row, *given, *known)
            .join(IMAGES, IMAGES.c.image == SCORES.c.image)
            .join(Prediction, _same(head))
            .where(IMAGES.c.image_id.is_not(None), or_(*differ))
            .order_by(SCORES.c.row)
        )
        for row, *numbers in self._session.execute(query):
            pairs = zip(NUMBERS, numbers, numbers[len(NUMBERS) :], strict=False)
            name, one, other = next(pair for pair in pairs if pair[1] != pair[2])
            yield Contradiction(row, f"{name} {one}", f"{name} {other}")

    def other_labels(self) -> Iterator[Contradiction]:
        """Rows whose label is another than the known one."""
        query = (
            select(IMAGES.c.label_row, IMAGES.c.label, KnownLabel.value)
            .join(Item, Item.image_id == IMAGES.c.image_id)
            .join(KnownLabel, KnownLabel.item_id == Item.id)
            .where(IMAGES.c.label != KnownLabel.value)
        )
        return self._contradictions(query)

    def other_splits(self) -> Iterator[Contradiction]:
        """Rows whose split is another than the known one."""
        query = (
            select(IMAGES.c.split_row, IMAGES.c.split, Item.split)
            .join(Item, Item.image_id == IMAGES.c.image_id)
            .where(IMAGES.c.split != Item.split)
        )
        return self._contradictions(query)

    def apply(self, file: str, needed_labels: int, now: datetime) -> Applied:
        """Add images and items that are new, and what is not known yet of the others.

        New ones follow the order of their keys, as the indexes do: in the file's order it would
        take four times as long, with everybody's writing held up.

        ``file``: named as the provenance of known labels. Predictions follow by `add_predictions`,
        once their checkpoints are there.
        """
        before = self._session.scalar(select(func.max(Item.id))) or 0
        at = literal(now, UtcDateTime())
        new = select(IMAGES.c.sha256, IMAGES.c.path, at).where(IMAGES.c.image_id.is_(None))
        self._insert(Image, ["sha256", "path", "created_at"], new.order_by(IMAGES.c.image))
        self._resolve(is_new=True)
        self._session.execute(CreateIndex(KNOWN))
        n = self._add_items(needed_labels, at)
        for attribute, given in ((Item.source, IMAGES.c.source), (Item.split, IMAGES.c.split)):
            self._fill_in(attribute, given)
        labels = self._add_labels(file, at)
        last = self._session.scalar(select(func.max(Item.id))) or 0
        return Applied(n, labels, (before + 1, last) if n else None)

    def add_predictions(self, checkpoint_id: str, head: str, now: datetime) -> int:
        """Store what the checkpoint says and has not said yet; how many images."""
        known = select(Prediction.image_id).where(_same(head)).exists()
        copied = ("p_fake", "std", "entropy", "score", "novelty")
        rows = (
            select(
                IMAGES.c.image_id,
                SCORES.c.checkpoint_id,
                literal(head),
                literal(0.0),
                literal(now, UtcDateTime()),
                *(SCORES.c[name] for name in copied),
            )
            .join(IMAGES, IMAGES.c.image == SCORES.c.image)
            .where(SCORES.c.checkpoint_id == checkpoint_id, ~known)
            .order_by(SCORES.c.image)
        )
        fixed = ["image_id", "checkpoint_id", "head", "mutual_information", "created_at"]
        return self._insert(Prediction, [*fixed, *copied], rows)

    def _resolve(self, *, is_new: bool) -> None:
        by_hash = select(Image.id).where(Image.sha256 == IMAGES.c.sha256)
        by_path = select(Image.id).where(Image.path == IMAGES.c.path, Image.sha256.is_(None))
        for found, kind in (
            (by_hash, IMAGES.c.sha256.is_not(None)),
            (by_path, IMAGES.c.sha256.is_(None)),
        ):
            self._session.execute(
                update(IMAGES)
                .where(kind, IMAGES.c.image_id.is_(None))
                .values(image_id=found.scalar_subquery(), is_new=is_new)
            )

    def _add_items(self, needed_labels: int, at: ColumnElement[datetime]) -> int:
        require(None, AuditKind.SCORES_INGESTED, ItemState.PENDING)
        rows = (
            select(
                IMAGES.c.image_id,
                IMAGES.c.name,
                IMAGES.c.source,
                IMAGES.c.split,
                literal(ItemState.PENDING.value),
                at,
                at,
                literal(0.0),
                literal(PlacedBy.TIME.value),
                literal(needed_labels),
                literal(needed_labels),
            )
            .where(IMAGES.c.is_new)
            .order_by(IMAGES.c.image)
        )
        columns = ["image_id", "name", "source", "split", "state", "state_since", "created_at"]
        columns += ["rank", "placed_by", "needed_labels", "open_slots"]
        return self._insert(Item, columns, rows)

    def _fill_in(self, known: InstrumentedAttribute[str | None], given: ColumnElement[str]) -> None:
        """What is known already stays."""
        known_image = ~IMAGES.c.is_new
        told = select(given).where(known_image, IMAGES.c.image_id == Item.image_id)
        lacking = select(IMAGES.c.image_id).where(known_image, given.is_not(None))
        filled = (known.is_(None), Item.image_id.in_(lacking))
        ids = self._session.scalars(select(Item.id).where(*filled).order_by(Item.id)).all()
        self._session.execute(
            update(Item)
            .where(*filled)
            .values({known: told.scalar_subquery()})
            .execution_options(synchronize_session=False)
        )
        sealing_of(self._session).filled("item", known.key, ids)

    def _add_labels(self, file: str, at: ColumnElement[datetime]) -> int:
        provenance = literal(f"{file} (row ") + cast(IMAGES.c.label_row, String) + literal(")")
        rows = (
            select(Item.id, IMAGES.c.label, provenance, at)
            .join(Item, Item.image_id == IMAGES.c.image_id)
            .where(
                IMAGES.c.label.is_not(None),
                ~select(KnownLabel.id).where(KnownLabel.item_id == Item.id).exists(),
            )
            .order_by(Item.id)
        )
        return self._insert(KnownLabel, ["item_id", "value", "provenance", "created_at"], rows)

    def _insert(self, table: type[Base], columns: list[str], rows: Query) -> int:
        """Insert what ``rows`` selects; how many there were."""
        statement = insert(table).from_select(columns, rows, include_defaults=False)
        return self._session.connection().execute(statement).rowcount

    def _contradictions(self, query: Query) -> Iterator[Contradiction]:
        """The contradictions by row; the first column of ``query`` is the row, the others are what
        is given and what is known."""
        ordered = query.order_by(text("1"))
        return (Contradiction(*row) for row in self._session.execute(ordered))


def _same(head: str) -> ColumnElement[bool]:
    """A prediction by the staged row's checkpoint, of its image."""
    return and_(
        Prediction.image_id == IMAGES.c.image_id,
        Prediction.checkpoint_id == SCORES.c.checkpoint_id,
        Prediction.head == head,
    )
