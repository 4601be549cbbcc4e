"""Weights of labelled images: how many images of the stream each one stands for.

Images that people were asked about are no even sample of what came in. Weighed by one over the
probability with which each was asked about (Horvitz & Thompson 1952), they are. Only the ratios of
weights mean something.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

_RANGE: Final = (1e-9, 1e9)
"""A weight beyond it is a slip: it would stand for more images than anybody has."""
WANTED: Final = f"a number from {_RANGE[0]:g} to {_RANGE[1]:g}, with a point"
"""What a weight must be, for messages."""


def weight_of(written: str) -> float | None:
    """The weight that a manifest writes; None where that is no usable number."""
    try:
        weight = float(written)
    except ValueError:
        return None
    return weight if math.isfinite(weight) and _RANGE[0] <= weight <= _RANGE[1] else None


def normalised(weights: Float64 | None) -> Float64 | None:
    """Weights [n] with the mean 1; None where there are none, or all are equal: nobody is then
    counted more than anybody else, and the result is that without weights, to the bit."""
    if weights is None or not len(weights) or (weights == weights[0]).all():
        return None
    scaled: Float64 = weights / weights.mean()
    return scaled


def effective_size(weights: Float64) -> float:
    """How many equally weighted images tell as much: (sum w)² / sum w² (Kish 1965)."""
    return float(weights.sum() ** 2 / np.square(weights).sum()) if len(weights) else 0.0


def truncated(weights: Float64) -> tuple[Float64, float]:
    """Weights [n], none above mean * sqrt(n), and that limit (Ionides 2008).

    One image that stands for hundreds would drown the others in its noise. With the limit the
    estimate stays consistent, for it grows with n, and its variance becomes finite.
    """
    limit = float(weights.mean() * math.sqrt(len(weights))) if len(weights) else 0.0
    return np.minimum(weights, limit), limit
