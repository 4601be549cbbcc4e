"""Statistics of images that stand for different numbers of others, of one sample or of resamples.

What `resampling`, `selective` and `reliability` count image by image is here counted by mass: an
image of weight 2 is two images at one place. Without weights those are used, and only those.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from review_app.lab.resampling import Ranked, Statistics

_BINS = 10

Float64 = NDArray[np.float64]


def bins_of_equal_mass(ranked: Ranked, values: Float64) -> tuple[Float64, Float64]:
    """Mass, and sum of ``values`` [n] or [rows, n] times mass, of ten bins; [rows, 10] each.

    The bins are of equal mass along the score that ranks. An image on an edge is shared out, and
    tied images share their values, for no order among them was ever chosen.
    """
    mass = np.cumsum(ranked.tied(), axis=1)
    sums = np.cumsum(_tied_values(ranked, values), axis=1)
    edges = np.linspace(0, 1, _BINS + 1)[1:]
    found = np.empty((len(sums), _BINS))
    for row in range(len(sums)):
        own = mass[row if len(mass) > 1 else 0]
        at = np.interp(edges * own[-1], np.append(0.0, own), np.append(0.0, sums[row]))
        found[row] = np.diff(at, prepend=0.0)
    return np.broadcast_to(mass[:, -1:] / _BINS, found.shape), found


def calibration_errors_by_mass(ranked: Ranked, gap: Float64) -> Float64:
    """ECE of resamples ranked by P(fake), [rows]; ``gap`` is P(fake) minus the label, [n]."""
    mass, gaps = bins_of_equal_mass(ranked, gap)
    errors: Float64 = np.abs(gaps).sum(axis=1) / mass.sum(axis=1)
    return errors


def selective_by_mass(
    ranked: Ranked, wrong: NDArray[np.bool_], rates: tuple[float, ...]
) -> Statistics:
    """``aurc`` and ``accuracy_kept_...`` after rejecting the ``rates``, [rows] each; NaN where
    nothing is kept. The resamples are ranked by an uncertainty.
    """
    mass = ranked.counts
    share = ranked.tied(wrong) / np.maximum(ranked.tied(), np.finfo(float).tiny)
    errors = np.cumsum(mass * _each(ranked, share), axis=1)
    accepted = np.cumsum(mass, axis=1)
    risk = np.divide(errors, accepted, out=np.zeros_like(errors), where=accepted > 0)
    found = {"aurc": (mass * risk).sum(axis=1) / accepted[:, -1]}
    for rate in rates:
        kept = (1 - rate) * accepted[:, -1]
        wrongs = np.array([np.interp(*row) for row in zip(kept, accepted, errors, strict=True)])
        with np.errstate(invalid="ignore", divide="ignore"):
            found[f"accuracy_kept_{round(100 * (1 - rate))}"] = 1 - wrongs / kept
    return found


def _tied_values(ranked: Ranked, values: Float64) -> Float64:
    weighed = ranked.counts * np.atleast_2d(values)[:, ranked.order]
    if ranked.starts is None:
        return weighed
    grouped: Float64 = np.add.reduceat(weighed, ranked.starts, axis=1)
    return grouped


def _each(ranked: Ranked, of_ties: Float64) -> Float64:
    """What holds of each group of ties, for each image, [rows, n]."""
    if ranked.starts is None:
        return of_ties
    sizes = np.diff([*ranked.starts, len(ranked.order)])
    return np.repeat(of_ties, sizes, axis=1)
