"""How often a certificate is wrong in its worst group, over resampled calibrations of known risk.

The population is what a newsroom may meet: two kinds that the detector knows, and a third, a
twelfth of the stream, of which it is as sure as of the others and wrong far more often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from review_app.certification.fixed_sequence import DEFAULT_METHOD, make_plan, select
from review_app.certification.groups import prove_groups
from review_app.certification.sample_size import CalibrationCounts
from review_app.certification.threshold_grid import Side, ThresholdGrid, candidate_thresholds
from tests.certification.cases import Bools, Floats, draw

RISK_LIMIT, DELTA = 0.1, 0.1
RESAMPLES = 1000
LABELS = 1200
SHARES = {"faces": 0.6, "scenes": 0.32, "swaps": 0.08}
MARGIN = 3 * (DELTA * (1 - DELTA) / RESAMPLES) ** 0.5
"""Three Monte-Carlo standard errors at the nominal rate."""


@dataclass(frozen=True)
class Kind:
    """One group of the population, its scores in order."""

    scores: Floats
    fake: Bools

    @classmethod
    def of(cls, scores: Floats, fake: Bools) -> Kind:
        order = np.argsort(scores)
        return cls(scores[order], fake[order])

    def risk(self, side: Side, threshold: float) -> float:
        accepted = side.accepts(self.scores, threshold)
        wrong = self.fake if side is Side.REAL else ~self.fake
        return float(wrong[accepted].mean()) if accepted.any() else 0.0


def population(swapped: float) -> dict[str, Kind]:
    """The kinds; ``swapped``: the share of the third's labels that are the other way round."""
    rng = np.random.default_rng(31)
    kinds = {}
    for name, separation in (("faces", 1.8), ("scenes", 1.6), ("swaps", 1.5)):
        scores, fake = draw(rng, 20_000, separation)
        if name == "swaps":
            fake = fake ^ (rng.random(fake.size) < swapped)
        kinds[name] = Kind.of(scores, fake)
    return kinds


def grids(kinds: dict[str, Kind]) -> tuple[ThresholdGrid, ThresholdGrid]:
    mixed = np.concatenate([k.scores[:: int(4 / SHARES[n])] for n, k in kinds.items()])
    sides = (candidate_thresholds(mixed, fake=fake) for fake in (False, True))
    real, fake = (
        ThresholdGrid(side, *found)
        for side, found in zip((Side.REAL, Side.FAKE), sides, strict=True)
    )
    return real, fake


def pooled_thresholds(
    scores: Floats, fake: Bools, made: tuple[ThresholdGrid, ThresholdGrid]
) -> list[tuple[Side, float]]:
    """What `certify_policy` proves of all together, without its forecasts."""
    found = []
    for grid in made:
        tally = CalibrationCounts.count(grid, scores, fake)
        plan = make_plan(DEFAULT_METHOD, grid, tally.n, RISK_LIMIT, DELTA / 2)
        if (at := int(select(plan, tally.errors, tally.accepted))) >= 0:
            found.append((grid.side, grid.thresholds[at]))
    return found


@pytest.mark.parametrize("swapped", [0.1, 0.3])
def test_the_worst_group_keeps_the_limit_where_the_pool_breaks_it(swapped: float) -> None:
    kinds = population(swapped)
    made = grids(kinds)
    bad = {
        (name, grid.side, threshold)
        for name, kind in kinds.items()
        for grid in made
        for threshold in grid.thresholds
        if kind.risk(grid.side, threshold) > RISK_LIMIT
    }
    rng = np.random.default_rng(17)
    by_group = pooled = opened = 0
    for _ in range(RESAMPLES):
        numbers = rng.multinomial(LABELS, list(SHARES.values()))
        rows = [rng.integers(0, 20_000, n) for n in numbers]
        scores = np.concatenate([kinds[g].scores[at] for g, at in zip(SHARES, rows, strict=True)])
        fake = np.concatenate([kinds[g].fake[at] for g, at in zip(SHARES, rows, strict=True)])
        groups = np.repeat(list(SHARES), numbers)
        chains = prove_groups(scores, fake, groups, *made, risk_limit=RISK_LIMIT, level=DELTA)
        held = {
            (c.group, c.tally.grid.side, c.tally.grid.thresholds[at])
            for c in chains
            if (at := c.last_proven()) >= 0
        }
        shared = pooled_thresholds(scores, fake, made)
        by_group += bool(held & bad)
        pooled += any((g, *one) in bad for g in SHARES for one in shared)
        opened += len({group for group, *_ in held}) >= 2
    assert by_group / RESAMPLES <= DELTA + MARGIN
    assert pooled / RESAMPLES > 0.9
    assert opened / RESAMPLES > 0.8  # it is not by certifying nothing
