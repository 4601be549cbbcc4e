"""Evidence by group: the pool's and each group's alarms share one false-alarm budget."""

from __future__ import annotations

import math

import numpy as np
import pytest

from review_app.audits.e_values import Wrong
from review_app.audits.group_test import GroupedEvidence, evaluate_groups
from review_app.audits.side_test import ALPHA, evaluate_side, reason
from review_app.certification.threshold_grid import Side

LIMIT, SIDE_ALPHA = 0.1, ALPHA / 2
NAMES = ("faces", "scenes", "swaps")
SHARES = (0.7, 0.25, 0.05)
PROBABILITIES = (0.1, 0.2, 1.0)


def stream(
    seed: int, rates: tuple[float, ...], n: int = 4000
) -> tuple[Wrong, list[str], list[float]]:
    """The audits of ``n`` accepted images: wrong, groups, weights."""
    rng = np.random.default_rng(seed)
    of = rng.choice(len(NAMES), n, p=SHARES)
    wrong = rng.random(n) < np.array(rates)[of]
    pi = np.array(PROBABILITIES)[of]
    audited = rng.random(n) < pi
    return wrong[audited], [NAMES[g] for g in of[audited]], (0.1 / pi[audited]).tolist()


def evaluate(seed: int, rates: tuple[float, ...], n: int = 4000) -> GroupedEvidence:
    wrong, groups, weights = stream(seed, rates, n)
    return evaluate_groups(Side.FAKE, LIMIT, wrong, groups, NAMES, weights)


def test_true_certificates_are_hardly_ever_accused_by_any_group_or_the_pool() -> None:
    runs = 400
    false = sum(evaluate(seed, (LIMIT,) * 3).first is not None for seed in range(runs))
    assert false / runs <= SIDE_ALPHA + 3 * math.sqrt(SIDE_ALPHA * (1 - SIDE_ALPHA) / runs)


def test_the_parts_of_alpha_add_up_to_the_sides() -> None:
    found = evaluate(0, (0.02,) * 3)
    parts = [found.pooled.alpha, *(group.alpha for group in found.groups)]
    assert sum(parts) == pytest.approx(SIDE_ALPHA)
    assert [group.group for group in found.groups] == sorted(NAMES)


def test_a_small_group_that_turns_is_told_though_the_pool_keeps_its_limit() -> None:
    runs = 60
    found = [evaluate(seed, (0.03, 0.03, 0.4)) for seed in range(runs)]
    first = [each.first for each in found]
    told = [each[1].group for each in first if each is not None]
    assert told.count("swaps") >= 0.95 * runs
    assert not any(each.pooled.alarm_after for each in found)
    assert all(set(each.alarmed) <= {each.groups[2]} for each in found)


def test_the_alarm_is_placed_among_the_audits_of_the_side() -> None:
    wrong, groups, weights = stream(7, (0.03, 0.03, 0.6))
    found = evaluate_groups(Side.FAKE, LIMIT, wrong, groups, NAMES, weights)
    assert found.first is not None
    after, evidence = found.first
    assert groups[after - 1] == "swaps"
    assert groups[:after].count("swaps") == evidence.alarm_after
    assert wrong[after - 1]
    earlier = evaluate_groups(
        Side.FAKE, LIMIT, wrong[: after - 1], groups[: after - 1], NAMES, weights[: after - 1]
    )
    assert earlier.first is None


def test_without_groups_it_is_the_evidence_of_the_side() -> None:
    wrong = np.random.default_rng(0).random(200) < 0.3
    found = evaluate_groups(Side.REAL, LIMIT, wrong, [""] * 200, (), np.ones(200))
    plain = evaluate_side(Side.REAL, LIMIT, wrong)
    assert found.groups == ()
    assert found.pooled.alpha == plain.alpha
    assert found.pooled.text == plain.text
    assert found.first == (plain.alarm_after, found.pooled)


def test_a_group_that_nobody_audited_yet_says_nothing() -> None:
    found = evaluate_groups(Side.REAL, LIMIT, [False], ["faces"], NAMES, [1.0])
    assert [group.audits for group in found.groups] == [1, 0, 0]
    assert found.first is None
    assert found.groups[1].text == "No audit of images accepted as real has a verdict yet."


def test_the_reason_names_the_group() -> None:
    found = evaluate(7, (0.03, 0.03, 0.6))
    assert "In the group swaps: Of " in reason(found.alarmed)
