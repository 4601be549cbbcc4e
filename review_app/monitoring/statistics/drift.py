"""Drift: looks at a declared schedule, among which one probability of a false alarm is spent.

A stream is compared with a reference again and again, in several panels, so a p value means
nothing by itself. All looks are declared beforehand: after every `SUDDEN` and `SLOW` ``every``
items of an epoch of `EPOCH` items. Each look of each panel has its share of `ALPHA`, and the shares
of an epoch add up to it (Bonferroni; alpha spending as in Lan & DeMets, "Discrete sequential
boundaries for clinical trials", Biometrika 70, 1983). So without drift, an epoch raises any flag
at all with probability at most `ALPHA`, whatever the panels and the looks have to do with each
other, and whether the looks are made at once or late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from review_app.monitoring.statistics.classifier_test import ClassifierTest
from review_app.monitoring.statistics.distances import Distance, kolmogorov_smirnov

Floats = NDArray[np.float64]

ALPHA: Final = 0.05
EPOCH: Final = 10_000
"""Items of the stream among whose looks `ALPHA` is spent; then the next epoch begins."""
LEAST_REFERENCE: Final = 100
"""A reference of fewer items is none."""


class Panel(StrEnum):
    """What is compared with the reference."""

    SCORE = "score"
    """The score that thresholds are compared with, by Kolmogorov-Smirnov."""
    NOVELTY = "novelty"
    """How unlike the training images an image is, by Kolmogorov-Smirnov."""
    FEATURES = "features"
    """The backbone's features, by a classifier two-sample test."""


@dataclass(frozen=True)
class Series:
    """Looks of one kind."""

    every: int
    """Items between two looks."""
    window: int
    """The newest items that a look compares with the reference."""
    tested: int
    """The newest of those, on which a classifier is tested that learned from the others."""
    share: float
    """Its share of a panel's probability."""

    @property
    def looks(self) -> int:
        """Looks in an epoch."""
        return EPOCH // self.every


SUDDEN: Final = Series(every=50, window=200, tested=50, share=0.8)
"""Finds a source that changes at once."""
SLOW: Final = Series(every=500, window=2000, tested=500, share=0.2)
"""Finds what is too small to be seen in a few images."""


class DriftLook(NamedTuple):
    """One look that is due."""

    series: Series
    begin: int
    """The first item of its window, counted from the stream's first."""
    end: int
    """One past the last item."""

    @property
    def tested(self) -> int:
        """How many of the window's newest items test a classifier."""
        return min(self.series.tested, self.end - self.begin)


class DriftFinding(NamedTuple):
    """What a look saw in one panel."""

    panel: Panel
    look: DriftLook
    distance: Distance
    level: float
    """The look's share of `ALPHA`."""

    @property
    def is_drift(self) -> bool:
        """Whether chance would have shown as much too rarely."""
        return self.distance.p <= self.level


class StreamSample(NamedTuple):
    """Images in the order in which they came; each part None where nothing measured it."""

    score: Floats | None
    """[n]."""
    novelty: Floats | None
    """[n]."""
    features: Floats | None
    """[n, d]."""


def due(seen: int, until: int) -> Iterator[DriftLook]:
    """The looks after more than ``seen`` and up to ``until`` items, in order of their ends.

    No window reaches back before its epoch: what one epoch flagged, the next finds anew.
    """
    step = SUDDEN.every
    for end in range((seen // step + 1) * step, until + 1, step):
        epoch = (end - 1) // EPOCH * EPOCH
        for series in (SUDDEN, SLOW):
            if end % series.every == 0:
                yield DriftLook(series, max(epoch, end - series.window), end)


class DriftWatch:
    """Compares windows of a stream with one reference."""

    def __init__(self, reference: StreamSample) -> None:
        self._values: Mapping[Panel, Floats] = {
            panel: values
            for panel, values in (
                (Panel.SCORE, reference.score),
                (Panel.NOVELTY, reference.novelty),
            )
            if values is not None
        }
        features = reference.features
        self._classifier = None if features is None else ClassifierTest(features)

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels that the reference has; the probability is shared among all three, so that one
        that falls out changes nothing for the others."""
        extra = () if self._classifier is None else (Panel.FEATURES,)
        return (*self._values, *extra)

    def look(self, look: DriftLook, window: StreamSample) -> list[DriftFinding]:
        """What ``look`` sees in its ``window``, in each panel that has both sides."""
        level = ALPHA / len(Panel) * look.series.share / look.series.looks
        return [
            DriftFinding(panel, look, distance, level)
            for panel, distance in self._distances(look, window)
        ]

    def _distances(self, look: DriftLook, window: StreamSample) -> Iterator[tuple[Panel, Distance]]:
        recent = {Panel.SCORE: window.score, Panel.NOVELTY: window.novelty}
        for panel, reference in self._values.items():
            values = recent[panel]
            if values is not None and values.size:
                yield panel, kolmogorov_smirnov(reference, values)
        if self._classifier is not None and window.features is not None:
            before, after = np.split(window.features, [-look.tested])
            if len(before):
                yield Panel.FEATURES, self._classifier(before, after)
