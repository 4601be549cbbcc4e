"""A deep ensemble of small networks (Lakshminarayanan et al. 2017), all trained at once."""

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


class EnsembleHead(Head):
    """The equal mixture of M networks Linear → ReLU → Linear, their hidden layers side by side."""

    has_std = True

    def __init__(
        self, hidden_weight: Matrix, hidden_bias: Matrix, output_weight: Matrix, output_bias: Matrix
    ) -> None:
        self._state: State = {
            "hidden_weight": hidden_weight,
            "hidden_bias": hidden_bias,
            "output_weight": output_weight,
            "output_bias": output_bias,
        }
        self._hidden_weight = np.ascontiguousarray(hidden_weight.T)
        self._hidden_bias = hidden_bias
        members, hidden = output_weight.shape
        # One product serves all members: each looks at its own part of the hidden units.
        self._outputs = np.zeros((members * hidden, members), dtype=np.float32)
        for member, weights in enumerate(output_weight):
            self._outputs[member * hidden : (member + 1) * hidden, member] = weights
        self._output_bias = output_bias
        self._shares = np.full(members, 1 / members)

    def predict(self, features: Matrix) -> HeadPrediction:
        """See :class:`Head`."""
        return predict_by_blocks(
            features,
            len(self._shares),
            self._logits,
            lambda logits: mixture(logits, self._shares),
        )

    def _logits(self, rows: Matrix) -> Matrix:
        hidden = rectified(rows, self._hidden_weight, self._hidden_bias)
        logits: Matrix = hidden @ self._outputs + self._output_bias
        return logits

    def state(self) -> State:
        """``hidden_weight`` [M * hidden, width], ``hidden_bias`` [M * hidden], ``output_weight``
        [M, hidden], ``output_bias`` [M].
        """
        return self._state

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """See :class:`Head`."""
        output_weight = checked(state, "output_weight", np.float32, None, None)
        units = output_weight.size
        return cls(
            checked(state, "hidden_weight", np.float32, units, width),
            checked(state, "hidden_bias", np.float32, units),
            output_weight,
            checked(state, "output_bias", np.float32, len(output_weight)),
        )


@dataclass(frozen=True, slots=True)
class EnsembleTraining:
    """Members differ by where they start and by their dropout; all see one order of batches.

    Each sees all images: members of small networks gain more from the images than from bootstrap
    samples of them. Adam moves every parameter by its own gradient, so members that share a step
    stay independent.
    """

    members: int = 8
    hidden: int = 16
    dropout: float = 0.3
    epochs: int = 15
    learning_rate: float = 3e-4
    weight_decay: float = 8e-3
    batch_size: int = 128

    def fit(
        self, features: Matrix, labels: Labels, *, seed: int, weights: Weights = None
    ) -> EnsembleHead:
        """See :class:`review_app.inference.heads.base.Training`."""
        import torch
        import torch.nn.functional as F

        from review_app.inference.heads.optimise import minimise, seeded, uniform_layer

        generator = seeded(seed)
        units, keep = self.members * self.hidden, 1 - self.dropout
        weight, bias = uniform_layer(units, features.shape[1], generator)
        outputs = [uniform_layer(1, self.hidden, generator) for _ in range(self.members)]
        output = torch.cat([weight.detach() for weight, _ in outputs]).requires_grad_()
        output_bias = torch.cat([bias.detach() for _, bias in outputs]).requires_grad_()

        def loss(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor | None) -> torch.Tensor:
            hidden = F.relu(F.linear(x, weight, bias))
            dropped = hidden * torch.empty_like(hidden).bernoulli_(keep, generator=generator) / keep
            each = dropped.view(-1, self.members, self.hidden)
            logits = (each * output).sum(dim=2) + output_bias
            targets = y[:, None].expand(-1, self.members)
            # A sum over members: each then learns as if it were alone.
            total = F.binary_cross_entropy_with_logits(
                logits, targets, weight=None if w is None else w[:, None], reduction="sum"
            )
            return total / len(x)

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
        head = EnsembleHead(
            weight.detach().numpy(),
            bias.detach().numpy(),
            output.detach().numpy(),
            output_bias.detach().numpy(),
        )
        head.losses = tuple(total / self.members for total in losses)
        return head
