"""What a fusion is worth on labels that did not make it: cross-fitting over folds of them.

Each fold's images are judged by a fusion of the others' labels, beside every member alone and the
fusion without each member. The figures of a member come from the same images, so differences are
paired; their intervals come from drawing images again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.core.placements import auroc
from review_app.core.progress import Progress
from review_app.fusion.fitting import ToldScores, fit
from review_app.fusion.scale import Float64
from review_app.inference.heads.base import HeadPrediction

FOLDS = 5
_DRAWS = 400
Interval = tuple[float, float, float]
"""A figure with the ends of its 95% interval."""


@dataclass(frozen=True)
class MemberWorth:
    """What one member is worth to the fusion, by AUROC."""

    alone: float | None
    """The AUROC of the member by itself, on the images that it has scored; None where these are all
    of one class."""
    cost: Interval
    """What the fusion loses without it."""


@dataclass(frozen=True)
class Assessment:
    """A fusion on images that did not make it."""

    prediction: HeadPrediction
    """What is said of each, [n]."""
    auroc: Interval
    nll: float
    """Mean negative log-likelihood, in nats."""
    best: int
    """The member of the highest AUROC alone."""
    gain: Interval
    """AUROC of the fusion less that of the best member; the member was chosen on these images, so
    this is no too high."""
    members: tuple[MemberWorth, ...]


def assess(
    here: Float64, labelled: ToldScores, seed: int, progress: Progress | None = None
) -> Assessment | None:
    """The assessment of the fusion of ``labelled`` images, as `fit` takes them; None where they are
    too few for every fold to have both classes."""
    folds = stratified_folds(labelled.is_fake, seed)
    n, members = labelled.scores.shape
    fused = np.full((4, n), np.nan)
    without = np.full((n, members), np.nan)
    for fold in range(FOLDS):
        if progress:
            progress(fold, FOLDS)
        tested = folds == fold
        rest, judged = labelled.take(~tested), labelled.scores[tested]
        if not rest.is_enough:
            return None
        fitted = fit(here, rest)
        said = fitted.model.predict(judged)
        fused[:, tested] = said.p_fake, said.std, said.entropy, said.mutual_information
        for member in range(members):
            less = judged.copy()
            less[:, member] = np.nan
            without[tested, member] = fitted.without(member).predict(less).p_fake
    if progress:
        progress(FOLDS, FOLDS)
    return _assessment(labelled, HeadPrediction(*fused), without, seed)


def stratified_folds(is_fake: NDArray[np.bool_], seed: int) -> NDArray[np.intp]:
    """The fold of each image, [n]; every fold has as many of each class, to one."""
    rng, found = np.random.default_rng(seed), np.zeros(len(is_fake), np.intp)
    for value in (False, True):
        rows = rng.permutation(np.flatnonzero(is_fake == value))
        found[rows] = np.arange(len(rows)) % FOLDS
    return found


def _assessment(
    labelled: ToldScores, said: HeadPrediction, without: Float64, seed: int
) -> Assessment:
    y, fused = labelled.is_fake, said.p_fake
    draws = _draws(labelled, seed)
    filled = _filled(labelled.scores)
    alone = [_alone(column, labelled) for column in labelled.scores.T]
    best = int(np.argmax([-1.0 if each is None else each for each in alone]))
    certainty = np.clip(np.where(y, fused, 1 - fused), 1e-12, 1)

    def lost(to: Float64) -> Interval:
        return _interval(lambda w: _auroc(fused, y, w) - _auroc(to, y, w), draws)

    return Assessment(
        prediction=said,
        auroc=_interval(lambda w: _auroc(fused, y, w), draws),
        nll=float(-np.average(np.log(certainty), weights=labelled.weights)),
        best=best,
        gain=lost(filled[:, best]),
        members=tuple(
            MemberWorth(each, lost(less)) for each, less in zip(alone, without.T, strict=True)
        ),
    )


def _auroc(scores: Float64, is_fake: NDArray[np.bool_], weights: Float64) -> float:
    found = auroc(scores, is_fake, weights)
    assert found is not None  # every fold has both classes, and no draw loses one
    return found


def _alone(scores: Float64, labelled: ToldScores) -> float | None:
    there = ~np.isnan(scores)
    return auroc(scores[there], labelled.is_fake[there], labelled.weights[there])


def _filled(scores: Float64) -> Float64:
    """``scores`` [n, members], with each member's median where it has none: it cannot tell."""
    columns = []
    for column in scores.T:
        seen = column[~np.isnan(column)]
        columns.append(np.where(np.isnan(column), np.median(seen) if len(seen) else 0.5, column))
    return np.column_stack(columns)


def _draws(labelled: ToldScores, seed: int) -> list[Float64]:
    """Weights of the images as they are, then of images drawn again within their class."""
    rng = np.random.default_rng(seed)
    draws = [labelled.weights]
    classes = [np.flatnonzero(labelled.is_fake == value) for value in (False, True)]
    for _ in range(_DRAWS):
        times = np.zeros(len(labelled))
        for rows in classes:
            times[rows] = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
        draws.append(times * labelled.weights)
    return draws


def _interval(figure: Callable[[Float64], float], draws: list[Float64]) -> Interval:
    found, *again = (figure(weights) for weights in draws)
    low, high = np.quantile(again, (0.025, 0.975))
    return found, float(low), float(high)
