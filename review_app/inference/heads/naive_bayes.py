"""The generative baseline: Gaussian naive Bayes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.inference.heads.base import (
    Head,
    HeadPrediction,
    Labels,
    Matrix,
    State,
    Weights,
    checked,
)
from review_app.inference.heads.numerics import certain, predict_by_blocks, squares
from review_app.inference.heads.standardizer import weighed_moments


class NaiveBayesHead(Head):
    """Independent normals per class and direction; class frequencies as the prior.

    The log odds of two sets of normals are a quadratic, so prediction is one product:
    sum_i (a_i x_i² + b_i x_i) + c. With thousands of dependent directions the odds are far too
    large, and all but every P(fake) is 0 or 1; a ``power`` below 1 of the likelihood ratio keeps
    their order and lets calibration do the rest.
    """

    has_std = False

    def __init__(
        self, mean: Matrix, variance: Matrix, log_odds: Matrix, power: Matrix | None = None
    ) -> None:
        self._state: State = {"mean": mean, "variance": variance, "log_odds": log_odds}
        if power is not None:
            self._state["power"] = power
        share = 1.0 if power is None else float(power[0])
        real, fake = mean.astype(np.float64)
        real_variance, fake_variance = variance.astype(np.float64)
        square = 0.5 * (1 / real_variance - 1 / fake_variance)
        slope = fake / fake_variance - real / real_variance
        constants = 0.5 * (
            real**2 / real_variance
            - fake**2 / fake_variance
            + np.log(real_variance)
            - np.log(fake_variance)
        )
        self._square = (share * square).astype(np.float32)
        self._slope = (share * slope).astype(np.float32)
        self._constant = float(log_odds[0]) + share * float(constants.sum())

    def predict(self, features: Matrix) -> HeadPrediction:
        """See :class:`Head`; std and mutual information are 0."""
        return predict_by_blocks(
            features,
            1,
            lambda rows: (squares(rows) @ self._square + rows @ self._slope,),
            lambda logits: certain(logits[0] + self._constant),
            shared=False,
        )

    def state(self) -> State:
        """``mean`` and ``variance`` [2, width] (real, fake), prior ``log_odds`` of fake [1]; and
        ``power`` [1] where it is not 1.
        """
        return self._state

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """See :class:`Head`."""
        return cls(
            checked(state, "mean", np.float32, 2, width),
            checked(state, "variance", np.float32, 2, width),
            checked(state, "log_odds", np.float32, 1),
            checked(state, "power", np.float32, 1) if "power" in state else None,
        )


@dataclass(frozen=True, slots=True)
class NaiveBayesTraining:
    """Maximum likelihood with a floor under the variances."""

    variance_floor: float = 1e-2
    """The smallest variance, in units of the standardised features, whose variance is 1: without it
    a direction that was almost constant in one class decides alone."""
    power: float = 1.0
    """The power of the likelihood ratio; 1 is naive Bayes as it stands."""

    def fit(
        self, features: Matrix, labels: Labels, *, seed: int, weights: Weights = None
    ) -> NaiveBayesHead:
        """See :class:`review_app.inference.heads.base.Training`; nothing here is random."""
        each = np.ones(len(labels)) if weights is None else weights
        classes = (~labels, labels)
        moments = [
            weighed_moments(features[of].astype(np.float64), None if weights is None else each[of])
            for of in classes
        ]
        mean, variance = zip(*moments, strict=True)
        real, fake = (each[of].sum() for of in classes)
        log_odds = np.log(fake / real)
        return NaiveBayesHead(
            np.stack(mean).astype(np.float32),
            np.maximum(np.stack(variance), self.variance_floor).astype(np.float32),
            np.array([log_odds], dtype=np.float32),
            None if self.power == 1.0 else np.array([self.power], dtype=np.float32),
        )
