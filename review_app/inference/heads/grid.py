"""Grids of hyper-parameters: what a search tries for a head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from review_app.inference.heads.base import Training


@dataclass(frozen=True, slots=True)
class Grid:
    """Values to try for some hyper-parameters of one head; the others stay as ``base`` has them."""

    base: Training
    axes: Mapping[str, Sequence[float]]
    """Values by field name; the last axis varies fastest."""

    def __len__(self) -> int:
        return prod(len(values) for values in self.axes.values())

    def cells(self) -> Iterator[dict[str, float]]:
        """Every combination, in order."""
        for values in product(*self.axes.values()):
            yield dict(zip(self.axes, values, strict=True))

    def training(self, params: Mapping[str, float]) -> Training:
        """``base`` with ``params``."""
        return replace(self.base, **params)  # type: ignore[type-var]
