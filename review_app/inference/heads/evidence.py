"""The posterior of Bayesian logistic regression: its mode, its evidence, its covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.optimize import minimize_scalar

from review_app.core.special import expit
from review_app.inference.heads.base import Labels, Weights

_PRECISIONS = (1e-1, 1e5)
"""The range in which the best prior precision is looked for."""
_PRECISE_TO = 0.1
"""The search ends at this step in the logarithm of the precision: the evidence is flat around its
maximum."""
_SETTLED = 1e-9
"""Newton's method ends where a step would gain less than this, in nats."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mode:
    """The most probable weights [d] under a prior N(0, 1 / precision) of each."""

    precision: float
    weights: Float64
    log_evidence: float
    """Laplace's approximation, in nats (MacKay 1992; Bishop 2006, 4.137)."""


class LogisticPosterior:
    """Labels [n] given inputs [n, d] float64, each counted as its weight says.

    ``offset`` [n] is the logit of each where all weights are 0.

    Systems are solved in n or d dimensions, the smaller of the two: by Woodbury's identity
    (X'WX + aI)^-1 needs only the n x n matrix B = I + W½ XX' W½ / a, whose determinant is that of
    X'WX / a + I.
    """

    def __init__(
        self,
        inputs: Float64,
        labels: Labels,
        weights: Weights = None,
        offset: Float64 | None = None,
    ) -> None:
        self._inputs = inputs
        self._offset = np.zeros(len(inputs)) if offset is None else offset
        self._weights = np.ones(len(inputs)) if weights is None else weights
        self._labels = labels.astype(np.float64)
        self._signs = np.where(labels, 1.0, -1.0)
        n, d = inputs.shape
        self._gram = inputs @ inputs.T if n < d else None

    def best_mode(self) -> Mode:
        """The mode of the prior precision with the highest evidence, by a search in one dimension.

        The search starts each mode from the one before.
        """
        modes: list[Mode] = []

        def cost(log_precision: float) -> float:
            start = modes[-1].weights if modes else None
            modes.append(self.mode(float(np.exp(log_precision)), start))
            return -modes[-1].log_evidence

        minimize_scalar(
            cost,
            bounds=np.log(_PRECISIONS),
            method="bounded",
            options={"xatol": _PRECISE_TO},
        )
        return max(modes, key=lambda mode: mode.log_evidence)

    def mode(self, precision: float, start: Float64 | None = None) -> Mode:
        """Find the mode by Newton's method from ``start``, with steps halved where they
        overshoot."""
        weights = np.zeros(self._inputs.shape[1]) if start is None else start
        value = self._log_joint(weights, precision)
        while True:
            change = self._inputs @ weights
            p = expit(change + self._offset)
            curvature = self._weights * p * (1 - p)
            target, log_determinant = self._newton(
                curvature,
                curvature * change + self._weights * self._labels - self._weights * p,
                precision,
            )
            step = target - weights
            gain = -np.inf
            while gain < 0 and np.abs(step).max() > 0:
                gain = self._log_joint(weights + step, precision) - value
                if gain < 0:
                    step /= 2
            if gain < _SETTLED:
                return Mode(precision, weights, value - log_determinant / 2)
            weights, value = weights + step, value + gain

    def factor(self, mode: Mode, tolerance: float, max_rank: int) -> tuple[Float64, float]:
        """F [rank, d] with covariance I / precision - F'F, and by how much that is too large.

        The rank is the smallest with which the mean variance of the logits of the inputs is at most
        ``tolerance`` above the exact one, relatively, and at most ``max_rank``.
        """
        logits = self._inputs @ mode.weights + self._offset
        curvature = self._weights * expit(logits) * expit(-logits)
        scaled = self._inputs * np.sqrt(curvature)[:, None]
        if self._gram is None:
            values, vectors = eigh(scaled.T @ scaled)
            rows = vectors.T
        else:
            values, vectors = eigh(scaled @ scaled.T)
            rows = (vectors / np.sqrt(np.maximum(values, np.finfo(float).tiny))).T @ scaled
        order = np.argsort(values)[::-1]
        order = order[values[order] > values[order[0]] * len(values) * np.finfo(float).eps]
        share = values[order] / (values[order] + mode.precision)
        rows = rows[order] * np.sqrt(share / mode.precision)[:, None]
        settled = np.square(self._inputs @ rows.T).mean(axis=0)
        prior = np.square(self._inputs).sum(axis=1).mean() / mode.precision
        exact = max(prior - settled.sum(), np.finfo(float).tiny)
        excess = np.append(np.cumsum(settled[::-1])[::-1], 0.0) / exact
        rank = min(int(np.argmax(excess <= tolerance)), max_rank)
        return rows[:rank], float(excess[rank])

    def _newton(
        self, curvature: Float64, target: Float64, precision: float
    ) -> tuple[Float64, float]:
        """(X'WX + aI)^-1 X'target, and log |X'WX / a + I|."""
        root = np.sqrt(curvature)
        if self._gram is None:
            scaled = self._inputs * root[:, None]
            matrix = scaled.T @ scaled / precision
            factor, log_determinant = _cholesky_plus_one(matrix)
            return cho_solve(factor, self._inputs.T @ target) / precision, log_determinant
        matrix = self._gram * root[:, None] * root / precision
        factor, log_determinant = _cholesky_plus_one(matrix)
        inner = cho_solve(factor, root * (self._gram @ target)) / precision
        return self._inputs.T @ (target - root * inner) / precision, log_determinant

    def _log_joint(self, weights: Float64, precision: float) -> float:
        """log P(labels | weights) - a |weights|² / 2."""
        logits = self._inputs @ weights + self._offset
        losses = np.logaddexp(0.0, -self._signs * logits)
        likelihood = -(self._weights * losses).sum()
        return float(likelihood - precision * np.square(weights).sum() / 2)


def _cholesky_plus_one(matrix: Float64) -> tuple[tuple[Float64, bool], float]:
    """The Cholesky factor of ``matrix`` + I, made in its place, and its log determinant."""
    matrix[np.diag_indices_from(matrix)] += 1.0
    factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    return factor, 2 * float(np.log(np.diag(factor[0])).sum())
