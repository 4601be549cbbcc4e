"""Sees to it that images have the predictions of a checkpoint: stored ones are not made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Protocol

from review_app.inference.service import Opinion
from storage.database import Database
from storage.models import Item

BATCH = 64
"""Images scored at once, and stored together."""

Opinions = Mapping[str, Opinion]
"""What each head says of one image, by the head's name."""


class Scorer(Protocol):
    """A scorer of stored images with one checkpoint."""

    def score(self, items: Sequence[Item], checkpoint_id: str) -> dict[int, Opinions | str]:
        """The opinions of every head by item id, or in words why there are none."""
        ...


class Scoring:
    """Predictions of the items of one database."""

    def __init__(self, database: Database, scorer: Scorer) -> None:
        self._database = database
        self._scorer = scorer

    def complete(self, items: Sequence[Item], checkpoint_id: str) -> dict[int, str]:
        """Score those of ``items`` (with images) that the checkpoint has not scored, and store what
        its heads say; in words, by item id, why some could not be scored.

        Nothing is decided and nothing moves. Interrupted, it leaves whole batches scored.
        """
        with self._database.read() as repos:
            stored = repos.predictions.of_images([i.image_id for i in items], checkpoint_id)
        missing = [item for item in items if item.image_id not in stored]
        failures: dict[int, str] = {}
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            outcomes = self._scorer.score(batch, checkpoint_id)
            opinions = {i: found for i, found in outcomes.items() if not isinstance(found, str)}
            failures |= {i: found for i, found in outcomes.items() if isinstance(found, str)}
            self._keep(batch, opinions, checkpoint_id)
        return failures

    def _keep(
        self, items: Sequence[Item], opinions: Mapping[int, Opinions], checkpoint_id: str
    ) -> None:
        """Store predictions, but for those that another run has stored meanwhile: the same ones."""
        with self._database.write() as repos:
            stored = repos.predictions.of_images([item.image_id for item in items], checkpoint_id)
            repos.predictions.add_many(
                [
                    {"image_id": item.image_id, "checkpoint_id": checkpoint_id, "head": head}
                    | asdict(opinion)
                    for item in items
                    if item.image_id not in stored
                    for head, opinion in opinions.get(item.id, {}).items()
                ]
            )
