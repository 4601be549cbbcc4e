"""A mixture of experts, one for each source of the training images, with a soft gate.

Sources differ in size, compression and generator; one linear rule for all of them is worse than a
rule for each (Jacobs et al. 1991; Daumé 2007, whose feature augmentation this is without the shared
block). The gate is a softmax over the texture space, so that it also decides for images without a
known source; the experts are one head on the joined, gated copies of the features, so that every
head can be gated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.inference.heads.base import Labels, Matrix, State, Weights, checked
from review_app.inference.heads.numerics import by_blocks

SMALLEST_SOURCE = 100
"""Training images of each class that a source needs for an expert of its own."""
MAX_EXPERTS = 8
_PENALTY = 1e-2
"""Inverse strength of the gate's ridge (scikit-learn's C)."""


@dataclass(frozen=True, slots=True)
class SourceGate:
    """g(z) = softmax(W z + b) over k experts, z in the texture space."""

    weight: Matrix
    """float32 [d, k]."""
    bias: Matrix
    """float32 [k]."""

    @classmethod
    def fit(cls, coordinates: Matrix, experts: NDArray[np.intp], weights: Weights = None) -> Self:
        """Fit the gate to coordinates [n, d] and the expert of each image, 0 to k - 1 with k >
        1."""
        from sklearn.linear_model import LogisticRegression  # slow to import

        model = LogisticRegression(C=_PENALTY, max_iter=500)
        model.fit(coordinates, experts, sample_weight=weights)
        weight, bias = model.coef_.T, model.intercept_
        if weight.shape[1] == 1:  # two experts: scikit-learn keeps the difference of the two
            weight, bias = np.hstack([-weight / 2, weight / 2]), np.hstack([-bias / 2, bias / 2])
        return cls(
            np.ascontiguousarray(weight, dtype=np.float32), np.asarray(bias, dtype=np.float32)
        )

    @property
    def experts(self) -> int:
        """Number of experts, k."""
        return len(self.bias)

    def shares(self, coordinates: Matrix) -> Matrix:
        """How much each expert counts for each image, float32 [n, k]; rows sum to 1."""
        logits = by_blocks(coordinates, self.experts, lambda rows: rows @ self.weight + self.bias)
        powers = np.exp(logits - logits.max(axis=0))
        shares: Matrix = (powers / powers.sum(axis=0)).T
        return shares

    @staticmethod
    def expand(standardised: Matrix, shares: Matrix) -> Matrix:
        """The features [n, width] once for each expert, times its share: [n, k * width]."""
        gated = shares[:, :, None] * standardised[:, None, :]
        return np.ascontiguousarray(gated.reshape(len(standardised), -1))

    def state(self) -> State:
        """``weight`` [d, k], ``bias`` [k]."""
        return {"weight": self.weight, "bias": self.bias}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], dimensions: int) -> Self:
        """The gate stored in ``state``; CheckpointError where a tensor is wrong."""
        bias = checked(state, "bias", np.float32, None)
        return cls(checked(state, "weight", np.float32, dimensions, len(bias)), bias)


def experts_of(sources: Sequence[str], is_fake: Labels) -> tuple[tuple[str, ...], ...]:
    """The sources that each expert is for; fewer than two where no gate is worth having.

    A source earns an expert by 100 images of each class. One with a single class must not: its
    expert would learn the source instead of the fake. The others share one expert, if together
    they earn it; if not, the gate shares their images out among the experts there are.
    """
    fakes = Counter(source for source, fake in zip(sources, is_fake, strict=True) if fake)
    reals = Counter(source for source, fake in zip(sources, is_fake, strict=True) if not fake)
    smaller = {name: min(fakes[name], reals[name]) for name in set(sources)}
    ranked = sorted(smaller, key=lambda name: (-smaller[name], name))
    own = [name for name in ranked if name and smaller[name] >= SMALLEST_SOURCE]
    own = sorted(own[: MAX_EXPERTS - 1])
    rest = tuple(sorted(set(sources) - set(own)))
    shared = min(sum(fakes[name] for name in rest), sum(reals[name] for name in rest))
    return tuple((name,) for name in own) + ((rest,) if shared >= SMALLEST_SOURCE else ())


def balanced(
    sources: Sequence[str],
    is_fake: Labels,
    experts: Sequence[Sequence[str]],
    weights: Weights = None,
) -> NDArray[np.float64]:
    """``weights`` scaled so that real and fake images of every expert weigh the same, with the mean
    1, float64 [n]; images of sources without an expert keep theirs.

    A source with fewer images, or with more fakes than photos, would otherwise be learned last
    (group-balanced training: Sagawa et al. 2020, in whose experiments it nears the worst group's
    best).
    """
    found = np.ones(len(is_fake)) if weights is None else weights.astype(np.float64)
    expert = {source: at for at, members in enumerate(experts) for source in members}
    cells = np.array([2 * expert.get(source, -1) for source in sources]) + is_fake
    known = cells >= 0
    masses = np.bincount(cells[known], found[known], minlength=2 * len(experts))
    share = masses.sum() / np.count_nonzero(masses)
    found[known] *= share / masses[cells[known]]
    scaled: NDArray[np.float64] = found / found.mean()
    return scaled
