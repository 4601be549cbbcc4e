"""Sees to it that images have the predictions of a checkpoint: stored ones are not made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any, Final, Protocol

from review_app.core.chunks import batches, mapped
from review_app.inference.checkpoint import Judgement
from review_app.inference.heads import HeadName
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

    def complete_stored(self, item_ids: Sequence[int], checkpoint_id: str) -> set[int]:
        """Score those of ``item_ids`` that the checkpoint has not scored and that need no file for
        it, and store what its heads say; their ids. Many at a time, and otherwise as `complete`."""
        with self._database.read() as repos:
            missing = repos.unscored.pictures(item_ids, checkpoint_id)
        done: set[int] = set()

        def judge(some: Sequence[UnscoredPicture]) -> StoredJudgement | None:
            return self._scorer.judge_stored([each.sha256 for each in some], checkpoint_id)

        with ThreadPoolExecutor(1, "stored-scores") as pool:  # while some are written, the next
            blocks = batches(missing, STORED_BATCH)
            for some, judged in mapped(pool, lambda block: (block, judge(block)), blocks, 2):
                if judged is None:
                    continue
                by_hash = {each.sha256: each for each in some}
                pictures = [by_hash[sha256] for sha256 in judged.keys]
                self._keep_judgement(pictures, judged.judgement, checkpoint_id)
                done.update(picture.item_id for picture in pictures)
        return done

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
        rows = list(_rows(pictures, judgement, checkpoint_id))
        with self._database.write() as repos:
            ids = [picture.item_id for picture in pictures]
            still = {each.image_id for each in repos.unscored.pictures(ids, checkpoint_id)}
            repos.unscored.add([row for row in rows if row[0] in still], utc_now())

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


def _rows(
    pictures: Sequence[UnscoredPicture], judgement: Judgement, checkpoint_id: str
) -> Iterator[tuple[Any, ...]]:
    """The values of `Unscored.add`, image by image, each head's."""
    novelty = judgement.novelty
    measured = [None] * len(pictures) if novelty is None else novelty.tolist()
    by_head = [(name.value, _columns(judgement, name)) for name in judgement.heads]
    for at, picture in enumerate(pictures):
        for head, columns in by_head:
            own = (picture.image_id, checkpoint_id, head, *columns[at])
            yield (*own, measured[at], judgement.nearest[at])


def _columns(judgement: Judgement, head: HeadName) -> list[tuple[float, ...]]:
    says = judgement.heads[head]
    columns = (says.p_fake, says.std, says.entropy, says.mutual_information)
    return list(zip(*(each.tolist() for each in (*columns, judgement.scores[head])), strict=True))
