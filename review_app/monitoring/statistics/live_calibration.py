"""Calibration on live labels, corrected for what was selected to be labelled.

People label nearly all of what the detector is unsure of, and of what the policy accepts only what
the audits draw, so the labelled images are no sample of the stream. But the probability with which
each image is labelled is stored before anybody sees it. The stream is parted into cells, by P(fake)
and by whether a label was certain; a cell's share of the stream is known without any label, and the
fakes in it are estimated from its labelled images, each by the inverse of its probability (Hajek).

Intervals are of the posterior under Jeffreys' prior in every cell, with the effective number of
labels (Kish), and of the cells' shares (Dirichlet). Figures are of images like those of the stream,
not of just these. Noise alone makes an expected calibration error larger; by as much as it does so
in the posterior, the estimate and its interval are lowered. Its interval varies the bins' gaps with
their signs as they are, so it is too narrow where the detector is all but calibrated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import InputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

BINS: Final = 10
"""Bins of P(fake), of as many images of the stream each."""
LEAST: Final = 8
"""Labelled images that a cell needs; with fewer, it is one with its neighbour."""
DRAWS: Final = 2000
CONFIDENCE: Final = 0.95
_PRIOR: Final = 0.5


@dataclass(frozen=True)
class LabelledStream:
    """Images of a stream, parallel; whether one is fake counts only where it is labelled."""

    p_fake: Floats
    """[n]."""
    probability: Floats
    """The probability with which each was to be labelled, in (0, 1], [n]."""
    labelled: Bools
    """[n]."""
    fake: Bools
    """[n]."""

    def __post_init__(self) -> None:
        shapes = {each.shape for each in (self.p_fake, self.probability, self.labelled, self.fake)}
        if len(shapes) != 1 or self.p_fake.ndim != 1:
            raise InputError("The parts of a stream are of one length.")
        if not ((self.probability > 0) & (self.probability <= 1)).all():
            raise InputError("The probability of a label is in (0, 1].")

    def only_labelled(self) -> LabelledStream:
        """The labelled images as if they were a stream by themselves, with nothing corrected."""
        kept = self.labelled
        ones = np.ones(int(kept.sum()))
        return LabelledStream(self.p_fake[kept], ones, ones > 0, self.fake[kept])


class Estimate(NamedTuple):
    """A figure with its interval at `CONFIDENCE`."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ReliabilityBin:
    """Images of like P(fake)."""

    p_fake: float
    """Their mean P(fake)."""
    share: float
    """Their share of the stream."""
    fakes: Estimate
    """The share of fakes among them."""
    labels: int


@dataclass(frozen=True)
class LiveCalibration:
    """How far P(fake) can be taken at its word on the stream."""

    bins: list[ReliabilityBin]
    brier: Estimate
    """The mean of (P(fake) - is fake) squared."""
    gap: Estimate
    """Mean P(fake) less the share of fakes: above 0, the detector says fake too readily."""
    error: Estimate
    """Expected calibration error: the mean over bins of the distance of the two."""
    fakes: Estimate
    """The share of fakes in the stream."""
    labels: int
    images: int


def live_calibration(stream: LabelledStream, rng: np.random.Generator) -> LiveCalibration | None:
    """The calibration of ``stream``; None where its labels are too few to say."""
    cells = _cells(stream)
    if cells is None:
        return None
    theta = rng.beta(
        _PRIOR + cells.fakes * cells.effective,
        _PRIOR + (1 - cells.fakes) * cells.effective,
        size=(DRAWS, len(cells.fakes)),
    )
    share = rng.dirichlet(cells.images + _PRIOR, size=DRAWS)
    now_share = cells.images / cells.images.sum()
    brier = _Figure(cells.squares + theta * (1 - 2 * cells.p_of_fakes), share)
    brier_now = cells.squares + cells.fakes * (1 - 2 * cells.p_of_fakes)
    gap = _Figure(cells.p_fake - theta, share)
    return LiveCalibration(
        bins=_bins(cells, theta),
        brier=brier.estimate(float(now_share @ brier_now)),
        gap=gap.estimate(float(now_share @ (cells.p_fake - cells.fakes))),
        error=_expected_error(cells, theta, share),
        fakes=_Figure(theta, share).estimate(float(now_share @ cells.fakes)),
        labels=int(stream.labelled.sum()),
        images=stream.p_fake.size,
    )


@dataclass(frozen=True)
class _Cells:
    """Cells, parallel [c]."""

    bin: Ints
    """The bin of P(fake) in which the cell's reliability is told."""
    images: Floats
    p_fake: Floats
    squares: Floats
    """The mean of P(fake) squared."""
    fakes: Floats
    """The estimated share of fakes."""
    p_of_fakes: Floats
    """The mean P(fake) of fakes."""
    effective: Floats
    """The effective number of labels."""
    labels: Ints


class _Figure(NamedTuple):
    """Draws of a mean over the stream: values in cells [draws, c], and the cells' shares."""

    values: Floats
    shares: Floats

    def estimate(self, value: float) -> Estimate:
        return _interval(value, (self.values * self.shares).sum(axis=1))


def _interval(value: float, drawn: Floats) -> Estimate:
    each = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [each, 1 - each])
    return Estimate(value, float(low), float(high))


def _expected_error(cells: _Cells, theta: Floats, share: Floats) -> Estimate:
    names = np.unique(cells.bin)
    inside = (cells.bin[:, None] == names).astype(np.float64)
    now = cells.images / cells.images.sum()
    gaps = (now * (cells.p_fake - cells.fakes)) @ inside
    drawn = (share * (cells.p_fake - theta)) @ inside
    value = float(np.abs(gaps).sum())
    excess = float(np.abs(drawn).sum(axis=1).mean()) - value
    told = _interval(value, drawn @ np.sign(gaps) - excess)
    return Estimate(max(0.0, value - excess), max(0.0, told.low), max(0.0, told.high))


def _bins(cells: _Cells, theta: Floats) -> list[ReliabilityBin]:
    found = []
    for name in np.unique(cells.bin):
        here = cells.bin == name
        shares = cells.images[here] / cells.images[here].sum()
        value = float(shares @ cells.fakes[here])
        found.append(
            ReliabilityBin(
                p_fake=float(shares @ cells.p_fake[here]),
                share=float(cells.images[here].sum() / cells.images.sum()),
                fakes=_interval(value, theta[:, here] @ shares),
                labels=int(cells.labels[here].sum()),
            )
        )
    return found


def _cells(stream: LabelledStream) -> _Cells | None:
    if not stream.labelled.any():
        return None
    edges = np.quantile(stream.p_fake, np.linspace(0, 1, BINS + 1)[1:-1])
    within = np.searchsorted(np.unique(edges), stream.p_fake, side="right")
    certain = stream.probability >= 1
    found = []
    for kind in (certain, ~certain):
        if kind.any() and (stream.labelled & kind).sum() < LEAST:
            return None
        found += [_cell(stream, at, name) for name, at in _merged(stream, within, kind)]
    columns = (np.array(column) for column in zip(*found, strict=True))
    return _Cells(*columns)


def _merged(stream: LabelledStream, within: Ints, kind: Bools) -> Iterator[tuple[int, Bools]]:
    """Bins of one kind of image, neighbours as one until each has `LEAST` labels; under the name of
    the bin that most of them are in."""
    groups: list[list[int]] = [[]]
    for name in np.unique(within[kind]):
        if _labels(stream, within, kind, groups[-1]) >= LEAST:
            groups.append([])
        groups[-1].append(int(name))
    if len(groups) > 1 and _labels(stream, within, kind, groups[-1]) < LEAST:
        last = groups.pop()
        groups[-1] += last
    for group in groups:
        if group:
            at = kind & np.isin(within, group)
            yield int(np.bincount(within[at]).argmax()), at


def _labels(stream: LabelledStream, within: Ints, kind: Bools, group: list[int]) -> int:
    return int((stream.labelled & kind & np.isin(within, group)).sum())


def _cell(stream: LabelledStream, at: Bools, name: int) -> tuple[float, ...]:
    p, labelled = stream.p_fake[at], at & stream.labelled
    weights = 1 / stream.probability[labelled]
    fake, said = stream.fake[labelled], stream.p_fake[labelled]
    fakes = float(weights @ fake / weights.sum())
    of_fakes = float(weights[fake] @ said[fake] / weights[fake].sum()) if fake.any() else p.mean()
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    return name, at.sum(), p.mean(), (p**2).mean(), fakes, of_fakes, effective, labelled.sum()
