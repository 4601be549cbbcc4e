"""A linear layer with a mean-field normal posterior (Blundell et al. 2015), predicted exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

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
from review_app.inference.heads.numerics import logit_normal, predict_by_blocks, squares

if TYPE_CHECKING:
    import torch


class VariationalHead(Head):
    """w_i ~ N(mu_i, sigma_i²), so the logit of x is normal and no weight need be sampled.

    m = mu.x + mu_b and s² = sum_i sigma_i² x_i² + sigma_b², exactly; see :func:`logit_normal`.
    """

    has_std = True

    def __init__(self, mean: Matrix, std: Matrix, bias_mean: Matrix, bias_std: Matrix) -> None:
        self._state: State = {
            "mean": mean,
            "std": std,
            "bias_mean": bias_mean,
            "bias_std": bias_std,
        }
        self._mean = mean
        self._variance = np.square(std)
        self._bias_mean = float(bias_mean[0])
        self._bias_variance = float(bias_std[0]) ** 2

    def predict(self, features: Matrix) -> HeadPrediction:
        """See :class:`Head`."""
        return predict_by_blocks(features, 2, self._moments, self._prediction, shared=False)

    def _moments(self, rows: Matrix) -> tuple[Matrix, Matrix]:
        return rows @ self._mean, squares(rows) @ self._variance

    def _prediction(self, moments: NDArray[np.float64]) -> HeadPrediction:
        return logit_normal(moments[0] + self._bias_mean, moments[1] + self._bias_variance)

    def state(self) -> State:
        """``mean`` and ``std`` [width], ``bias_mean`` and ``bias_std`` [1]."""
        return self._state

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """See :class:`Head`."""
        return cls(
            checked(state, "mean", np.float32, width),
            checked(state, "std", np.float32, width),
            checked(state, "bias_mean", np.float32, 1),
            checked(state, "bias_std", np.float32, 1),
        )


@dataclass(frozen=True, slots=True)
class VariationalTraining:
    """Minus the ELBO per image, by the reparametrisation trick; the source method's defaults.

    Loss of a batch: mean cross-entropy + kl_weight * KL(q || prior) / n, with n the training images
    and one draw of the weights per batch.
    """

    prior_std: float = 0.5
    kl_weight: float = 1.0
    rho: float = -3.0
    """Start of rho, where sigma = softplus(rho)."""
    epochs: int = 50
    learning_rate: float = 1e-3
    batch_size: int = 128

    def fit(
        self, features: Matrix, labels: Labels, *, seed: int, weights: Weights = None
    ) -> VariationalHead:
        """See :class:`review_app.inference.heads.base.Training`."""
        import torch
        import torch.nn.functional as F

        from review_app.inference.heads.optimise import minimise, seeded, uniform_layer

        generator = seeded(seed)
        weight, bias = uniform_layer(1, features.shape[1], generator)
        # Weight and bias are one vector: they share prior and treatment.
        mean = torch.cat([weight.detach()[0], bias.detach()]).requires_grad_()
        rho = torch.full_like(mean, self.rho, requires_grad=True)

        def loss(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor | None) -> torch.Tensor:
            std = F.softplus(rho)
            drawn = mean + std * torch.empty_like(mean).normal_(generator=generator)
            logits = x @ drawn[:-1] + drawn[-1]
            likelihood = F.binary_cross_entropy_with_logits(logits, y, weight=w)
            return likelihood + self.kl_weight * self._divergence(mean, std) / len(features)

        losses = minimise(
            (mean, rho),
            loss,
            features,
            labels,
            schedule=self,
            weights=weights,
            generator=generator,
        )
        learned, std = mean.detach().numpy(), F.softplus(rho).detach().numpy()
        head = VariationalHead(learned[:-1], std[:-1], learned[-1:], std[-1:])
        head.losses = losses
        return head

    def _divergence(self, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
        """KL of N(mean, std²) from the prior N(0, prior_std²), summed, in nats."""
        ratio = std / self.prior_std
        terms = (ratio.square() + (mean / self.prior_std).square() - 1) / 2 - ratio.log()
        return terms.sum()
