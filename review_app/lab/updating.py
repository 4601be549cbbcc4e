"""A checkpoint brought up to date by people's labels, without the images that it was trained on.

Its default head gets a successor, whose prior is centred at it (`UpdatedHead`). All else of the
checkpoint stays: standardiser, gate, novelty, the other heads. What the successor needs to be
judged by, calibration, threshold grid, cuts, comes from predictions for images by heads that did
not see their labels.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import DetectorError
from review_app.core.progress import Progress
from review_app.inference.calibration import (
    Calibration,
    CalibrationName,
    calibrate,
    choose_calibration,
)
from review_app.inference.card import CalibrationCard, CheckpointCard, HeadCard, LearnedCard
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.heads import SOURCE_SEED, HeadName, HeadPrediction, Matrix
from review_app.inference.heads.updated import UpdatedHead, UpdateProblem, UpdateTraining
from review_app.inference.model import beside
from review_app.inference.seen_images import LearnedImages, prefixes
from review_app.lab.head_choices import head_card
from review_app.lab.validation import folds_of

FOLDS: Final = 5
FEWEST: Final = 15
"""Labels of each class, of as many different pictures: three for every fold."""
_MADE_ANEW = frozenset({"schema_version", "heads_sha256"})

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TaughtImages:
    """Labelled images, and what the checkpoint says of each before it learns."""

    images: LabelledFeatures
    """Their features are what heads are told of them (`Model.told`), [n, d]."""
    base: HeadName
    """The head that is to change; see `base_head`."""
    before: HeadPrediction
    """Its calibrated prediction."""
    novelty: Float64 | None
    """How unlike the training images each is, z; None where nothing measures it."""

    @classmethod
    def asked(cls, images: LabelledFeatures, checkpoint: Checkpoint) -> TaughtImages:
        """``images`` as a backbone extracts them, with what ``checkpoint`` says of them."""
        judgement, base = checkpoint.judge(images.features), base_head(checkpoint)
        told = replace(images, features=checkpoint.model.told(images.features))
        return cls(told, base, judgement.heads[base], judgement.novelty)


def base_head(checkpoint: Checkpoint, used: HeadName | None = None) -> HeadName:
    """The head that labels change: the one that is ``used``, by default the default one; where
    that is an update, the one beneath.

    Labels are kept, so every update learns from all of them; an update of an update would count
    the older ones twice.
    """
    head, learned = used or checkpoint.default_head, checkpoint.card.learned
    if head is not HeadName.UPDATED:
        return head
    assert learned is not None  # or the checkpoint would not have loaded
    assert learned.head is not None
    return learned.head


def seen_by_base(checkpoint: Checkpoint) -> NDArray[np.uint64]:
    """Prefixes of the images that `base_head` has seen, sorted: their labels teach it nothing."""
    return checkpoint.seen_prefixes if checkpoint.model.updated is None else given(checkpoint)


def given(checkpoint: Checkpoint) -> NDArray[np.uint64]:
    """Prefixes of the images that it has seen but for those that people labelled, sorted."""
    if checkpoint.learned is None:
        return checkpoint.seen_prefixes
    return np.setdiff1d(checkpoint.seen_prefixes, checkpoint.learned.taught)


def update_checkpoint(
    checkpoint: Checkpoint,
    taught: TaughtImages,
    *,
    name: str,
    learned: LearnedCard,
    held_out: Sequence[str],
    training: UpdateTraining = UpdateTraining(),  # noqa: B008 - frozen
    seed: int = SOURCE_SEED,
    fits: Progress | None = None,
) -> Checkpoint:
    """The successor of ``checkpoint``, not saved; it is called ``name``.

    ``held_out`` are the hashes of images that people have labelled and that had no part in it.
    ``fits`` counts the heads that are fitted. The same arguments give the same checkpoint.

    Raises DetectorError where a class has fewer than 15 images, or fewer than 5 groups.
    """
    images = taught.images
    _require_enough(images)
    rows = beside(images.features, taught.before)
    problem = UpdateProblem(rows, training, seed)
    head = problem.fit(np.arange(len(images)), images.is_fake, images.weighting)
    if fits:
        fits(1, 1 + FOLDS)
    precision = head.facts["prior_precision"]
    others = _by_others(problem, rows, images, precision, seed, fits)
    calibration, card = _card(checkpoint, head, training, others, taught, seed)
    facts = _facts(checkpoint.card) | {
        "name": name,
        "created_at": datetime.now(UTC),
        "seed": seed,
        "default_head": HeadName.UPDATED,
        "heads": {**checkpoint.card.heads, HeadName.UPDATED: card},
        "learned": learned.model_copy(update={"head": taught.base}),
        "parent": checkpoint.id,
    }
    calibrations: dict[HeadName, tuple[Calibration, ...]] = {
        each: maps for each, maps in checkpoint.calibrations.items() if each is not HeadName.UPDATED
    }
    if card.calibration.name is not CalibrationName.NONE:
        calibrations[HeadName.UPDATED] = (calibration,)
    own = LearnedImages(prefixes(images.keys), prefixes(held_out))
    seen = np.union1d(seen_by_base(checkpoint), own.taught)
    model = replace(checkpoint.model, updated=head)
    return Checkpoint.assemble(facts, model, calibrations, seen, own)


def with_learned(
    checkpoint: Checkpoint, learned: LearnedCard, taught: Sequence[str], held_out: Sequence[str]
) -> Checkpoint:
    """``checkpoint``, made from other images and those with the hashes ``taught`` together, with
    what it learned of people in its card and tensors."""
    own = LearnedImages(prefixes(taught), prefixes(held_out))
    facts = _facts(checkpoint.card) | {"learned": learned}
    seen = checkpoint.seen_prefixes
    return Checkpoint.assemble(facts, checkpoint.model, checkpoint.calibrations, seen, own)


def _facts(card: CheckpointCard) -> dict[str, Any]:
    return {
        field: getattr(card, field)
        for field in CheckpointCard.model_fields
        if field not in _MADE_ANEW
    }


def _require_enough(images: LabelledFeatures) -> None:
    for label, count in (("fake", images.is_fake), ("real", ~images.is_fake)):
        if (found := int(count.sum())) < FEWEST:
            raise DetectorError(
                f"there are {found} labels that say {label}; an update needs {FEWEST} of each class"
            )


def _by_others(
    problem: UpdateProblem,
    rows: Matrix,
    images: LabelledFeatures,
    precision: float,
    seed: int,
    fits: Progress | None,
) -> HeadPrediction:
    """Each image by a head that learned from the other folds, [n]."""
    parts = folds_of(images, FOLDS, seed)

    def read(part: tuple[NDArray[np.intp], NDArray[np.intp]]) -> HeadPrediction:
        taught, held_out = part
        some = images.take(taught)
        head = problem.fit(taught, some.is_fake, some.weighting, precision)
        return head.predict(rows[held_out])

    found: list[HeadPrediction] = []
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="folds") as pool:
        for each in pool.map(read, parts):
            found.append(each)
            if fits:
                fits(1 + len(found), 1 + FOLDS)
    order = np.argsort(np.concatenate([held_out for _, held_out in parts]))
    return HeadPrediction.concatenated(found).take(order)


def _card(
    checkpoint: Checkpoint,
    head: UpdatedHead,
    training: UpdateTraining,
    others: HeadPrediction,
    taught: TaughtImages,
    seed: int,
) -> tuple[Calibration, HeadCard]:
    """The calibration of ``head`` and its card, by what ``others`` say of the images."""
    images = taught.images
    calibration, nll = choose_calibration(
        others.p_fake,
        images.is_fake,
        images.groups or ("",) * len(images),
        seed=seed,
        weights=images.weighting,
    )
    unlike = None
    if checkpoint.model.novelty and taught.novelty is not None:
        unlike = taught.novelty > checkpoint.model.novelty.cut
    card = CalibrationCard(name=calibration.name, nll={each.value: nll[each] for each in nll})
    said = calibrate(others, calibration)
    found, _ = head_card(head, training, said, images, card, taught.novelty, unlike)
    return calibration, found
