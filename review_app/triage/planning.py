"""Where a fixed sequence starts, and how many more labels it would take to succeed.

Both look at the ladder; only the second, which is a forecast and proves nothing, looks at errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.triage.bounds import proves
from review_app.triage.ladder import Ladder, Side

START_FACTOR = 1.5
"""A rung with fewer expected labels than this many zero-error minima can hardly pass, and would
end the sequence."""

HORIZON = 20_000
"""More labels than this are called out of reach."""

LADDER_WEIGHT = 10
"""How many labels the ladder's acceptance share counts for beside the calibration labels."""


@dataclass(frozen=True)
class Tally:
    """What each rung of a ladder does on ``n`` calibration images."""

    ladder: Ladder
    n: int
    accepted: NDArray[np.int64]
    """Images accepted, per rung."""
    errors: NDArray[np.int64]
    """Images of the other class among them, per rung."""

    @classmethod
    def count(cls, ladder: Ladder, scores: NDArray[np.float64], fake: NDArray[np.bool_]) -> Tally:
        """Count ``scores`` [n] with their labels."""
        wrong = fake if ladder.side is Side.REAL else ~fake
        masks = [ladder.side.accepts(scores, t) for t in ladder.thresholds]
        accepted = np.array([m.sum() for m in masks], np.int64)
        errors = np.array([(m & wrong).sum() for m in masks], np.int64)
        return cls(ladder, scores.size, accepted, errors)


def start_rung(ladder: Ladder, n: int, risk_limit: float, level: float) -> int:
    """First rung to test with ``n`` calibration labels; 0 for an empty ladder.

    The first that is expected to accept 1.5 zero-error minima, else the laxest. The expectation is
    the ladder data's accepted share times ``n``: calibration scores and errors have no part in it,
    so the choice of the start costs no confidence.
    """
    return int(_start_rungs(ladder, np.array([n]), risk_limit, level)[0])


def labels_missing(
    tally: Tally, risk_limit: float, level: float, *, errors_go_on: bool
) -> int | None:
    """Fewest further random labels after which the first rung tested would pass.

    Acceptance is taken to go on as seen (with the ladder's share as a light prior), errors to go
    on at the rate seen, or to stop. ``None``: out of reach.
    """
    ladder = tally.ladder
    if not ladder.thresholds:
        return None
    more = np.arange(1, HORIZON + 1)
    rung = _start_rungs(ladder, tally.n + more, risk_limit, level)
    prior = LADDER_WEIGHT * np.asarray(ladder.acceptance)
    share = (tally.accepted + prior) / (tally.n + LADDER_WEIGHT)
    fresh = np.floor(share[rung] * more).astype(np.int64)
    errors = tally.errors[rung]
    if errors_go_on:
        rate = (tally.errors / np.maximum(tally.accepted, 1))[rung]
        errors = errors + np.ceil(rate * fresh).astype(np.int64)
    passes = proves(errors, tally.accepted[rung] + fresh, risk_limit, level)
    return int(more[passes.argmax()]) if passes.any() else None


def _start_rungs(
    ladder: Ladder, n: NDArray[np.int64], risk_limit: float, level: float
) -> NDArray[np.intp]:
    needed = START_FACTOR * math.log(level) / math.log1p(-risk_limit)
    first = np.searchsorted(np.asarray(ladder.acceptance), needed / np.maximum(n, 1))
    return np.minimum(first, max(len(ladder.thresholds) - 1, 0))
