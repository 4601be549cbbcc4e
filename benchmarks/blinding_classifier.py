"""Whether two groups can be told apart by all that is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.blinding_features import Features

FOLDS = 5
RESAMPLES = 2000
CLEAR = 0.8
"""The groups are told apart from here on, whatever the interval is. Between two groups of 20 it
comes by chance in one of eighty comparisons: larger ones are needed."""
LOTS = 16


@dataclass(frozen=True)
class Told:
    """How well the groups are told apart: 0.5 not at all, 1 without an error."""

    auroc: float
    low: float
    high: float
    n: tuple[int, int]

    @property
    def is_blind(self) -> bool:
        return self.low <= 0.5 <= self.high


def tell_apart(
    rows: Sequence[Features],
    group: Sequence[bool],
    seed: int = 0,
    confidence: float = 0.95,
) -> Told:
    """The AUROC of two classifiers' mean probability, and its interval by resampling the items of
    each group; where that leaves 0.5 out, also by what comes out where groups are drawn by lot.

    ``rows`` are in the order in which the items came. Each fifth of them is judged by classifiers
    that have learned from the others, and items are compared within it: of neighbours one may be
    known by the other, which tells nothing to whoever knows neither.
    """
    truth = np.asarray(group, dtype=bool)
    varying = _ranked(DictVectorizer(sparse=False).fit_transform(list(rows)))
    auroc, folds = _auroc(varying, truth, seed)
    low, high = _interval(folds, seed, confidence)
    if auroc < CLEAR and not low <= 0.5 <= high:
        half = NormalDist().inv_cdf((1 + confidence) / 2) * _spread_by_chance(varying, truth, seed)
        low, high = min(low, auroc - half), max(high, auroc + half)
    return Told(auroc, low, high, (int(truth.sum()), int((~truth).sum())))


def _ranked(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The columns that vary, each by its ranks, from 0 to 1, and once where several order the rows
    alike; a column of zeros where none varies.

    Classifiers go by the order alone. It is found once for all folds, without looking at groups.
    """
    varying = np.unique(numbers[:, np.ptp(numbers, axis=0) > 0], axis=1)
    if varying.shape[1] == 0:
        return np.zeros((len(numbers), 1))
    ranks = rankdata(varying, axis=0)
    return np.unique((ranks - ranks.min(axis=0)) / np.ptp(ranks, axis=0), axis=1)


def _auroc(
    numbers: NDArray[np.float64], truth: NDArray[np.bool_], seed: int
) -> tuple[float, list[NDArray[np.float64]]]:
    """The AUROC, and how the pairs of each fifth compare."""
    with threadpool_limits(1):  # a library's own threads would wait for each other
        folds = [
            _compared(numbers, truth, fold, seed)
            for fold in np.array_split(np.arange(len(truth)), FOLDS)
        ]
    pairs = sum(fold.size for fold in folds)
    return sum(float(fold.sum()) for fold in folds) / pairs, folds


def _spread_by_chance(numbers: NDArray[np.float64], truth: NDArray[np.bool_], seed: int) -> float:
    """The standard deviation of the AUROC about 0.5 where the groups are drawn by lot.

    Resampling what was judged leaves out that the classifiers would have learned other things from
    other items: that made intervals a quarter too short.
    """
    rng = np.random.default_rng(seed)
    drawn = [_auroc(numbers, rng.permutation(truth), seed)[0] for _ in range(LOTS)]
    return float(np.sqrt(np.mean((np.array(drawn) - 0.5) ** 2)))


def _compared(
    numbers: NDArray[np.float64], truth: NDArray[np.bool_], fold: NDArray[np.int_], seed: int
) -> NDArray[np.float64]:
    """The pairs of ``fold``, one of each group: 1 where they are told apart rightly, 1/2 where not
    at all, and 0 where wrongly."""
    others = np.setdiff1d(np.arange(len(truth)), fold)
    score = np.mean(
        [
            model.fit(numbers[others], truth[others]).predict_proba(numbers[fold])[:, 1]
            for model in _models(seed)
        ],
        axis=0,
    )
    differences = score[truth[fold]][:, None] - score[~truth[fold]][None, :]
    return np.asarray((np.sign(differences) + 1) / 2, dtype=np.float64)


def _models(seed: int) -> tuple[Any, ...]:
    return (
        HistGradientBoostingClassifier(max_iter=40, learning_rate=0.2, random_state=seed),
        LogisticRegression(C=0.1, max_iter=200),
    )


def _interval(
    folds: Sequence[NDArray[np.float64]], seed: int, confidence: float
) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    pairs = sum(fold.size for fold in folds)
    drawn = np.zeros(RESAMPLES)
    for above in (fold for fold in folds if fold.size):  # one may have one group alone
        rows, columns = (rng.multinomial(n, np.full(n, 1 / n), RESAMPLES) for n in above.shape)
        drawn += np.einsum("ij,ij->i", rows @ above, columns) / pairs
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
