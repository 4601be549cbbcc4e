"""What a fusion learns from: labels, and what its members say of the labelled images and others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from review_app.core.progress import Progress
from review_app.detectors.scoring import BATCH, Scorer, Scoring
from review_app.fusion.fitting import ToldScores, telling
from review_app.scores.card import PREFIX as EXTERNAL
from review_app.scores.sample import draw_of
from storage.database import Database
from storage.repositories.member_scores import TeachingLabel
from storage.types import utc_now

Member = tuple[str, str]
"""Checkpoint and head."""
Float64 = NDArray[np.float64]
HERE = 2000
"""Images, labelled or not, by which members are compared."""


class Members(Scorer, Protocol):
    """Scores with the members whose models are here, and tells what they were trained on."""

    def has_seen(self, checkpoint_id: str) -> Callable[[str], bool]:
        """A function that tells by an image's key whether it made the detector."""
        ...


@dataclass(frozen=True)
class Teaching:
    """What there is to learn from."""

    keys: list[str]
    """Those of the labelled images."""
    labelled: ToldScores
    other_keys: list[str]
    """Those of images without a label."""
    other_scores: Float64
    """What the members say of them, [n, members]."""

    @property
    def here(self) -> Float64:
        """The members' scores of all of them."""
        return np.concatenate([self.labelled.scores, self.other_scores])


def native(members: Sequence[Member]) -> list[str]:
    """The checkpoints among ``members`` whose models are here."""
    every = dict.fromkeys(checkpoint for checkpoint, _ in members)
    return [checkpoint for checkpoint in every if not checkpoint.startswith(EXTERNAL)]


def gather(
    database: Database,
    models: Members,
    members: Sequence[Member],
    most: int,
    progress: Progress | None = None,
) -> Teaching:
    """At most so many labels, those of images set aside for tuning first, then by the images'
    draws: the same ones each time. What a member here was trained on is left out."""
    with database.read() as repos:
        every = repos.member_scores.labelled(utc_now())
        sample = repos.member_scores.some_images(HERE)
    chosen = choose_labels(every, [models.has_seen(each) for each in native(members)], most)
    have_scored(database, models, members, chosen, progress)
    labelled_images = {each.image_id for each in every}
    others = [each for each in sample if each[0] not in labelled_images]
    with database.read() as repos:
        scores, _ = repos.member_scores.of_images([each.image_id for each in chosen], members)
        other_scores, _ = repos.member_scores.of_images([each for each, _ in others], members)
    heard, others_heard = heard_of(scores), heard_of(other_scores)
    kept = [each for each, there in zip(chosen, heard, strict=True) if there]
    return Teaching(
        [each.key for each in kept],
        ToldScores(
            scores[heard],
            np.array([each.is_fake for each in kept], np.bool_),
            telling(np.array([1 / each.inclusion_probability for each in kept], np.float64)),
        ),
        [key for (_, key), there in zip(others, others_heard, strict=True) if there],
        other_scores[others_heard],
    )


def heard_of(scores: Float64) -> NDArray[np.bool_]:
    """Which images [n] some member has scored, by ``scores`` [n, members]."""
    return np.asarray(~np.isnan(scores).all(axis=1))


def choose_labels(
    labels: Sequence[TeachingLabel], trained_on: Sequence[Callable[[str], bool]], most: int
) -> list[TeachingLabel]:
    """At most so many of ``labels`` of images that no detector was ``trained_on``, as `gather` has
    it."""
    able = [each for each in labels if not any(seen(each.key) for seen in trained_on)]
    return sorted(able, key=lambda each: (not each.proves_nothing, draw_of(each.key)))[:most]


def have_scored(
    database: Database,
    models: Members,
    members: Sequence[Member],
    labels: Sequence[TeachingLabel],
    progress: Progress | None,
) -> None:
    """Have the members whose models are here score the labelled images."""
    scoring, here = Scoring(database, models), native(members)
    done, total = 0, len(here) * len(labels)
    for checkpoint in here:
        for start in range(0, len(labels), BATCH):
            batch = labels[start : start + BATCH]
            with database.read() as repos:
                items = repos.items.get_many([each.item_id for each in batch])
            scoring.complete(items, checkpoint)
            done += len(batch)
            if progress:
                progress(done, total)
