"""A threshold is chosen from a grid here so that the certificate holds, and so is where testing
starts.

Every method tests hypotheses "the error share at this threshold exceeds the limit" by the exact
binomial bound. What is tested, in which order and at which level is a `SequencePlan`, fixed before
any calibration label is looked at; `select` then carries it out, on one calibration or on
thousands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from review_app.certification.bounds import most_errors, upper_bounds, zero_error_minimum
from review_app.certification.certificate import CertificateMethod
from review_app.certification.threshold_grid import ThresholdGrid
from review_app.core.special import bdtr

DEFAULT_METHOD = CertificateMethod.FIXED_SEQUENCE
"""It accepts most while its guarantee assumes nothing of the grid; see benchmarks/certify.py."""

START_FACTOR = 1.5
"""A threshold with fewer expected labels than this many zero-error minima can hardly pass, and
would end the sequence."""
LARGEST_START_FACTOR = 6.0
"""No sequence starts beyond this many zero-error minima: what it takes a threshold to pass is then
small beside what it accepts, and scores that claim too much shall not push the start out to where
errors are."""
MULTI_START_FACTORS = (1.5, 3.0, 6.0)

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class SequencePlan:
    """The plan of what a method will test."""

    method: CertificateMethod
    risk_limit: float
    level: float
    """The level of each single test."""
    starts: tuple[int, ...]
    """A certificate comes exactly where one of these thresholds passes; none for an empty grid."""
    n_thresholds: int

    @property
    def candidates(self) -> int:
        """How many thresholds may come out certified."""
        return self.n_thresholds - min(self.starts) if self.starts else 0


def make_plan(
    method: CertificateMethod, grid: ThresholdGrid, n: int, risk_limit: float, level: float
) -> SequencePlan:
    """The plan of ``method`` for ``n`` calibration labels, wrong with probability ``level``."""
    size = len(grid.thresholds)
    if not size:
        return SequencePlan(method, risk_limit, level, (), 0)
    if method is CertificateMethod.SGR:
        return SequencePlan(
            method,
            risk_limit,
            level / size.bit_length(),
            _tested_until_one_passes(size),
            size,
        )
    starts = {start_of_sequence(grid, n, risk_limit, level)}
    if method is CertificateMethod.MULTI_START:
        share = level / len(MULTI_START_FACTORS)
        starts = {_expecting(grid, n, risk_limit, share, f) for f in MULTI_START_FACTORS}
    return SequencePlan(method, risk_limit, level / len(starts), tuple(sorted(starts)), size)


def select(plan: SequencePlan, errors: Counts, accepted: Counts) -> NDArray[np.intp]:
    """The laxest threshold that ``plan`` certifies, -1 for none: [...] from counts [...,
    thresholds]."""
    if not plan.n_thresholds:
        return np.full(errors.shape[:-1], -1)
    passes = upper_bounds(errors, accepted, plan.level) <= plan.risk_limit
    if plan.method is CertificateMethod.SGR:
        return _binary_search(passes)
    walks = np.stack([_walk(passes, start) for start in plan.starts])
    return np.asarray(walks.max(axis=0))


@lru_cache(maxsize=4096)  # forecasts ask for the same few numbers of labels again and again
def start_of_sequence(grid: ThresholdGrid, n: int, risk_limit: float, level: float) -> int:
    """The threshold at which a fixed sequence starts with ``n`` calibration labels.

    Of the thresholds expected to accept 1.5 to 6 zero-error minima, the one most likely to pass if
    it erred as its scores say (`ThresholdGrid.predicted_risk`), yet never less than half the limit;
    where no threshold accepts so much, the laxest. All of this is known from the grid's data:
    calibration scores and labels have no part in it, so the choice costs no confidence. Scores that
    claim too much cost power, never validity.
    """
    first = _expecting(grid, n, risk_limit, level, START_FACTOR)
    last = _expecting(grid, n, risk_limit, level, LARGEST_START_FACTOR)
    expected = np.floor(n * np.asarray(grid.acceptance[first : last + 1])).astype(np.int64)
    allowed = most_errors(expected, risk_limit, level)
    risk = np.maximum(grid.predicted_risk, risk_limit / 2)[first : last + 1]
    chance = np.where(allowed >= 0, bdtr(np.maximum(allowed, 0), np.maximum(expected, 1), risk), 0)
    return first + int(chance.argmax())


def _expecting(grid: ThresholdGrid, n: int, risk_limit: float, level: float, factor: float) -> int:
    """First threshold expected to accept ``factor`` zero-error minima, else the laxest."""
    needed = factor * zero_error_minimum(risk_limit, level) / max(n, 1)
    first = int(np.searchsorted(np.asarray(grid.acceptance), needed))
    return min(first, len(grid.thresholds) - 1)


def _walk(passes: NDArray[np.bool_], start: int) -> NDArray[np.intp]:
    """The last threshold from ``start`` on before the first that fails; -1 if ``start`` fails."""
    passed = np.logical_and.accumulate(passes[..., start:], axis=-1).sum(axis=-1)
    return np.where(passed > 0, start + passed - 1, -1)


def _binary_search(passes: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The search goes from the middle threshold to laxer ones where it passes, to more conservative
    ones where not."""
    size = passes.shape[-1]
    low = np.zeros(passes.shape[:-1], np.intp)
    high = np.full(passes.shape[:-1], size - 1)
    for _ in range(size.bit_length()):
        middle = (low + high + 1) // 2
        passed = np.take_along_axis(passes, middle.clip(0, size - 1)[..., None], -1)[..., 0]
        open_ = low <= high
        low = np.where(open_ & passed, middle + 1, low)
        high = np.where(open_ & ~passed, middle - 1, high)
    return low - 1


def _tested_until_one_passes(size: int) -> tuple[int, ...]:
    """The thresholds that the binary search tests while none passes."""
    spine = []
    high = size - 1
    while high >= 0:
        spine.append((high + 1) // 2)
        high = (high + 1) // 2 - 1
    return tuple(spine)
