"""A head brought up to date by labels: logistic regression whose prior is centred at another head.

The logit of an image is that of the head before, plus a part that labels have taught:
l + (a - 1) l + w.z + b, with z what heads are told of the image. All of w, a - 1 and b have normal
priors around 0, so without labels, and wherever labels say nothing, the head before is what is
left. One number says how far labels may lead away from it, and the evidence chooses that (MacKay
1992): a priori the features, the slope and the offset move the logits of the images equally much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from review_app.core.special import expit
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
from review_app.manifests.weights import effective_size

if TYPE_CHECKING:
    from review_app.inference.heads.evidence import LogisticPosterior, Mode

BESIDE: Final = 2
"""Columns after the features: the logit of the head before, and the std of that logit."""

_SMALLEST = 1e-3
"""The smallest size of features and logits: none is a unit."""

Float64 = NDArray[np.float64]


class UpdatedHead(Head):
    """The posterior over the change of the logit is normal; see the module and `LaplaceHead`.

    P(fake) and entropy are those of the head before, changed. In std and mutual information its
    own doubt about the image counts, too.
    """

    has_std = True

    def __init__(
        self, mean: Matrix, bias: Matrix, factor: Matrix, factor_bias: Matrix, scale: Matrix
    ) -> None:
        self._state: State = {
            "mean": mean,
            "bias": bias,
            "factor": factor,
            "factor_bias": factor_bias,
            "scale": scale,
        }
        slope, self._prior, self._bias_prior = (float(value) for value in scale)
        # The last column, the std, has no part in the change.
        self._units: Matrix = np.append(np.ones(len(mean) - 1), [slope, 0.0]).astype(np.float32)
        self._mean: Matrix = np.append(mean, np.float32(0))
        self._factor: Matrix = np.vstack([factor.T, np.zeros((1, len(factor)), dtype=np.float32)])
        self._factor_bias, self._bias = factor_bias, float(bias[0])

    def predict(self, features: Matrix) -> HeadPrediction:
        """See :class:`Head`; features are told coordinates and two columns `BESIDE` them."""
        return predict_by_blocks(features, 5, self._moments, self._prediction)

    def draws(self, features: Matrix, count: int, *, seed: int) -> Float64:
        """P(fake) of images [n] under ``count`` draws of the change, one draw for all images:
        [count, n]. The doubt of the head before is not drawn.

        With N(0, I) drawn as z and the settled directions u_j of shares s_j, a draw is
        (z - sum_j (1 - sqrt(1 - s_j)) (u_j.z) u_j) / sqrt(a): its covariance is that of the change.
        """
        scaled: Matrix = features * self._units
        rows = np.vstack(
            [self._factor, self._factor_bias / np.sqrt(self._bias_prior / self._prior)]
        )
        lengths = np.square(rows).sum(axis=0, dtype=np.float64)
        normal = np.random.default_rng(seed).standard_normal((len(rows), count))
        normal[-2] = 0.0  # the column of the std
        shares = np.clip(lengths / self._prior, 0.0, 1.0)
        part = (1 - np.sqrt(1 - shares)) / np.maximum(lengths, np.finfo(float).tiny)
        normal -= rows @ (part[:, None] * (rows.T @ normal))
        normal *= np.sqrt(self._prior)
        offset = self._bias + normal[-1] * np.sqrt(self._bias_prior / self._prior)
        change = scaled @ (normal[:-1] + self._mean[:, None].astype(np.float64)) + offset
        return np.asarray(expit(features[:, -BESIDE, None] + change).T)

    def _moments(self, rows: Matrix) -> tuple[Matrix, ...]:
        scaled: Matrix = rows * self._units
        settled = scaled @ self._factor + self._factor_bias
        change = scaled @ self._mean
        length = np.square(scaled).sum(axis=-1)
        known = np.square(settled).sum(axis=-1)
        return change, length, known, rows[..., -2], rows[..., -1]

    def _prediction(self, moments: Float64) -> HeadPrediction:
        change, length, settled, before, doubt = moments
        mean = before + change + self._bias
        variance = np.maximum(length * self._prior + self._bias_prior - settled, 0.0)
        says = logit_normal(mean, variance)
        spread = logit_normal(mean, variance + np.square(doubt))
        p = says.p_fake
        return HeadPrediction(
            p,
            np.minimum(spread.std, np.sqrt(p * (1 - p))),
            says.entropy,
            np.minimum(spread.mutual_information, says.entropy),
        )

    def state(self) -> State:
        """``mean`` [width - 1] and ``bias`` [1] of the change; ``factor`` [rank, width - 1] and
        ``factor_bias`` [rank], what labels settled; ``scale`` [3]: the unit of the logit before,
        and the prior variances of weights and bias.
        """
        return self._state

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """See :class:`Head`."""
        factor = checked(state, "factor", np.float32, None, width - 1)
        return cls(
            checked(state, "mean", np.float32, width - 1),
            checked(state, "bias", np.float32, 1),
            factor,
            checked(state, "factor_bias", np.float32, len(factor)),
            checked(state, "scale", np.float32, 3),
        )


@dataclass(frozen=True, slots=True)
class UpdateTraining:
    """The mode by Newton's method, the prior by the evidence.

    Weighted images count together as their effective number, so that few heavy ones do not seem
    to be many.
    """

    prior_precision: float = 0.0
    """The prior precision of the weights; 0 takes the one of the highest evidence."""
    evidence_images: int = 1500
    """The evidence is computed on at most so many of the images, drawn at random."""
    directions: int = 384
    """The number of directions in which the change is looked for where there are more images: those
    in which they differ most. In all others the prior stays as it is."""
    tolerance: float = 0.01
    """See `LaplaceTraining`."""
    max_rank: int = 384
    """Rows of the factor at most; comes before ``tolerance``."""

    def fit(
        self, features: Matrix, labels: Labels, *, seed: int, weights: Weights = None
    ) -> UpdatedHead:
        """See :class:`review_app.inference.heads.base.Training`; ``seed`` draws the images for the
        evidence and the directions."""
        return UpdateProblem(features, self, seed).fit(np.arange(len(features)), labels, weights)


class UpdateProblem:
    """Images [n, d + 2] as `UpdatedHead` takes them, made ready once for several fits.

    No label has a part in it, so that fits to some of the images know nothing of the others'.
    """

    def __init__(self, features: Matrix, training: UpdateTraining, seed: int) -> None:
        told, before = features[:, :-BESIDE], features[:, -BESIDE].astype(np.float64)
        lengths = np.einsum("nd,nd->n", told, told, dtype=np.float64)
        self._training, self._seed = training, seed
        # Brings much of scipy; before any limit, which holds for what is loaded by then.
        from review_app.inference.heads.evidence import LogisticPosterior

        self._fitted = LogisticPosterior
        self._before = before
        self._length = max(float(np.sqrt(lengths.mean())), _SMALLEST)
        self._slope = self._length / max(float(np.sqrt(np.square(before).mean())), _SMALLEST)
        with threadpool_limits(1, user_api="blas"):  # more threads would add in another order
            self._basis = _directions(told, training.directions, np.random.default_rng(seed))
            seen = told if self._basis is None else told @ self._basis
        beside = (self._slope * before[:, None], np.full((len(told), 1), self._length))
        self._inputs = np.hstack([seen.astype(np.float64), *beside])

    def fit(
        self, rows: NDArray[np.intp], labels: Labels, weights: Weights, precision: float = 0.0
    ) -> UpdatedHead:
        """The head of the images at ``rows`` [m], which have ``labels`` and ``weights`` [m].

        ``precision``: that of the prior, where another fit has found it.
        """
        counts = None if weights is None else weights * effective_size(weights) / len(weights)
        training = self._training
        with threadpool_limits(1, user_api="blas"):
            mode, posterior = self._mode(rows, labels, counts, precision)
            factor, excess = posterior.factor(mode, training.tolerance, training.max_rank)
        scale = np.array([self._slope, 1 / mode.precision, self._length**2 / mode.precision])
        head = UpdatedHead(
            _widened(mode.weights[None], self._basis)[0],
            np.array([mode.weights[-1] * self._length], dtype=np.float32),
            _widened(factor, self._basis),
            (factor[:, -1] * self._length).astype(np.float32),
            scale.astype(np.float32),
        )
        head.facts = {
            "prior_precision": mode.precision,
            "log_evidence": mode.log_evidence,
            "rank": float(len(factor)),
            "variance_excess": excess,
            "slope": 1.0 + float(mode.weights[-2]) * self._slope,
            "offset": float(mode.weights[-1]) * self._length,
        }
        return head

    def _mode(
        self, rows: NDArray[np.intp], labels: Labels, counts: Weights, precision: float
    ) -> tuple[Mode, LogisticPosterior]:
        posterior = self._posterior(rows, labels, counts)
        precision = precision or self._training.prior_precision
        if precision:
            return posterior.mode(precision), posterior
        most = self._training.evidence_images
        if len(rows) <= most:
            return posterior.best_mode(), posterior
        generator = np.random.default_rng(self._seed)
        some = np.sort(generator.choice(len(rows), most, replace=False))
        few = None if counts is None else counts[some]
        found = self._posterior(rows[some], labels[some], few).best_mode()
        return posterior.mode(found.precision, found.weights), posterior

    def _posterior(
        self, rows: NDArray[np.intp], labels: Labels, counts: Weights
    ) -> LogisticPosterior:
        return self._fitted(self._inputs[rows], labels, counts, self._before[rows])


def _directions(told: Matrix, most: int, generator: np.random.Generator) -> Matrix | None:
    """Orthonormal directions [d, r] that hold most of the length of ``told`` [n, d]; None, for all
    of them, where there are no more images or coordinates than ``most``.

    Randomised subspace iteration (Halko et al. 2011), on at most ten images a direction.
    """
    n, d = told.shape
    if min(n, d) <= most:
        return None
    rows = told
    if n > 10 * most:
        rows = told[np.sort(generator.choice(n, 10 * most, replace=False))]
    basis = generator.standard_normal((d, most)).astype(np.float32)
    for _ in range(3):
        basis, _ = np.linalg.qr(rows.T @ (rows @ basis))
    return np.ascontiguousarray(basis, dtype=np.float32)


def _widened(rows: Float64, basis: Matrix | None) -> Matrix:
    """Rows [k, r + 2] over directions, slope and offset as rows [k, d + 1] over coordinates and
    slope."""
    told = rows[:, :-2] if basis is None else rows[:, :-2] @ basis.T.astype(np.float64)
    return np.ascontiguousarray(np.hstack([told, rows[:, -2:-1]]), dtype=np.float32)
