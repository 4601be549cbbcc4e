"""The optimiser of the heads steps as torch's own, to the bit."""

from __future__ import annotations

import pytest
import torch

from review_app.inference.heads.linear import LinearTraining
from review_app.inference.heads.optimise import minimise, seeded
from tests.detector.conftest import WIDTH, labelled

SCHEDULE = LinearTraining(epochs=3, batch_size=16, learning_rate=0.05)


def loss(
    weight: torch.Tensor, x: torch.Tensor, y: torch.Tensor, _weights: torch.Tensor | None = None
) -> torch.Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(x @ weight, y)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_training_steps_as_torchs_adam_does_to_the_bit(decay: float) -> None:
    data = labelled(100, 1)
    own, theirs = (torch.zeros(WIDTH, requires_grad=True) for _ in range(2))
    minimise(
        [own],
        lambda x, y, weights: loss(own, x, y, weights),
        data.features,
        data.is_fake,
        schedule=SCHEDULE,
        generator=seeded(5),
        weight_decay=decay,
    )
    adam = torch.optim.Adam([theirs], lr=SCHEDULE.learning_rate, weight_decay=decay)
    generator = seeded(5)
    inputs, targets = torch.from_numpy(data.features), torch.from_numpy(data.is_fake).float()
    for _ in range(SCHEDULE.epochs):
        order = torch.randperm(100, generator=generator)
        for batch in torch.split(order, SCHEDULE.batch_size):
            adam.zero_grad()
            loss(theirs, inputs[batch], targets[batch]).backward()  # type: ignore[no-untyped-call]
            adam.step()
    assert own.detach().any()
    assert torch.equal(own, theirs)
