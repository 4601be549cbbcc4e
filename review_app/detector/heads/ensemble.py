"""A deep ensemble of linear heads (Lakshminarayanan et al. 2017), all trained at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.detector.heads.base import (
    Head,
    HeadName,
    HeadPrediction,
    Labels,
    Matrix,
    State,
    checked,
)
from review_app.detector.heads.numerics import mixture, predict_by_blocks


class EnsembleHead(Head):
    """The equal mixture of M heads sigmoid(w_m.x + b_m)."""

    name = HeadName.ENSEMBLE
    has_std = True

    def __init__(self, weight: Matrix, bias: Matrix) -> None:
        self._weight, self._bias = weight, bias
        self._columns = np.ascontiguousarray(weight.T)
        self._shares = np.full(len(bias), 1 / len(bias))

    def predict(self, features: Matrix) -> HeadPrediction:
        """See :class:`Head`."""
        return predict_by_blocks(
            features,
            len(self._bias),
            lambda rows: (rows @ self._columns + self._bias).T,
            lambda logits: mixture(logits, self._shares),
        )

    def state(self) -> State:
        """``weight`` [M, width], ``bias`` [M]."""
        return {"weight": self._weight, "bias": self._bias}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """See :class:`Head`."""
        weight = checked(state, "weight", np.float32, None, width)
        return cls(weight, checked(state, "bias", np.float32, len(weight)))


@dataclass(frozen=True, slots=True)
class EnsembleTraining:
    """Each member has a start and a bootstrap sample of its own; all see one order of batches.

    Adam moves every parameter by its own gradient, so members that share a step stay independent.
    """

    members: int = 10
    epochs: int = 30
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    batch_size: int = 128

    def fit(self, features: Matrix, labels: Labels, *, seed: int) -> EnsembleHead:
        """See :class:`review_app.detector.heads.base.Training`."""
        import torch
        import torch.nn.functional as F

        from review_app.detector.heads.optimise import minimise, seeded, uniform_layer

        generator = seeded(seed)
        n, width = features.shape
        layers = [uniform_layer(1, width, generator) for _ in range(self.members)]
        weight = torch.cat([weight.detach() for weight, _ in layers]).requires_grad_()
        bias = torch.cat([bias.detach() for _, bias in layers]).requires_grad_()
        drawn = torch.randint(n, (n, self.members), generator=generator)
        times = torch.zeros(n, self.members).scatter_add_(0, drawn, torch.ones(n, self.members))

        def loss(x: torch.Tensor, y: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
            targets = y[:, None].expand(-1, self.members)
            logits = F.linear(x, weight, bias)
            total = F.binary_cross_entropy_with_logits(logits, targets, times, reduction="sum")
            return total / len(x)

        losses = minimise(
            (weight, bias),
            loss,
            features,
            labels,
            times,
            schedule=self,
            weight_decay=self.weight_decay,
            generator=generator,
        )
        head = EnsembleHead(weight.detach().numpy(), bias.detach().numpy())
        head.losses = tuple(total / self.members for total in losses)
        return head
