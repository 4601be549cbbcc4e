"""The contracts of heads: what they are trained with, what they predict, what is stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import CheckpointError

Matrix = NDArray[np.float32]
"""Standardised features, float32 [n, width]."""
Labels = NDArray[np.bool_]
"""True where the image is fake, [n]."""
Weights = NDArray[np.float64] | None
"""How much each image counts, float64 [n] with the mean 1; None: all alike."""
State = dict[str, NDArray[Any]]
"""Tensors by name: all that a prediction needs."""

SOURCE_SEED = 114514
"""The seed of the source method."""


@dataclass(frozen=True, slots=True)
class HeadPrediction:
    """The predictions of one head for n images; each field is float64 [n]."""

    p_fake: NDArray[np.float64]
    """Posterior mean of P(fake), in [0, 1]."""
    std: NDArray[np.float64]
    """Posterior standard deviation of P(fake); 0 for a head with one set of weights."""
    entropy: NDArray[np.float64]
    """Entropy of the predictive distribution (p_fake, 1 - p_fake), in nats: at most ln 2."""
    mutual_information: NDArray[np.float64]
    """The mutual information between label and weights, in nats: high where the posterior's members
    disagree."""

    def __len__(self) -> int:
        return len(self.p_fake)

    def take(self, rows: NDArray[Any] | slice) -> HeadPrediction:
        """The prediction of the images at ``rows``."""
        return HeadPrediction(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def concatenated(cls, predictions: Sequence[HeadPrediction]) -> Self:
        """The predictions one after another."""
        return cls(
            *(
                np.concatenate([getattr(each, field.name) for each in predictions])
                for field in fields(cls)
            )
        )


class Head(ABC):
    """A trained head. A prediction depends on its own row of features alone, to the last bit."""

    has_std: ClassVar[bool]
    """Whether ``std`` and ``mutual_information`` can be other than 0."""
    losses: tuple[float, ...] = ()
    """Mean training loss of each epoch; empty for a head that was loaded or needs no epochs."""
    facts: Mapping[str, float] = MappingProxyType({})
    """What training found out beside the tensors; empty for a head that was loaded."""

    @abstractmethod
    def predict(self, features: Matrix) -> HeadPrediction:
        """Predictions for standardised features [n, width]."""

    @abstractmethod
    def state(self) -> State:
        """Tensors from which :meth:`from_state` builds the same head."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """The head stored in ``state``; CheckpointError where a tensor or shape is wrong."""


class Training(Protocol):
    """Hyper-parameters of one head, which know how to fit it (a frozen dataclass)."""

    def fit(self, features: Matrix, labels: Labels, *, seed: int, weights: Weights = None) -> Head:
        """Train on standardised features [n, width]; the same arguments give the same head.

        An image counts in the loss as its weight says. ``weights`` [n] have the mean 1, so that n
        images tell as much against the prior as n images do (a pseudo-posterior: Savitsky & Toth
        2016); None counts all alike.
        """
        ...


def checked(
    state: Mapping[str, NDArray[Any]], name: str, dtype: type[np.generic], *shape: int | None
) -> NDArray[Any]:
    """The tensor ``name`` of ``state`` if it has ``dtype`` and ``shape`` (None: any size)."""
    if name not in state:
        raise CheckpointError(f"tensor {name} is missing")
    tensor = state[name]
    fits = len(shape) == tensor.ndim and all(
        wanted in (None, size) for wanted, size in zip(shape, tensor.shape, strict=True)
    )
    if not fits or tensor.dtype != dtype:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise CheckpointError(
            f"tensor {name} is {tensor.dtype} {list(tensor.shape)} where "
            f"{np.dtype(dtype)} [{wanted}] is needed"
        )
    return tensor
