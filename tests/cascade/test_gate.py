"""The gate decides what labels prove, no more; and puts scores on one scale without turning any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.cascade.gate import CascadeLabels, Gate, StageScores, fit_gate
from review_app.scores.threshold_grids import threshold_grids_of
from tests.fusion.worlds import world

N = 2000
SCORES, IS_FAKE = world((0.85, 0.95), n=N)
GRIDS = threshold_grids_of(world((0.85,), n=N, seed=1)[0][:, 0])
share = st.floats(0, 1)


def labels(*, power: float = 1.0) -> CascadeLabels:
    """A cheap detector and a dear one whose odds are raised to ``power``."""
    cheap, dear = (StageScores(column, column) for column in SCORES.T)
    raised = SCORES[:, 1] ** power
    dear = StageScores(dear.p_fake, raised / (raised + (1 - SCORES[:, 1]) ** power))
    return CascadeLabels(cheap, dear, IS_FAKE, np.ones(N))


@pytest.mark.parametrize("risk", [0.1, 0.2])
def test_what_the_cheap_one_decides_holds_the_risk_on_either_side(risk: float) -> None:
    told = labels()
    gate = fit_gate(GRIDS, told, risk)
    assert gate.real is not None
    assert gate.fake is not None
    decided = ~gate.sent(told.cheap.score)
    assert 0.1 < decided.mean() < 1
    for called in (False, True):
        side = decided & ((told.cheap.score > 0.5) == called)
        assert (IS_FAKE[side] != called).mean() < risk


def test_more_risk_sends_less() -> None:
    told = labels()
    sent = [fit_gate(GRIDS, told, risk).sent(told.cheap.score) for risk in (0.05, 0.1, 0.3)]
    assert sent[0].mean() > sent[1].mean() > sent[2].mean()
    assert (sent[0] | ~sent[1]).all(), "what a smaller risk decides, a larger one does too"


def test_labels_that_prove_nothing_leave_the_gate_shut() -> None:
    few = labels().take(np.arange(N) < 20)
    gate = fit_gate(GRIDS, few, 0.05)
    assert gate.is_shut
    assert gate.sent(few.cheap.score).all()
    said = gate.said(few.cheap, few.dear)
    assert (said.score == few.dear.score).all()
    assert (said.p_fake == few.dear.p_fake).all()


def test_the_cuts_themselves_belong_to_the_cheap_one() -> None:
    gate = Gate(real=0.1, fake=0.9)
    assert [gate.sends(score) for score in (0.0, 0.1, 0.11, 0.89, 0.9, 1.0)] == [
        False, False, True, True, False, False,
    ]  # fmt: skip
    assert Gate(real=None, fake=0.9).sends(0.0)


@given(share, share, st.floats(0.05, 20))
def test_the_scale_rises_and_keeps_its_middle_and_ends(
    one: float, other: float, exponent: float
) -> None:
    gate = Gate(real=0.1, fake=0.9, exponent=exponent)
    assert [gate.scaled(score) for score in (0.0, 0.5, 1.0)] == [0.0, 0.5, 1.0]
    low, high = sorted((one, other))
    assert gate.scaled(low) <= gate.scaled(high) + 1e-12
    assert (gate.scaled(one) >= 0.5) == (one >= 0.5)


def test_scores_that_claim_too_much_are_told_by_the_scale() -> None:
    """The dear one boasts: its odds are those of the world, raised to the power 3. So what the
    cheap one is sure of has to say more to be as sure."""
    plain, boasting = (fit_gate(GRIDS, labels(power=power), 0.1) for power in (1.0, 3.0))
    assert (plain.real, plain.fake) == (boasting.real, boasting.fake)
    assert boasting.exponent == pytest.approx(3 * plain.exponent, rel=0.05)
