"""Bayesian logistic regression by Laplace's method, with its prior chosen by the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from review_app.inference.heads.base import (
    Head,
    HeadPrediction,
    Labels,
    Matrix,
    State,
    Weights,
    checked,
)
from review_app.inference.heads.numerics import logit_normal, predict_by_blocks

_BIAS = 10.0
"""The bias is the weight of a constant feature of this size: its prior is that much wider."""


class LaplaceHead(Head):
    """w ~ N(w*, (X'WX + aI)^-1), so the logit of x is normal; see :func:`logit_normal`.

    With the eigenvectors u_j and eigenvalues l_j of X'WX, the variance of the logit is
    s² = (|x|² - sum_j l_j / (l_j + a) (u_j.x)²) / a: what the prior allows less what the data
    settled. Leaving out directions of small l_j can only raise it.
    """

    has_std = True

    def __init__(
        self, mean: Matrix, bias: Matrix, factor: Matrix, factor_bias: Matrix, prior: Matrix
    ) -> None:
        self._state: State = {
            "mean": mean,
            "bias": bias,
            "factor": factor,
            "factor_bias": factor_bias,
            "prior": prior,
        }
        self._mean, self._factor_bias = mean, factor_bias
        self._factor = np.ascontiguousarray(factor.T)
        self._bias = float(bias[0])
        self._prior, self._bias_prior = (float(value) for value in prior)

    def predict(self, features: Matrix) -> HeadPrediction:
        """See :class:`Head`."""
        return predict_by_blocks(features, 3, self._moments, self._prediction)

    def _moments(self, rows: Matrix) -> tuple[Matrix, Matrix, Matrix]:
        settled = rows @ self._factor + self._factor_bias
        return rows @ self._mean, np.square(rows).sum(axis=-1), np.square(settled).sum(axis=-1)

    def _prediction(self, moments: NDArray[np.float64]) -> HeadPrediction:
        mean, length, settled = moments
        variance = length * self._prior + self._bias_prior - settled
        return logit_normal(mean + self._bias, np.maximum(variance, 0.0))

    def state(self) -> State:
        """``mean`` [width] and ``bias`` [1] of the logit; ``factor`` [rank, width] and
        ``factor_bias`` [rank], what the data settled; ``prior`` variances [2] of weights and bias.
        """
        return self._state

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """See :class:`Head`."""
        factor = checked(state, "factor", np.float32, None, width)
        return cls(
            checked(state, "mean", np.float32, width),
            checked(state, "bias", np.float32, 1),
            factor,
            checked(state, "factor_bias", np.float32, len(factor)),
            checked(state, "prior", np.float32, 2),
        )


@dataclass(frozen=True, slots=True)
class LaplaceTraining:
    """The mode by Newton's method, the prior by the evidence; no part of it is random."""

    prior_precision: float = 0.0
    """The prior precision of the weights; 0 takes the one of the highest Laplace evidence (MacKay
    1992)."""
    tolerance: float = 0.01
    """The relative amount by which the stored factor may raise the mean s² of the training
    images."""
    max_rank: int = 600
    """Rows of the factor at most, 5 MB at 2,064 features; comes before ``tolerance``."""

    def fit(
        self, features: Matrix, labels: Labels, *, seed: int, weights: Weights = None
    ) -> LaplaceHead:
        """See :class:`review_app.inference.heads.base.Training`; ``seed`` changes nothing."""
        from review_app.inference.heads.evidence import LogisticPosterior

        constant = np.full((len(features), 1), _BIAS)
        inputs = np.hstack([features.astype(np.float64), constant])
        with threadpool_limits(1, user_api="blas"):  # more threads would add in another order
            posterior = LogisticPosterior(inputs, labels, weights)
            given = self.prior_precision
            mode = posterior.mode(given) if given else posterior.best_mode()
            factor, excess = posterior.factor(mode, self.tolerance, self.max_rank)
        prior = np.array([1.0, _BIAS**2]) / mode.precision
        head = LaplaceHead(
            mode.weights[:-1].astype(np.float32),
            np.array([mode.weights[-1] * _BIAS], dtype=np.float32),
            np.ascontiguousarray(factor[:, :-1], dtype=np.float32),
            (factor[:, -1] * _BIAS).astype(np.float32),
            prior.astype(np.float32),
        )
        head.facts = {
            "prior_precision": mode.precision,
            "log_evidence": mode.log_evidence,
            "rank": float(len(factor)),
            "variance_excess": excess,
        }
        return head
