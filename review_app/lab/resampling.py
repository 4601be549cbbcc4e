"""Bootstrap resamples of labelled images, and ranking statistics of all of them at once.

A resample is how often each image occurs in it. Statistics take a block of resamples and give one
value each, so that 1,000 of them cost a handful of array operations; NaN marks a resample in which
a statistic is not defined (one class only, no error at all).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

SAMPLES = 1000
_BLOCK = 250_000  # counts held at once: they stay in the cache, whatever the number of images

Float64 = NDArray[np.float64]
Bools = NDArray[np.bool_]
Statistics = Mapping[str, Float64]
Name = TypeVar("Name")


@dataclass(frozen=True, slots=True)
class Resamples:
    """``samples`` draws of n images with replacement, within each stratum apart (Efron 1979).

    Equal arguments give equal resamples, so statistics of several heads on the same images are
    paired by construction.
    """

    strata: NDArray[Any]
    """The stratum of each image, [n]; usually its label."""
    seed: int
    samples: int = SAMPLES

    def blocks(self) -> Iterator[Float64]:
        """All resamples in blocks: how often each image occurs, float64 [at most samples, n]."""
        rng = np.random.default_rng(self.seed)
        members = [np.flatnonzero(self.strata == each) for each in np.unique(self.strata)]
        size = max(1, _BLOCK // max(len(self.strata), 1))
        for start in range(0, self.samples, size):
            rows = min(size, self.samples - start)
            counts = np.empty((rows, len(self.strata)))
            for images in members:
                drawn = rng.integers(0, len(images), (rows, len(images)))
                drawn += len(images) * np.arange(rows)[:, None]
                flat = np.bincount(drawn.ravel(), minlength=drawn.size)
                counts[:, images] = flat.reshape(drawn.shape)
            yield counts

    def statistics(self, measure: Callable[[Float64], Statistics]) -> dict[str, Float64]:
        """``measure`` of every resample, by name: float64 [samples]."""
        parts = [measure(block) for block in self.blocks()]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


class Ranking:
    """n images in the order of a score, tied scores together; prepared once for all resamples."""

    def __init__(self, score: Float64) -> None:
        self.order = np.argsort(score, kind="stable")
        ordered = score[self.order]
        first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        self._starts = None if first.all() else np.flatnonzero(first)

    def of(self, counts: Float64) -> Ranked:
        """The resamples ``counts`` [rows, n] in this order."""
        return Ranked(self.order, self._starts, np.take(counts, self.order, axis=1))


@dataclass(frozen=True, slots=True)
class Ranked:
    """Resamples whose images stand in the order of a score, from low to high."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp] | None
    """The first image of each group of tied images, or None where no two are tied."""
    counts: Float64
    """How often each image occurs, [rows, n]."""

    def tied(self, weight: NDArray[Any] | None = None) -> Float64:
        """Total weight (by default 1 an image) of each group of ties, [rows, groups]."""
        weighted = self.counts if weight is None else self.counts * weight[self.order]
        if self.starts is None:
            return weighted
        grouped: Float64 = np.add.reduceat(weighted, self.starts, axis=1)
        return grouped

    def spread(self, weight: NDArray[Any]) -> Float64:
        """The mean weight of each drawn image's group of ties, one by one in order, [rows, n].

        Tied images share their weight because no order among them was ever chosen.
        """
        sizes = self.tied()
        if self.starts is None:
            means = np.broadcast_to(weight[self.order].astype(np.float64), sizes.shape)
        else:
            means = self.tied(weight) / np.maximum(sizes, 1)
        images = np.repeat(means.ravel(), sizes.astype(np.intp).ravel())
        return images.reshape(len(self.counts), -1)


def aurocs(ranked: Ranked, positive: Bools) -> Float64:
    """Area under the ROC curve of the ranked score, [rows]."""
    up = ranked.tied(positive)
    down = ranked.tied() - up
    below = np.cumsum(down, axis=1) - 0.5 * down
    return _over(np.einsum("ij,ij->i", up, below), up.sum(axis=1) * down.sum(axis=1))


def drawn_aurocs(scores: Mapping[Name, Float64], positive: Bools, seed: int) -> dict[Name, Float64]:
    """The AUROC of every score [n] on the same resamples within each class, [samples] each."""
    rankings = {str(at): Ranking(score) for at, score in enumerate(scores.values())}
    drawn = Resamples(positive, seed).statistics(
        lambda counts: {at: aurocs(each.of(counts), positive) for at, each in rankings.items()}
    )
    return dict(zip(scores, drawn.values(), strict=True))


def average_precisions(ranked: Ranked, positive: Bools) -> Float64:
    """Average precision of the ranked score (mean precision at each positive), [rows]."""
    up = ranked.tied(positive)[:, ::-1]
    called = np.cumsum(ranked.tied()[:, ::-1], axis=1)
    precision = np.divide(np.cumsum(up, axis=1), called, out=np.zeros_like(up), where=called > 0)
    return _over(np.einsum("ij,ij->i", up, precision), up.sum(axis=1))


def selective_errors(ranked: Ranked, wrong: Bools) -> Float64:
    """Expected errors among the first 1, 2, ... n accepted images, [rows, n].

    What :attr:`review_app.lab.selective.RiskCoverage.errors` is for one sample.
    """
    errors: Float64 = np.cumsum(ranked.spread(wrong), axis=1)
    return errors


def interval(statistic: Float64) -> list[float] | None:
    """The 2.5% and 97.5% percentiles, or None where the statistic is never defined."""
    defined = statistic[np.isfinite(statistic)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, [0.025, 0.975])
    return [float(low), float(high)]


def _over(part: Float64, whole: Float64) -> Float64:
    ratio: Float64 = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return ratio
