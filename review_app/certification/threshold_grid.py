"""Thresholds that training and score files offer to a certificate, made from scores alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RUNGS = 20


def rungs(
    scores: NDArray[np.float64], *, fake: bool
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """At most 20 thresholds of one side, most to least conservative, and the share of ``scores``
    [n] that each accepts.

    Scores are signed: surely real at 0, surely fake at 1. Rung j is the score of the image that is
    j/20 of the way from the end of the side to 1/2, so rungs are evenly spaced in the share of
    images that they accept. Labels are not needed.
    """
    own = np.sort(scores[scores > 0.5])[::-1] if fake else np.sort(scores[scores < 0.5])
    last = np.ceil(np.arange(1, RUNGS + 1) * len(own) / RUNGS).astype(int) - 1
    thresholds = tuple(dict.fromkeys(own[last].tolist())) if len(own) else ()
    accepted = ((scores >= t) if fake else (scores <= t) for t in thresholds)
    return thresholds, tuple(float(mask.mean()) for mask in accepted)
