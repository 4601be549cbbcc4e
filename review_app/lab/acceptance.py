"""What a policy that is certified on known kinds of images would do with an unknown one.

A certificate holds for images like those that proved it. Thresholds are certified here as the
product does it, on test images of what is known, and then meet what is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.certification.certificate import Certificate, Provenance
from review_app.certification.certify import certify_policy
from review_app.certification.threshold_grid import Side
from review_app.core.intervals import of_share
from review_app.detectors.adapter import both_sides
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.heads import HeadName, Labels

RISK_LIMIT = 0.1
DELTA = 0.1

Float64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


def certified_thresholds(
    checkpoint: Checkpoint, head: HeadName, scores: Float64, is_fake: Labels, now: datetime
) -> dict[Side, float | None]:
    """The thresholds of both sides that images with ``scores`` [n] prove at `RISK_LIMIT` and
    `DELTA`; None where none is proven."""
    card = checkpoint.card.heads[head]
    grids = both_sides({head.value: card.ladder}, head.value, checkpoint.id)
    said = Provenance(checkpoint.id, head.value, "test images of known kinds", now)
    found = certify_policy(
        scores, is_fake, *grids, risk_limit=RISK_LIMIT, delta=DELTA, provenance=said
    )
    sides = {Side.REAL: found.real, Side.FAKE: found.fake}
    return {
        side: each.threshold if isinstance(each, Certificate) else None
        for side, each in sides.items()
    }


def accepted(
    thresholds: Mapping[Side, float | None], scores: Float64, is_fake: Labels
) -> dict[str, Any]:
    """What ``thresholds`` accept of n images: ``{"thresholds", "n", "accepted", "errors", "share",
    "error"}``, the last two [value, low, high] with Wilson's intervals; None where undefined."""
    taken, wrong = np.zeros(len(scores), np.bool_), np.zeros(len(scores), np.bool_)
    for side, threshold in thresholds.items():
        if threshold is not None:
            own = side.accepts(scores, threshold)
            taken |= own
            wrong |= own & (is_fake == (side is Side.REAL))
    n, errors = int(taken.sum()), int(wrong.sum())
    return {
        "thresholds": {side.value: threshold for side, threshold in thresholds.items()},
        "n": len(scores),
        "accepted": n,
        "errors": errors,
        "share": _share(n, len(scores)),
        "error": _share(errors, n),
    }


def _share(part: int, whole: int) -> list[float | None] | None:
    if not whole:
        return None
    return [part / whole, *(of_share(part / whole, whole) or (None, None))]
