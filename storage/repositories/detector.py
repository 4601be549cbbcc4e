"""Checkpoints, cached features, predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import case, func, insert, select
from sqlalchemy.orm import Session

from storage.enums import CheckpointKind, ItemState, LabelValue
from storage.models import CheckpointRow, Feature, Image, Item, KnownLabel, Prediction
from storage.models.base import Json
from storage.repositories.portions import portions

LOOKED_THROUGH = 20_000
"""Among how many of the newest items those with features are looked for."""


@dataclass(frozen=True)
class FeaturePoint:
    """An image with its features, and what is known of it."""

    vector: np.ndarray
    """Float32 [width]."""
    p_fake: float
    std: float
    label: LabelValue | None
    """The label that it came with, or else the verdict of people."""


@dataclass(frozen=True)
class NoveltyCut:
    """The cut by which a checkpoint's card tells images that are unlike its training images."""

    cut: float
    """The z above which an image is."""
    usual: float
    """Share of the validation images that is."""


class Checkpoints:
    """Checkpoints that have scored something here."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, checkpoint_id: str) -> CheckpointRow | None:
        """The checkpoint of that id; None where it has scored nothing here."""
        return self._session.get(CheckpointRow, checkpoint_id)

    def novelty(self, checkpoint_id: str) -> NoveltyCut | None:
        """The cut from which on the checkpoint calls an image unlike its training images; ``None``
        where it does not measure that."""
        row = self.get(checkpoint_id)
        card = None if row is None else row.card.get("novelty")
        return None if card is None else NoveltyCut(card["cut"], card["flagged"])

    def cuts(self, checkpoint_id: str, head: str) -> Json | None:
        """The cuts from which on ``head`` counts as uncertain of an image, as its card has it;
        ``None`` where the card does not say."""
        row = self.get(checkpoint_id)
        heads: Json = {} if row is None else row.card.get("heads", {})
        cuts: Json | None = heads.get(head, {}).get("cuts")
        return cuts

    def register(self, checkpoint: CheckpointRow) -> None:
        """Remember the checkpoint; where it is known already, only its path is renewed."""
        known = self.get(checkpoint.id)
        if known is None:
            self._session.add(checkpoint)
        else:
            known.path = checkpoint.path
        self._session.flush()

    def tell_key(self, checkpoint_id: str, backbone_key: str) -> None:
        """Remember by which key the checkpoint's features are cached from now on."""
        known = self.get(checkpoint_id)
        if known is not None and known.backbone_key != backbone_key:
            known.backbone_key = backbone_key
            self._session.flush()

    def keep_external(self, checkpoint_id: str, card: dict[str, Any]) -> None:
        """Store the card of an external detector, in place of an older one."""
        known = self.get(checkpoint_id)
        if known is None:
            kind = CheckpointKind.EXTERNAL
            self._session.add(CheckpointRow(id=checkpoint_id, kind=kind, card=card))
        else:
            known.card = card
        self._session.flush()

    def all(self) -> list[CheckpointRow]:
        """Every checkpoint that is known here, oldest first."""
        order = (CheckpointRow.created_at, CheckpointRow.id)
        return list(self._session.scalars(select(CheckpointRow).order_by(*order)))

    def add_made(self, checkpoint_id: str, kind: CheckpointKind, card: dict[str, Any]) -> None:
        """Store a detector that is made of others, which never changes after that."""
        self._session.add(CheckpointRow(id=checkpoint_id, kind=kind, card=card))
        self._session.flush()

    def of_kind(self, kind: CheckpointKind) -> list[CheckpointRow]:
        """The detectors of that kind, oldest first."""
        query = select(CheckpointRow).where(CheckpointRow.kind == kind)
        return list(
            self._session.scalars(query.order_by(CheckpointRow.created_at, CheckpointRow.id))
        )


class Features:
    """Feature vectors by (image file, backbone)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_many(self, sha256s: Sequence[str], backbone_key: str) -> dict[str, np.ndarray]:
        """The vectors (float32) that are cached, by hash."""
        found: dict[str, np.ndarray] = {}
        for some in portions(sha256s):
            query = select(Feature.sha256, Feature.vector).where(
                Feature.backbone_key == backbone_key,
                Feature.sha256.in_(some),
            )
            for sha256, vector in self._session.execute(query):
                found[sha256] = np.frombuffer(vector, dtype="<f2").astype(np.float32)
        return found

    def newest(
        self, checkpoint: CheckpointRow, head: str, limit: int, labelled: bool = False
    ) -> dict[int, FeaturePoint]:
        """The ``limit`` newest images with cached features of the checkpoint's backbone and a
        prediction of its ``head``, by item id, among the newest `LOOKED_THROUGH` items; those
        alone that are ``labelled`` real or fake, or all."""
        last = self._session.scalar(select(func.max(Item.id))) or 0
        label = func.coalesce(
            KnownLabel.value, case((Item.state == ItemState.RESOLVED, Item.verdict))
        )
        query = (
            select(Item.id, Feature.vector, Prediction.p_fake, Prediction.std, label)
            .select_from(Item)
            .join(Image, Image.id == Item.image_id)
            .join(Feature, Feature.sha256 == Image.sha256)
            .join(Prediction, Prediction.image_id == Item.image_id)
            .outerjoin(KnownLabel, KnownLabel.item_id == Item.id)
            .where(
                Item.id > last - LOOKED_THROUGH,
                Feature.backbone_key == checkpoint.backbone_key,
                Prediction.checkpoint_id == checkpoint.id,
                Prediction.head == head,
            )
            .order_by(Item.id.desc())
            .limit(limit)
        )
        if labelled:
            query = query.where(label.in_([LabelValue.REAL, LabelValue.FAKE]))
        return {
            item_id: FeaturePoint(
                np.frombuffer(vector, dtype="<f2").astype(np.float32), p_fake, std, value
            )
            for item_id, vector, p_fake, std, value in self._session.execute(query)
        }

    def put_many(self, features: Mapping[str, np.ndarray], backbone_key: str) -> None:
        """Cache the vectors that are not cached yet; their values must fit float16 exactly."""
        known = self.get_many(list(features), backbone_key)
        rows = [
            {
                "sha256": sha256,
                "backbone_key": backbone_key,
                "vector": np.ascontiguousarray(vector, dtype="<f2").tobytes(),
            }
            for sha256, vector in features.items()
            if sha256 not in known
        ]
        if rows:
            self._session.execute(insert(Feature), rows)


class Predictions:
    """The repository of what each head said of each image."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_many(self, rows: Sequence[dict[str, Any]]) -> None:
        """Store predictions; rows are column values of ``Prediction``."""
        if rows:
            self._session.execute(insert(Prediction), list(rows))

    def count_of(self, checkpoint_id: str) -> int:
        """How many predictions the checkpoint has made."""
        query = select(func.count()).where(Prediction.checkpoint_id == checkpoint_id)
        return self._session.scalar(query) or 0

    def beneath(
        self, sha256s: Sequence[str], checkpoint_id: str, head: str
    ) -> dict[str, tuple[float, float, float | None]]:
        """P(fake), std and novelty by ``head``, by the hash of the image's file; what it has not
        scored is left out."""
        found: dict[str, tuple[float, float, float | None]] = {}
        for some in portions(sha256s):
            query = (
                select(Image.sha256, Prediction.p_fake, Prediction.std, Prediction.novelty)
                .select_from(Image)
                .join(Prediction, Prediction.image_id == Image.id)
                .where(
                    Prediction.checkpoint_id == checkpoint_id,
                    Prediction.head == head,
                    Image.sha256.in_(some),
                )
            )
            for sha256, p_fake, std, novelty in self._session.execute(query):
                found[str(sha256)] = (p_fake, std, novelty)
        return found

    def of_images(
        self, image_ids: Sequence[int], checkpoint_id: str
    ) -> dict[int, dict[str, Prediction]]:
        """Predictions by image id, then head."""
        found: dict[int, dict[str, Prediction]] = {}
        for some in portions(image_ids):
            query = select(Prediction).where(
                Prediction.checkpoint_id == checkpoint_id,
                Prediction.image_id.in_(some),
            )
            for row in self._session.scalars(query):
                found.setdefault(row.image_id, {})[row.head] = row
        return found
