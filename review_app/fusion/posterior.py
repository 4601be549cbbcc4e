"""The posterior of a fusion's weights: Bayesian model averaging over its hypotheses.

Each hypothesis is a logistic regression on the members' values with a normal prior; its mode comes
by Newton's method, its evidence by Laplace's (MacKay 1992; Hoeting et al. 1999, "Bayesian model
averaging: a tutorial"). Hypotheses whose mode has a weight below 0 are out: a higher score never
speaks for real. All are fitted at once, as arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.core.special import expit, log_ndtr
from review_app.fusion.hypotheses import Hypotheses
from review_app.fusion.scale import Float64

_ROUNDS = 40
_HALVINGS = 12
_TOLERANCE = 1e-7
_LEAST = -5.0
"""Standard deviations below 0: the chance of a positive weight is taken to be no less."""


@dataclass(frozen=True)
class Weighed:
    """Hypotheses after the labels."""

    counts: NDArray[np.bool_]
    """Which members count, [k, members]."""
    log_chance: Float64
    """The log of how likely each is, up to a constant, [k]; minus infinity for one that is out."""
    mode: Float64
    """Bias and weights, [k, 1 + members]."""
    covariance: Float64
    """[k, 1 + members, 1 + members]."""

    def chances(self) -> Float64:
        """How likely each hypothesis is, [k]; they sum to 1."""
        powers = np.exp(self.log_chance - self.log_chance.max())
        return np.asarray(powers / powers.sum())

    def without(self, member: int) -> Weighed:
        """The hypotheses in which ``member`` does not count."""
        kept = ~self.counts[:, member]
        return Weighed(
            self.counts[kept], self.log_chance[kept], self.mode[kept], self.covariance[kept]
        )

    def averaged(self) -> tuple[Float64, Float64]:
        """Mean [1 + members] and covariance [1 + members, 1 + members] of bias and weights."""
        chances = self.chances()
        mean = chances @ self.mode
        away = self.mode - mean
        covariance = np.einsum("k,kij->ij", chances, self.covariance)
        return mean, covariance + np.einsum("k,ki,kj->ij", chances, away, away)

    def included(self) -> Float64:
        """How likely each member is to count, [members]."""
        return np.asarray(self.chances() @ self.counts)


def weigh(
    hypotheses: Hypotheses, values: Float64, is_fake: NDArray[np.bool_], weights: Float64
) -> Weighed:
    """The hypotheses after labelled images: ``values`` [n, members] without gaps, ``is_fake`` [n],
    and how much each image tells, ``weights`` [n]."""
    return _Newton(hypotheses, values, is_fake, weights).weighed()


class _Newton:
    def __init__(
        self,
        hypotheses: Hypotheses,
        values: Float64,
        is_fake: NDArray[np.bool_],
        weights: Float64,
    ) -> None:
        self._hypotheses = hypotheses
        self._inputs = np.column_stack([np.ones(len(values)), values])
        width = self._inputs.shape[1]
        products = self._inputs[:, :, None] * self._inputs[:, None, :]
        self._products = products.reshape(len(values), width * width)
        self._is_fake, self._weights = is_fake, weights
        self._sides = np.where(is_fake, -1.0, 1.0)

    def weighed(self) -> Weighed:
        prior, counts = self._hypotheses.precision, self._hypotheses.counts
        mode, loss = self._mode()
        hessian = self._hessian(mode)
        covariance = np.linalg.inv(hessian)
        evidence = -loss + (np.linalg.slogdet(prior)[1] - np.linalg.slogdet(hessian)[1]) / 2
        spread = np.sqrt(np.einsum("kii->ki", covariance)[:, 1:])
        positive = np.where(counts, log_ndtr(np.maximum(mode[:, 1:] / spread, _LEAST)), 0.0)
        found = evidence + positive.sum(axis=1) + self._hypotheses.log_prior
        allowed = np.where(counts, mode[:, 1:] > 0, True).all(axis=1)
        # What does not count has a weight of 0, to the last bit.
        kept = np.column_stack([np.ones(len(counts), np.bool_), counts])
        both = kept[:, :, None] & kept[:, None, :]
        return Weighed(
            counts,
            np.where(allowed, found, -np.inf),
            np.where(kept, mode, 0.0),
            np.where(both, covariance, 0.0),
        )

    def _mode(self) -> tuple[Float64, Float64]:
        """The modes [k, 1 + members], and their loss [k]."""
        mode = np.zeros((len(self._hypotheses.counts), self._inputs.shape[1]))
        loss = self._loss(mode)
        for _ in range(_ROUNDS):
            residual = (expit(mode @ self._inputs.T) - self._is_fake) * self._weights
            prior = np.einsum("kij,kj->ki", self._hypotheses.precision, mode)
            gradient = residual @ self._inputs + prior
            step = np.linalg.solve(self._hessian(mode), gradient[:, :, None])[:, :, 0]
            new, new_loss = self._down(mode, loss, step)
            moved = np.abs(new - mode).max()
            mode, loss = new, new_loss
            if moved < _TOLERANCE:
                break
        return mode, loss

    def _down(self, mode: Float64, loss: Float64, step: Float64) -> tuple[Float64, Float64]:
        """One step each, halved until it leads down; none where it never does."""
        share = np.ones(len(mode))
        for _ in range(_HALVINGS):
            new = mode - share[:, None] * step
            new_loss = self._loss(new)
            worse = new_loss > loss + 1e-9
            if not worse.any():
                break
            share[worse] /= 2
        stays = new_loss > loss + 1e-9
        return np.where(stays[:, None], mode, new), np.where(stays, loss, new_loss)

    def _loss(self, mode: Float64) -> Float64:
        losses = np.logaddexp(0, self._sides * (mode @ self._inputs.T)) @ self._weights
        prior = np.einsum("ki,kij,kj->k", mode, self._hypotheses.precision, mode)
        return np.asarray(losses + prior / 2)

    def _hessian(self, mode: Float64) -> Float64:
        p = expit(mode @ self._inputs.T)
        width = self._inputs.shape[1]
        told = ((p * (1 - p)) * self._weights) @ self._products
        return np.asarray(told.reshape(-1, width, width) + self._hypotheses.precision)
