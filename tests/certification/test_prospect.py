"""What is told before a try is the chance of it, and rests on no label."""

from __future__ import annotations

import numpy as np
import pytest

from review_app.certification.certificate import Certificate
from review_app.certification.certify import certify_side
from review_app.certification.prospect import Prospect, chance_words
from review_app.certification.sample_size import EVEN, LIKELY
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.errors import SettingsError
from tests.certification.cases import GRIDS, PROVENANCE, draw

REAL = GRIDS[0]


def prospect(n: int, risk_limit: float = 0.1, grid: ThresholdGrid = REAL) -> Prospect:
    return Prospect(grid, n, risk_limit, delta=0.1, attempt=1)


def certified_share(n: int, risk_limit: float, runs: int = 600) -> float:
    """How often tries pass on images whose scores mean what they say."""
    rng = np.random.default_rng(n)
    passed = 0
    for _ in range(runs):
        found = certify_side(
            *draw(rng, n), REAL, risk_limit=risk_limit, delta=0.05, provenance=PROVENANCE, attempt=1
        )
        passed += isinstance(found, Certificate)
    return passed / runs


@pytest.mark.parametrize(("n", "risk_limit"), [(100, 0.1), (300, 0.1), (150, 0.2), (400, 0.05)])
def test_tries_pass_as_often_as_told(n: int, risk_limit: float) -> None:
    told = prospect(n, risk_limit).chance
    assert 0.02 < told < 0.95
    assert certified_share(n, risk_limit) == pytest.approx(told, abs=0.06)


def test_the_labels_that_are_missing_give_the_chance_that_they_are_told_for() -> None:
    for chance in (EVEN, LIKELY):
        missing = prospect(100).missing(chance)
        assert missing
        assert prospect(100 + missing).chance >= chance
        assert prospect(99 + missing).chance < chance
        assert prospect(100 + missing).missing(chance) == 0


def test_a_later_try_has_less_of_a_chance() -> None:
    chances = [Prospect(REAL, 400, 0.1, 0.1, attempt).chance for attempt in (1, 2, 3)]
    assert chances[0] > chances[1] > chances[2] > 0


def test_fewer_labels_than_a_flawless_try_takes_have_none() -> None:
    few = prospect(71, 0.05)
    assert (few.chance, few.threshold, few.risk) == (0, None, 0)


def test_a_detector_that_never_leans_to_a_side_has_none() -> None:
    never = prospect(5000, grid=ThresholdGrid(Side.FAKE, (), ()))
    assert (never.chance, never.threshold, never.missing()) == (0, None, None)
    assert "never leans to fake" in never.text


def test_no_chance_is_told_as_certain() -> None:
    assert (chance_words(1.0), chance_words(0.504), chance_words(0)) == ("99%", "50%", "0%")


@pytest.mark.parametrize(("limit", "delta", "attempt"), [(0, 0.1, 1), (0.1, 0.9, 1), (0.1, 0.1, 0)])
def test_terms_out_of_range_are_refused(limit: float, delta: float, attempt: int) -> None:
    with pytest.raises(SettingsError):
        Prospect(REAL, 100, limit, delta, attempt)
