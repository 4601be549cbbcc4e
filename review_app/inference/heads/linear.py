"""The deterministic baseline: one linear layer and a sigmoid."""

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
from review_app.inference.heads.numerics import certain, predict_by_blocks


class LinearHead(Head):
    """P(fake) = sigmoid(w.x + b)."""

    has_std = False

    def __init__(self, weight: Matrix, bias: Matrix) -> None:
        self._weight = weight
        self._bias = bias

    def predict(self, features: Matrix) -> HeadPrediction:
        """See :class:`Head`; std and mutual information are 0."""
        return predict_by_blocks(
            features,
            1,
            lambda rows: (rows @ self._weight + self._bias,),
            lambda logits: certain(logits[0]),
            shared=False,
        )

    def state(self) -> State:
        """``weight`` [width], ``bias`` [1]."""
        return {"weight": self._weight, "bias": self._bias}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """See :class:`Head`."""
        return cls(
            checked(state, "weight", np.float32, width), checked(state, "bias", np.float32, 1)
        )


@dataclass(frozen=True, slots=True)
class LinearTraining:
    """Binary cross-entropy with Adam; the defaults are the source method's."""

    epochs: int = 30
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    batch_size: int = 128

    def fit(
        self, features: Matrix, labels: Labels, *, seed: int, weights: Weights = None
    ) -> LinearHead:
        """See :class:`review_app.inference.heads.base.Training`."""
        import torch.nn.functional as F

        from review_app.inference.heads.optimise import minimise, seeded, uniform_layer

        generator = seeded(seed)
        weight, bias = uniform_layer(1, features.shape[1], generator)
        losses = minimise(
            (weight, bias),
            lambda x, y, w: F.binary_cross_entropy_with_logits(
                F.linear(x, weight, bias)[:, 0], y, weight=w
            ),
            features,
            labels,
            schedule=self,
            weights=weights,
            weight_decay=self.weight_decay,
            generator=generator,
        )
        head = LinearHead(weight.detach()[0].numpy(), bias.detach().numpy())
        head.losses = losses
        return head
