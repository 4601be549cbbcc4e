"""Monte-Carlo dropout (Gal & Ghahramani 2016) with stored masks: no pass is ever random."""

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
from review_app.inference.heads.numerics import mixture, predict_by_blocks, rectified


class McDropoutHead(Head):
    """Linear → ReLU → Dropout → Linear, dropout on; T passes in one product.

    Dropout follows the only nonlinearity, so all passes share the hidden layer h and the logits of
    the T masks are ``h @ (masks * w2).T / keep + b2``.
    """

    has_std = True

    def __init__(
        self,
        hidden_weight: Matrix,
        hidden_bias: Matrix,
        output_weight: Matrix,
        output_bias: Matrix,
        masks: NDArray[np.uint8],
        keep: Matrix,
    ) -> None:
        self._state: State = {
            "hidden_weight": hidden_weight,
            "hidden_bias": hidden_bias,
            "output_weight": output_weight,
            "output_bias": output_bias,
            "masks": masks,
            "keep": keep,
        }
        self._hidden_weight = np.ascontiguousarray(hidden_weight.T)
        self._hidden_bias = hidden_bias
        passes = masks.astype(np.float32) * (output_weight / keep)
        self._passes = np.ascontiguousarray(passes.T)
        self._output_bias = output_bias
        self._weights = np.full(len(masks), 1 / len(masks))

    def predict(self, features: Matrix) -> HeadPrediction:
        """See :class:`Head`."""
        return predict_by_blocks(
            features,
            len(self._weights),
            self._logits,
            lambda logits: mixture(logits, self._weights),
        )

    def _logits(self, rows: Matrix) -> Matrix:
        hidden = rectified(rows, self._hidden_weight, self._hidden_bias)
        logits: Matrix = hidden @ self._passes + self._output_bias
        return logits

    def state(self) -> State:
        """Two layers, uint8 ``masks`` [T, hidden] and the share ``keep`` [1] that they keep."""
        return self._state

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """See :class:`Head`."""
        hidden_weight = checked(state, "hidden_weight", np.float32, None, width)
        hidden = len(hidden_weight)
        return cls(
            hidden_weight,
            checked(state, "hidden_bias", np.float32, hidden),
            checked(state, "output_weight", np.float32, hidden),
            checked(state, "output_bias", np.float32, 1),
            checked(state, "masks", np.uint8, None, hidden),
            checked(state, "keep", np.float32, 1),
        )


@dataclass(frozen=True, slots=True)
class McDropoutTraining:
    """Binary cross-entropy with Adam and dropout; the defaults are the source method's."""

    hidden: int = 256
    dropout: float = 0.3
    passes: int = 50
    epochs: int = 30
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    batch_size: int = 128

    def fit(
        self, features: Matrix, labels: Labels, *, seed: int, weights: Weights = None
    ) -> McDropoutHead:
        """See :class:`review_app.inference.heads.base.Training`; the masks are drawn last."""
        import torch
        import torch.nn.functional as F

        from review_app.inference.heads.optimise import minimise, seeded, uniform_layer

        generator = seeded(seed)
        keep = 1 - self.dropout
        weight, bias = uniform_layer(self.hidden, features.shape[1], generator)
        output, output_bias = uniform_layer(1, self.hidden, generator)

        def loss(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor | None) -> torch.Tensor:
            hidden = F.relu(F.linear(x, weight, bias))
            dropped = hidden * torch.empty_like(hidden).bernoulli_(keep, generator=generator) / keep
            logits = F.linear(dropped, output, output_bias)[:, 0]
            return F.binary_cross_entropy_with_logits(logits, y, weight=w)

        losses = minimise(
            (weight, bias, output, output_bias),
            loss,
            features,
            labels,
            schedule=self,
            weights=weights,
            weight_decay=self.weight_decay,
            generator=generator,
        )
        masks = torch.empty(self.passes, self.hidden).bernoulli_(keep, generator=generator)
        head = McDropoutHead(
            weight.detach().numpy(),
            bias.detach().numpy(),
            output.detach()[0].numpy(),
            output_bias.detach().numpy(),
            masks.numpy().astype(np.uint8),
            np.array([keep], dtype=np.float32),
        )
        head.losses = losses
        return head
