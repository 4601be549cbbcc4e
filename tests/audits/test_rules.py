"""What holds for every alarm rule, and how several share the probability of a false alarm."""

from __future__ import annotations

import math

import numpy as np
import pytest

from review_app.audits import rules
from review_app.audits.change_detection import ChangeDetection
from review_app.audits.e_values import Floats, Wrong
from review_app.audits.rules import RULES, AlarmRule, alpha_of_each, first_alarm
from storage.models import Alarm

LIMIT, ALPHA = 0.1, 0.05
EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


class ErrorsInARow:
    """So many errors in a row that they come with probability ``alpha`` at each start, at most."""

    name = "errors_in_a_row"

    def alarm_after(self, wrong: Wrong, weights: Floats, limit: float, alpha: float) -> int | None:
        """The number of audits after which the last of them are all errors."""
        n = math.ceil(math.log(alpha) / math.log(limit))
        return next((i for i in range(n, len(wrong) + 1) if wrong[i - n : i].all()), None)

    def calm_audits(self, wrong: Wrong, weights: Floats, limit: float) -> int:
        """None of them."""
        return 0

    def text(self, wrong: Wrong, weights: Floats, limit: float) -> str:
        """Nothing more."""
        return ""


def drawn(rate: float, n: int, seed: int) -> Wrong:
    return np.random.default_rng(seed).random(n) < rate


def alike(wrong: Wrong) -> Floats:
    """The weights of audits that were drawn with one probability."""
    return np.ones(len(wrong))


def test_their_names_differ_and_can_be_stored() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(0 < len(rule.name) <= Alarm.rule.type.length for rule in RULES)


@EACH
def test_an_alarm_is_raised_by_the_audits_until_then_and_stands(rule: AlarmRule) -> None:
    raised = 0
    for seed in range(40):
        wrong = drawn(3 * LIMIT, 200, seed)
        after = rule.alarm_after(wrong, alike(wrong), LIMIT, ALPHA)
        if after is None:
            continue
        raised += 1
        assert rule.alarm_after(wrong[:after], alike(wrong[:after]), LIMIT, ALPHA) == after
        assert rule.alarm_after(wrong[: after - 1], alike(wrong[: after - 1]), LIMIT, ALPHA) is None
        assert 0 <= rule.calm_audits(wrong[:after], alike(wrong[:after]), LIMIT) < after
    assert raised > 20


@EACH
def test_true_certificates_are_hardly_ever_accused(rule: AlarmRule) -> None:
    """However often one looks: the share of runs with an alarm anywhere, and its error."""
    runs = 1000
    alarms = [
        rule.alarm_after(drawn(LIMIT, 300, seed), np.ones(300), LIMIT, ALPHA)
        for seed in range(runs)
    ]
    share = sum(after is not None for after in alarms) / runs
    assert share <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


@EACH
def test_unequal_audit_probabilities_accuse_no_true_certificate(rule: AlarmRule) -> None:
    """Errors lie where audits are frequent, and come late: without weights the rate among the
    audits would be 24%, where that of the accepted is 10%."""
    runs, alarms, blind = 400, 0, 0
    rng = np.random.default_rng(5)
    for _ in range(runs):
        hard = rng.random(3000) < 0.1
        wrong = rng.random(3000) < np.where(hard, 0.4, 0.6 / 9)  # 10% of all
        pi = np.where(hard, 0.5, 0.1)
        audited = rng.random(3000) < pi
        found, weights = wrong[audited], 0.1 / pi[audited]
        alarms += rule.alarm_after(found, weights, LIMIT, ALPHA) is not None
        blind += rule.alarm_after(found, alike(found), LIMIT, ALPHA) is not None
    assert alarms / runs <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)
    assert blind / runs > 0.9


@EACH
def test_no_audit_is_no_alarm(rule: AlarmRule) -> None:
    nothing = drawn(LIMIT, 0, 0)
    assert rule.alarm_after(nothing, alike(nothing), LIMIT, ALPHA) is None
    assert rule.calm_audits(nothing, alike(nothing), LIMIT) == 0


def test_the_earliest_alarm_counts_and_each_rule_has_its_part_of_alpha(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = np.array([False] * 3 + [True] * 20)
    change, row = ChangeDetection(), ErrorsInARow()
    monkeypatch.setattr(rules, "RULES", (change,))
    alone = first_alarm(wrong, alike(wrong), LIMIT, ALPHA)
    assert alone is not None
    assert (alone.rule, alone.after) == (
        change,
        change.alarm_after(wrong, alike(wrong), LIMIT, ALPHA),
    )
    monkeypatch.setattr(rules, "RULES", (change, row))
    assert alpha_of_each(ALPHA) == ALPHA / 2
    both = first_alarm(wrong, alike(wrong), LIMIT, ALPHA)
    assert both is not None
    both_rules: tuple[AlarmRule, ...] = (change, row)
    parts = {rule: rule.alarm_after(wrong, alike(wrong), LIMIT, ALPHA / 2) for rule in both_rules}
    assert both.after == min(after for after in parts.values() if after is not None)
    assert parts[both.rule] == both.after
