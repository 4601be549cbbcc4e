"""Sees to it that images have the predictions of a checkpoint: stored ones are not made again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from itertools import compress
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from review_app.core.chunks import batches, mapped
from review_app.inference.checkpoint import Judgement
from review_app.inference.heads import HeadName, HeadPrediction
from review_app.inference.service import Opinion
from review_app.inference.stored import StoredJudgement
from storage.database import Database
from storage.models import Item
from storage.repositories.unscored import UnscoredPicture
from storage.types import utc_now

BATCH = 64
"""Images scored at once, and stored together."""
STORED_BATCH = 256
"""The same, of images that need no file: what heads are asked of them takes some megabytes. More
the allocator would not give back."""
_AHEAD: Final = 4
"""Such batches that may be judged before the first of them is stored."""
_FIELDS: Final = [field.name for field in fields(Opinion)]

Opinions = Mapping[str, Opinion]
"""What each head says of one image, by the head's name."""


class Scorer(Protocol):
    """A scorer of stored images with one checkpoint."""

    def score(self, items: Sequence[Item], checkpoint_id: str) -> dict[int, Opinions | str]:
        """The opinions of every head by item id, or in words why there are none."""
        ...

    def judge_stored(self, sha256s: Sequence[str], checkpoint_id: str) -> StoredJudgement | None:
        """What every head says of those of the images of which enough is stored that none has to be
        opened; None where there are none. The same as `score` would say."""
        ...


class Scoring:
    """Predictions of the items of one database."""

    def __init__(self, database: Database, scorer: Scorer) -> None:
        self._database = database
        self._scorer = scorer

    def complete_stored(self, item_ids: Sequence[int], checkpoint_id: str) -> Iterator[list[int]]:
        """Score those of ``item_ids`` that the checkpoint has not scored and that need no file for
        it, and store what its heads say; their ids, block by block. Otherwise as `complete`."""
        with self._database.read() as repos:
            missing = repos.unscored.pictures(item_ids, checkpoint_id)

        def judge(some: Sequence[UnscoredPicture]) -> StoredJudgement | None:
            return self._scorer.judge_stored([each.sha256 for each in some], checkpoint_id)

        with ThreadPoolExecutor(1, "stored-scores") as pool:  # while some are written, the next
            blocks = batches(missing, STORED_BATCH)
            work = mapped(pool, lambda block: (block, judge(block)), blocks, _AHEAD)
            for some, judged in work:
                if judged is None:
                    continue
                by_hash = {each.sha256: each for each in some}
                pictures = [by_hash[sha256] for sha256 in judged.keys]
                self._keep_judgement(pictures, judged.judgement, checkpoint_id)
                yield [picture.item_id for picture in pictures]

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

    def _keep_judgement(
        self, pictures: Sequence[UnscoredPicture], judgement: Judgement, checkpoint_id: str
    ) -> None:
        columns = _columns(pictures, judgement, checkpoint_id)
        # Judged again from what is stored it would be the same, so it may be lost with the power.
        with self._database.write(durable=False) as repos:
            ids = [picture.item_id for picture in pictures]
            still = {each.image_id for each in repos.unscored.pictures(ids, checkpoint_id)}
            if len(still) < len(pictures):
                kept = [image_id in still for image_id in columns["image_id"]]
                columns = {name: list(compress(each, kept)) for name, each in columns.items()}
            repos.unscored.add(columns, utc_now())

    def _keep(
        self, items: Sequence[Item], opinions: Mapping[int, Opinions], checkpoint_id: str
    ) -> None:
        """Store predictions, but for those that another run has stored meanwhile: the same ones."""
        with self._database.write() as repos:
            stored = repos.predictions.of_images([item.image_id for item in items], checkpoint_id)
            repos.predictions.add_many(
                [
                    {"image_id": item.image_id, "checkpoint_id": checkpoint_id, "head": head}
                    | {name: getattr(opinion, name) for name in _FIELDS}
                    for item in items
                    if item.image_id not in stored
                    for head, opinion in opinions.get(item.id, {}).items()
                ]
            )


def _columns(
    pictures: Sequence[UnscoredPicture], judgement: Judgement, checkpoint_id: str
) -> dict[str, list[Any]]:
    """What `Unscored.add` stores: image by image, what each head says of it."""
    heads, n = list(judgement.heads), len(pictures)

    def of_images(values: Iterable[Any]) -> list[Any]:
        return [value for value in values for _ in heads]

    def of_heads(says: Callable[[HeadName], NDArray[np.float64]]) -> list[Any]:
        found: list[Any] = np.stack([says(head) for head in heads], axis=1).ravel().tolist()
        return found

    def field_of(name: str) -> list[Any]:
        return of_heads(lambda head: getattr(judgement.heads[head], name))

    novelty = judgement.novelty
    return {
        "image_id": of_images(picture.image_id for picture in pictures),
        "checkpoint_id": [checkpoint_id] * (n * len(heads)),
        "head": [head.value for head in heads] * n,
        **{field.name: field_of(field.name) for field in fields(HeadPrediction)},
        "score": of_heads(lambda head: judgement.scores[head]),
        "novelty": of_images([None] * n if novelty is None else novelty.tolist()),
        "scope": of_images(judgement.nearest),
    }
