"""Champion and challenger on the same labelled images: what differs, and how surely. Pure.

The difference of two AUROCs has the standard error of DeLong et al. 1988 (in the fast form of Sun &
Xu 2014), here with weights: an image stands for one over the probability with which it came to be
labelled. A placement then is the share of the other class's weight that lies below, and the
variance that of weighted means of placements. With equal weights it is DeLong's to the digit.
Everything else is compared by a paired bootstrap within each class.

Parts (a source, a kind, what labels come from) are many looks at once, so their intervals are
wider: all of them together hold with 95% (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import InputError
from review_app.core.intervals import ENOUGH_TO_COMPARE
from review_app.core.placements import placements
from review_app.core.special import stdtr, stdtrit
from review_app.lab.resampling import Ranking, Resamples, Statistics, interval
from review_app.lab.weighed import selective_by_mass
from review_app.manifests.weights import effective_size

ALPHA = 0.05
"""All intervals miss with at most this probability: that of all images, and those of all parts."""
SAMPLES = 1000
SEED = 20261130
REJECTED = (0.2, 0.5)
"""Shares of the least sure images that are left out where risk is told at a coverage."""
_CERTAIN = 1e-6  # the log loss of a confident mistake stays finite

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class ScoreColumns:
    """The scores of one detector, [n] each, in [0, 1]."""

    p_fake: Floats
    score: Floats
    """What thresholds are compared with."""

    def take(self, which: Bools) -> ScoreColumns:
        """Those of the images that ``which`` [n] marks."""
        return ScoreColumns(self.p_fake[which], self.score[which])


@dataclass(frozen=True)
class HeldOut:
    """Labelled images that made neither detector, [n] each.

    Raises:
        InputError: columns of different lengths, or a weight that is not positive.
    """

    champion: ScoreColumns
    challenger: ScoreColumns
    is_fake: Bools
    weights: Floats
    """One over the probability with which each came to be labelled."""
    parts: dict[str, Names]
    """The part of each image, by what they are told apart (source, kind, evidence); empty: none."""

    def __post_init__(self) -> None:
        sides = (self.champion, self.challenger)
        columns = [self.weights, *(each.p_fake for each in sides), *(each.score for each in sides)]
        if {len(column) for column in (*columns, *self.parts.values())} - {len(self.is_fake)}:
            raise InputError("The columns of a comparison have different lengths.")
        if not (self.weights > 0).all():
            raise InputError("A label that nobody could have given cannot be weighed.")

    def __len__(self) -> int:
        return len(self.is_fake)

    def take(self, which: Bools) -> HeldOut:
        """The images that ``which`` [n] marks."""
        parts = {name: column[which] for name, column in self.parts.items()}
        return HeldOut(
            self.champion.take(which),
            self.challenger.take(which),
            self.is_fake[which],
            self.weights[which],
            parts,
        )


@dataclass(frozen=True)
class AurocDifference:
    """The difference of the AUROCs, challenger minus champion, on some of the images."""

    by: str
    """What those are told apart by: source, kind, evidence; empty for all images."""
    name: str
    """Which of them; empty for all images."""
    real: int
    fake: int
    effective: float
    """How many images of equal weight would tell as much."""
    champion: float | None = None
    """Its AUROC; None where a class is missing."""
    challenger: float | None = None
    difference: float | None = None
    error: float | None = None
    """The standard error of the difference; None with fewer than two of a class."""
    low: float | None = None
    """The interval, within [-1, 1]; None where images are too few for one."""
    high: float | None = None
    freedom: float = 1.0
    """Degrees of freedom of the Student distribution behind the interval."""

    @property
    def labels(self) -> int:
        """How many images there are."""
        return self.real + self.fake

    def bounds(self, alpha: float) -> tuple[float, float]:
        """The two ends of the interval that misses with ``alpha``; [-1, 1] where nothing tells."""
        if self.difference is None or self.error is None:
            return -1.0, 1.0
        reach = float(stdtrit(self.freedom, 1 - alpha / 2)) * self.error
        return max(self.difference - reach, -1.0), min(self.difference + reach, 1.0)


@dataclass(frozen=True)
class MetricDifference:
    """The difference of another figure, challenger minus champion; lower is better in all."""

    name: str
    """brier, nll, aurc, or ``risk_80``: the share of errors among the surest 80%."""
    difference: float
    low: float | None
    """The 95% interval of the paired bootstrap; None where it has none."""
    high: float | None


@dataclass(frozen=True)
class Comparison:
    """All that held-out labels say of a challenger."""

    overall: AurocDifference
    parts: tuple[AurocDifference, ...]
    metrics: tuple[MetricDifference, ...]


def compare(data: HeldOut, *, samples: int = SAMPLES) -> Comparison:
    """Compare on ``data``; ``samples``: of the bootstrap, 0 for none."""
    overall = auroc_difference(data)
    found = list(_parts(data))
    told = sum(_tells(*sizes) for _, _, *sizes in found)
    parts = [
        auroc_difference(data.take(which), by=by, name=name, looks=max(told, 1))
        for by, name, which in ((by, name, data.parts[by] == name) for by, name, *_ in found)
    ]
    return Comparison(overall, tuple(parts), tuple(_metrics(data, samples)) if samples else ())


def auroc_difference(
    data: HeldOut, *, by: str = "", name: str = "", looks: int = 1
) -> AurocDifference:
    """The difference on all of ``data``, with an interval that holds together with those of
    ``looks`` - 1 others."""
    fake, weights = data.is_fake, data.weights
    sizes = int((~fake).sum()), int(fake.sum())
    found = AurocDifference(by, name, *sizes, effective_size(weights))
    if not all(sizes):
        return found
    above, below = zip(
        *(placements(each.p_fake, fake, weights) for each in (data.challenger, data.champion)),
        strict=True,
    )
    shares = weights[fake] / weights[fake].sum(), weights[~fake] / weights[~fake].sum()
    challenger, champion = (float(shares[0] @ each) for each in above)
    found = replace(
        found, champion=champion, challenger=challenger, difference=challenger - champion
    )
    if min(sizes) < 2:
        return found
    variance = sum(
        _variance(share, of[0] - of[1]) for share, of in zip(shares, (above, below), strict=True)
    )
    fewest = min(effective_size(weights[fake]), effective_size(weights[~fake]))
    found = replace(found, error=math.sqrt(variance), freedom=max(fewest - 1, 1.0))
    if not _tells(*sizes):
        return found
    low, high = found.bounds(ALPHA / looks)
    return replace(found, low=low, high=high)


def chance_of_no_gain(found: AurocDifference) -> float:
    """The one-sided p-value against "the challenger is no better"."""
    if found.difference is None or found.error is None:
        return 1.0
    if found.error == 0:
        return 0.0 if found.difference > 0 else 1.0
    return float(stdtr(found.freedom, -found.difference / found.error))


def _tells(real: int, fake: int) -> bool:
    return min(real, fake) >= ENOUGH_TO_COMPARE


def _parts(data: HeldOut) -> Iterator[tuple[str, str, int, int]]:
    """What there is apart: by what, its name, its reals and fakes. A single part tells nothing."""
    for by, column in data.parts.items():
        names = [str(name) for name in np.unique(column) if name]
        if len(names) < 2:
            continue
        for name in names:
            fakes = data.is_fake[column == name]
            yield by, name, int((~fakes).sum()), int(fakes.sum())


def _variance(shares: Floats, values: Floats) -> float:
    """The variance of a weighted mean of ``values``, as of a sample of that size."""
    n = len(values)
    deviations = values - shares @ values
    return float(np.square(shares * deviations).sum() * n / (n - 1))


def _metrics(data: HeldOut, samples: int) -> Iterator[MetricDifference]:
    fewest = min(int(data.is_fake.sum()), int((~data.is_fake).sum()))
    if not fewest:
        return
    sides = (data.challenger, data.champion)
    measures = [_measure(side, data.is_fake) for side in sides]

    def both(counts: Floats) -> Statistics:
        first, second = (measure(counts * data.weights) for measure in measures)
        return {name: first[name] - second[name] for name in first}

    value = both(np.ones((1, len(data))))
    drawn = Resamples(data.is_fake, SEED, samples).statistics(both)
    for name, values in drawn.items():
        ends = interval(values) if _tells(fewest, fewest) else None
        low, high = ends or (None, None)
        yield MetricDifference(name, float(value[name][0]), low, high)


def _measure(side: ScoreColumns, is_fake: Bools) -> Any:
    """A function from weights [rows, n] to every figure of ``side``, [rows] each."""
    p = np.clip(side.p_fake, _CERTAIN, 1 - _CERTAIN)
    brier, losses = (side.p_fake - is_fake) ** 2, -np.log(np.where(is_fake, p, 1 - p))
    doubt = Ranking(0.5 - np.abs(side.score - 0.5))
    wrong = (side.p_fake >= 0.5) != is_fake

    def measure(weights: Floats) -> Statistics:
        mass = weights.sum(axis=1)
        selective = selective_by_mass(doubt.of(weights), wrong, REJECTED)
        kept = {f"{1 - rate:.0%}".rstrip("%"): f"accuracy_kept_{100 * (1 - rate):.0f}"
                for rate in REJECTED}  # fmt: skip
        return {
            "brier": weights @ brier / mass,
            "nll": weights @ losses / mass,
            "aurc": selective["aurc"],
            **{f"risk_{share}": 1 - selective[name] for share, name in kept.items()},
        }

    return measure
