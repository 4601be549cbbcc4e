"""The hypotheses of a fusion: which members count, and whether they count alike.

A hypothesis names some members and a normal prior of their weights: *free* (each weight by itself),
*tied* (one weight for all of them) or *kin* (weights that scatter about a common one). Members may
be good or useless, and as good as each other or not; nobody knows before there are labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.core.special import gammaln
from review_app.fusion.scale import Float64

BIAS_STD = 3.0
_NO_ROOM = 1e-8
"""Variance of the weight of a member that does not count."""
_SINGULAR = 1e-4
"""Variance that tied weights may still differ by: a covariance must have an inverse."""
_ORTHANT = 0.3
"""Share of -log 2 that each further member of kin costs: about the chance that all of several
weights that hang together are positive."""


@dataclass(frozen=True)
class PriorShape:
    """The prior of weights: w ~ N(0, common² 11' + own² I)."""

    common: float
    own: float

    def log_positive(self, sizes: NDArray[np.intp]) -> Float64:
        """The log of the prior chance that all weights of so many members are positive."""
        if self.common == 0:
            return np.asarray(-sizes * np.log(2))
        each = _ORTHANT if self.own else 0.0
        return np.asarray(-np.log(2) * np.where(sizes > 0, 1 + each * (sizes - 1), 0))


FREE = PriorShape(common=0.0, own=1.5)
SHAPES = (
    FREE,
    PriorShape(common=1.5, own=0.0),
    PriorShape(common=1.5, own=0.5),
)


@dataclass(frozen=True)
class Hypotheses:
    """All that are weighed; the first axis of each array is over them."""

    counts: NDArray[np.bool_]
    """Which members count, [k, members]."""
    precision: Float64
    """The inverse prior covariance of bias and weights, [k, 1 + members, 1 + members]; a member
    that does not count has no room to move."""
    log_prior: Float64
    """The log of the prior chance, less that of all weights being positive, [k]."""

    @classmethod
    def of(cls, members: int, shapes: tuple[PriorShape, ...] = SHAPES) -> Hypotheses:
        """Every set of ``members`` by every shape; of less than two members, by the first alone.
        All numbers of members are as likely as each other."""
        sets = (np.arange(2**members)[:, None] >> np.arange(members)) & 1 == 1
        parts = [
            (sets if shape is shapes[0] else sets[sets.sum(axis=1) > 1], shape) for shape in shapes
        ]
        return cls(
            np.concatenate([counts for counts, _ in parts]),
            np.concatenate([_precision(counts, shape) for counts, shape in parts]),
            np.concatenate([_log_prior(counts, shape) for counts, shape in parts]),
        )

    @classmethod
    def all_free(cls, members: int) -> Hypotheses:
        """The one that all ``members`` count, each by itself."""
        counts = np.ones((1, members), np.bool_)
        return cls(counts, _precision(counts, FREE), _log_prior(counts, FREE))


def _precision(counts: NDArray[np.bool_], shape: PriorShape) -> Float64:
    k, members = counts.shape
    covariance = np.zeros((k, members + 1, members + 1))
    both = counts[:, :, None] & counts[:, None, :]
    covariance[:, 0, 0] = BIAS_STD**2
    covariance[:, 1:, 1:] = shape.common**2 * both
    own = np.where(counts, shape.own**2 + _SINGULAR, _NO_ROOM)
    diagonal = np.arange(1, members + 1)
    covariance[:, diagonal, diagonal] += own
    return np.linalg.inv(covariance)


def _log_prior(counts: NDArray[np.bool_], shape: PriorShape) -> Float64:
    members, sizes = counts.shape[1], counts.sum(axis=1)
    sets_of_size = gammaln(members + 1) - gammaln(sizes + 1) - gammaln(members - sizes + 1)
    return np.asarray(-sets_of_size - shape.log_positive(sizes))
