"""A deployment of the light checkpoint in which people have settled images whose features are
stored: no image is decoded, and no file of one is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.inference.checkpoint import Checkpoint
from storage.enums import ItemState, LabelValue
from tests.applications import Deployment, deployment

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
VALUES = {False: LabelValue.REAL, True: LabelValue.FAKE}


class Labelled:
    """Items that people have settled, one an hour, with features that tell their labels."""

    def __init__(self, place: Deployment, checkpoint: Checkpoint) -> None:
        self.place, self.checkpoint = place, checkpoint
        self.app = place.app
        self.reviewer = place.factory.person()
        self._hours = 0

    def add(self, is_fake: bool, **values: Any) -> int:
        """The id of one more settled item; ``values`` of its row."""
        factory, value = self.place.factory, VALUES[is_fake]
        known = values.pop("known", None)
        item_id = factory.item(ItemState.RESOLVED, verdict=value, known=known, **values)
        at = BEGUN + timedelta(hours=self._hours)
        self._hours += 1
        factory.label(self.reviewer, item_id, value, labelled_at=at)
        self.keep_features(item_id, is_fake)
        return item_id

    def keep_features(self, item_id: int, is_fake: bool) -> None:
        """Store features of the item that lean to its label."""
        key = self.checkpoint.card.backbone_key
        with self.place.app.database.write() as repos:
            repos.features.put_many({self.sha256(item_id): self.features(item_id, is_fake)}, key)

    def features(self, seed: int, is_fake: bool) -> np.ndarray:
        """Features of one image, [width]."""
        standard = self.checkpoint.model.standardizer
        drawn = 0.5 * np.random.default_rng(seed).standard_normal(len(standard.mean))
        drawn[:500] += 0.25 if is_fake else -0.25
        found = standard.mean + standard.scale * drawn.astype(np.float32)
        return np.asarray(found.astype(np.float16).astype(np.float32))

    def sha256(self, item_id: int) -> str:
        with self.place.app.database.read() as repos:
            item = repos.items.get(item_id)
            assert item is not None
            assert item.image.sha256
            return item.image.sha256


def with_labels(place: Labelled) -> Labelled:
    """The same with sixty labels, every second one fake."""
    for number in range(60):
        place.add(number % 2 == 1)
    return place


@contextmanager
def labelling(folder: Path, light: Checkpoint) -> Iterator[Labelled]:
    """A deployment of the light checkpoint in ``folder``, without any label."""
    with deployment(folder, checkpoint=DEFAULT_CHECKPOINT.parent / "faces") as place:
        yield Labelled(place, light)


@pytest.fixture(scope="session")
def light() -> Checkpoint:
    return Checkpoint.load(DEFAULT_CHECKPOINT.parent / "faces")


@pytest.fixture
def labelled(tmp_path: Path, light: Checkpoint) -> Iterator[Labelled]:
    with labelling(tmp_path, light) as place:
        yield place
