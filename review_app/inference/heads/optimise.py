"""Gradient training shared by the heads: seeded, on one thread, the same bits every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from review_app.inference.heads.base import Labels, Matrix, Weights
from review_app.inference.torch_runtime import use_one_thread

BatchLoss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]
"""Loss of a batch of features [b, width], targets [b] and weights [b] or None, a scalar."""


class Schedule(Protocol):
    """The hyper-parameters that gradient trainings have in common."""

    @property
    def epochs(self) -> int:
        """How often training goes through all images."""
        ...

    @property
    def batch_size(self) -> int:
        """Images a step."""
        ...

    @property
    def learning_rate(self) -> float:
        """The learning rate of Adam."""
        ...


def seeded(seed: int) -> torch.Generator:
    """A generator of the run's own; torch's global one is never touched."""
    return torch.Generator().manual_seed(seed)


def uniform_layer(
    outputs: int, inputs: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight [outputs, inputs] and bias [outputs], drawn as torch's ``nn.Linear`` draws them."""
    bound = inputs**-0.5
    weight = torch.empty(outputs, inputs).uniform_(-bound, bound, generator=generator)
    bias = torch.empty(outputs).uniform_(-bound, bound, generator=generator)
    return weight.requires_grad_(), bias.requires_grad_()


def minimise(
    parameters: Sequence[torch.Tensor],
    loss: BatchLoss,
    features: Matrix,
    labels: Labels,
    *,
    schedule: Schedule,
    generator: torch.Generator,
    weight_decay: float = 0.0,
    weights: Weights = None,
) -> tuple[float, ...]:
    """Adam over shuffled mini-batches; the mean loss of each epoch.

    Batches are drawn without regard to ``weights``, which have the mean 1 and weigh each loss: the
    gradient of a batch is then an unbiased one.
    """
    use_one_thread()
    inputs = torch.from_numpy(features)
    targets = torch.from_numpy(labels.astype("float32"))
    counts = None if weights is None else torch.from_numpy(weights.astype("float32"))
    adam = _Adam(parameters, schedule.learning_rate, weight_decay)
    curve: list[float] = []
    for _ in range(schedule.epochs):
        total = 0.0
        order = torch.randperm(len(inputs), generator=generator)
        for batch in torch.split(order, schedule.batch_size):
            weighed = None if counts is None else counts[batch]
            batch_loss = loss(inputs[batch], targets[batch], weighed)
            batch_loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            total += batch_loss.item() * len(batch)
        curve.append(total / len(inputs))
    return tuple(curve)


class _Adam:
    """Adam (Kingma & Ba, 2015), to the bit as `torch.optim.Adam` steps with its own constants.

    That one imports torch's compiler at the first step: most of the seconds that a small training
    takes, and a thousand modules that stay in memory.
    """

    _BETAS = 0.9, 0.999
    _EPS = 1e-8

    def __init__(
        self, parameters: Sequence[torch.Tensor], learning_rate: float, weight_decay: float
    ) -> None:
        self._learning_rate = learning_rate
        self._weight_decay = weight_decay
        self._moments = [(p, torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
        self._steps = 0

    @torch.no_grad()
    def step(self) -> None:
        """One step along each gradient, which is then gone."""
        self._steps += 1
        beta1, beta2 = self._BETAS
        size = self._learning_rate / (1 - beta1**self._steps)
        root = (1 - beta2**self._steps) ** 0.5
        for parameter, mean, square in self._moments:
            gradient = parameter.grad
            assert gradient is not None
            parameter.grad = None
            if self._weight_decay:
                gradient = gradient.add(parameter, alpha=self._weight_decay)
            mean.lerp_(gradient, 1 - beta1)
            square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
            parameter.addcdiv_(mean, (square.sqrt() / root).add_(self._EPS), value=-size)
