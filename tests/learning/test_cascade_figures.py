"""What a card tells of cascades: shares, costs and AURC beside the dear detector alone."""

from __future__ import annotations

import numpy as np
import pytest

from review_app.cascade.card import CascadeCosts
from review_app.cascade.gate import Gate
from review_app.lab.selective import risk_coverage
from review_app.learning.cascade_figures import (
    RISKS,
    CascadeSaid,
    cascade_figures,
    figures_of_cascade,
)
from tests.cascade.test_gate import GRIDS, IS_FAKE, labels

COSTS = CascadeCosts(cheap=10, dear=100, after=90)


def test_a_gate_that_sends_everything_is_the_dear_one() -> None:
    told = labels()
    shut = Gate(real=None, fake=None)
    sent = shut.sent(told.cheap.score)
    said = {0.1: CascadeSaid(shut.said(told.cheap, told.dear), sent)}
    found = cascade_figures(said, told, 0.1, COSTS).chosen
    assert found.sent == 1
    assert found.difference == (0, 0, 0)
    assert found.cost == pytest.approx(1.0)


def test_figures_are_those_of_the_definition() -> None:
    told = labels()
    gate = Gate(real=0.1, fake=0.9)
    said, sent = gate.said(told.cheap, told.dear), gate.sent(told.cheap.score)
    found = cascade_figures({0.1: CascadeSaid(said, sent)}, told, 0.1, COSTS)
    doubt, wrong = np.minimum(said.score, 1 - said.score), (said.p_fake >= 0.5) != IS_FAKE
    assert found.chosen.aurc == pytest.approx(risk_coverage(doubt, wrong).aurc)
    assert found.chosen.sent == pytest.approx(sent.mean())
    assert found.chosen.cost == pytest.approx(0.1 + 0.9 * sent.mean())
    difference, low, high = found.chosen.difference
    assert difference == pytest.approx(found.chosen.aurc - found.dear_aurc)
    assert low < difference < high


def test_cheaper_cascades_cost_aurc() -> None:
    found = figures_of_cascade(GRIDS, labels(), 0.05, None)
    assert found is not None
    assert [point.risk for point in found.curve] == list(RISKS)
    assert found.chosen in found.curve
    assert found.chosen.cost is None
    sent = [point.sent for point in found.curve]
    assert sent == sorted(sent, reverse=True)
    assert found.cheap_aurc > found.curve[-1].aurc > found.dear_aurc


def test_too_few_labels_tell_nothing() -> None:
    few = labels().take(np.arange(len(IS_FAKE)) < 8)
    assert figures_of_cascade(GRIDS, few, 0.1, COSTS) is None
