"""The population from which a replay draws its images, so that the truth about any policy is known
exactly.

Draws are with replacement: the labelled images are the population, not a sample of it, and the
share of errors among those that a threshold accepts is its true risk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.certification.grouping import UNKNOWN
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.errors import InputError
from review_app.lab.simulation.plan import Drift
from review_app.policy.policy import Policy
from review_app.scores.table import ScoreTable
from review_app.scores.threshold_grids import grid_part, threshold_grids_of


@dataclass(frozen=True)
class Truth:
    """The truth about a policy on endless images of one kind."""

    coverage: float
    """Share accepted by either side, before audits are drawn."""
    risk: float
    """Share of errors among the accepted; 0 where none is."""


@dataclass(frozen=True)
class Population:
    """n labelled images of a stream."""

    p_fake: NDArray[np.float64]
    score: NDArray[np.float64]
    is_fake: NDArray[np.bool_]
    group: NDArray[np.object_]
    """The group of each: its source, or `UNKNOWN`."""

    def __len__(self) -> int:
        return len(self.score)

    @classmethod
    def of(cls, table: ScoreTable) -> Population:
        """All images of ``table``, which must have labels."""
        group = np.where(table.source == "", UNKNOWN, table.source)
        return cls(table.p_fake, table.score, table.is_fake, group)

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups that occur."""
        return tuple(sorted(set(self.group)))

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Population:
        """The images at ``rows``: indices, which may repeat, or a mask [n]."""
        return Population(self.p_fake[rows], self.score[rows], self.is_fake[rows], self.group[rows])

    def joined(self, other: Population) -> Population:
        """These images, then those of ``other``."""
        return Population(
            np.concatenate([self.p_fake, other.p_fake]),
            np.concatenate([self.score, other.score]),
            np.concatenate([self.is_fake, other.is_fake]),
            np.concatenate([self.group, other.group]),
        )

    def accepted(self, policy: Policy, side: Side) -> tuple[float, float]:
        """Shares of all images that ``side`` accepts, and that it accepts wrongly."""
        threshold = policy.threshold(side)
        if threshold is None:
            return 0.0, 0.0
        taken = side.accepts(self.score, threshold)
        return float(taken.mean()), float((taken & self.wrong(side)).mean())

    def wrong(self, side: Side) -> NDArray[np.bool_]:
        """Which images it would be an error to accept as ``side``."""
        return self.is_fake if side is Side.REAL else ~self.is_fake


@dataclass(frozen=True)
class World:
    """The images that are met before and, where there is drift, besides those after it."""

    grids: tuple[ThresholdGrid, ThresholdGrid]
    """The threshold grids for real and for fake; from images that are in neither population."""
    base: Population
    drift_source: Population | None = None

    def truth(self, policy: Policy, sides: tuple[Side, ...] = tuple(Side), mix: float = 0) -> Truth:
        """The truth of ``policy`` on a stream of which the share ``mix`` is the drift source's."""
        parts = [(1 - mix, self.base)]
        if mix and self.drift_source is not None:
            parts.append((mix, self.drift_source))
        taken = wrong = 0.0
        for weight, population in parts:
            for side in sides:
                accepted, errors = population.accepted(policy, side)
                taken, wrong = taken + weight * accepted, wrong + weight * errors
        return Truth(taken, wrong / taken if taken else 0.0)


def world_of(
    table: ScoreTable,
    drift: Drift | None = None,
    *,
    grids: tuple[ThresholdGrid, ThresholdGrid] | None = None,
    seed: int = 0,
) -> World:
    """The world of a labelled score file.

    ``grids``: those of the detector, where they are known; else a part of the file makes them (see
    `review_app.scores.threshold_grids.grid_part`). Images of the drifting source are met only from
    its appearance on. Raises InputError for labels of one class, and for an unknown source.
    """
    held = None if drift is None else drift.source
    grid, rest = grid_part(table, seed, never=held)
    base = rest & table.labelled
    drift_source = None
    if held is not None:
        own = table.source == held
        if not (base & own).any():
            known = sorted(set(table.source) - {""})
            raise InputError(
                f"{table.path} has no labelled images of source {held!r} to hold out, only of: "
                f"{', '.join(known) or 'no source at all'}"
            )
        drift_source = Population.of(table.take(base & own))
        base = base & ~own
    return World(
        grids or threshold_grids_of(table.score[grid]),
        Population.of(table.take(base).with_labels()),
        drift_source,
    )
