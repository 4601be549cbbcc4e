"""The alarm keeps its word and is quick after a long calm too; what it doubts covers a change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from review_app.audits.change_detection import DOUBT, alarm_path, calm_audits
from review_app.audits.e_values import Direction, evidence_path
from tests.audits.audit_mixes import mixes

LIMITS = st.floats(0.005, 0.5)
RUNS = 400
HISTORIES = st.lists(st.booleans(), max_size=60) | st.builds(
    lambda calm, rest: [False] * calm + rest, st.integers(0, 800), st.lists(st.booleans())
)


def audits(seed: int, *parts: tuple[int, float], runs: int = RUNS) -> NDArray[np.bool_]:
    """Runs [runs, n] of audits: so many of each error rate, one after another."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.random((runs, n)) < rate for n, rate in parts], axis=1)


def raised(wrong: NDArray[np.bool_], limit: float, alpha: float) -> NDArray[np.bool_]:
    """After which audits [runs, n] the line was reached by then."""
    reached = alarm_path(wrong, limit) >= -np.log(alpha)
    return np.asarray(np.logical_or.accumulate(reached, axis=1))


@given(wrong=HISTORIES, limit=LIMITS, share=st.floats(0, 1))
@settings(max_examples=200)
def test_one_more_audit_never_adds_evidence_on_average_while_the_limit_is_kept(
    wrong: list[bool], limit: float, share: float
) -> None:
    now = alarm_path(wrong, limit)[-1] if wrong else 0.0
    right, error = (np.exp(alarm_path([*wrong, last], limit)[-1] - now) for last in (False, True))
    rate = share * limit
    assert rate * error + (1 - rate) * right <= 1 + 1e-9
    at_limit = limit * error + (1 - limit) * right
    assert at_limit == pytest.approx(1, rel=1e-9)


@given(
    history=st.lists(st.tuples(st.booleans(), st.floats(0.01, 1)), max_size=60),
    limit=LIMITS,
    data=st.data(),
)
@settings(max_examples=200)
def test_it_never_grows_on_average_however_unequal_the_audit_probabilities(
    history: list[tuple[bool, float]], limit: float, data: st.DataObject
) -> None:
    wrong, weights = [x for x, _ in history], [v for _, v in history]
    mix = data.draw(mixes(high=limit))
    now = alarm_path(wrong, limit, weights)[-1] if wrong else 0.0
    right, error = (
        tuple(
            float(np.exp(alarm_path([*wrong, last], limit, [*weights, v])[-1] - now))
            for v in mix.weights
        )
        for last in (False, True)
    )
    assert mix.average((right[0], right[1]), (error[0], error[1])) <= 1 + 1e-9


@given(wrong=HISTORIES, limit=LIMITS)
def test_equal_weights_change_no_bit(wrong: list[bool], limit: float) -> None:
    ones = np.ones(len(wrong))
    assert (alarm_path(wrong, limit) == alarm_path(wrong, limit, ones)).all()
    assert calm_audits(wrong, limit) == calm_audits(wrong, limit, ones)


def test_audits_of_little_weight_move_the_alarm_little() -> None:
    """A small group of which every image is audited cannot drown what the large ones say."""
    wrong = np.array([True, False, False, False] * 30)
    assert alarm_path(wrong, 0.1, 0.02).max() < 1 < alarm_path(wrong, 0.1).max()


@given(wrong=HISTORIES, limit=LIMITS)
def test_what_was_found_after_an_audit_does_not_depend_on_later_ones(
    wrong: list[bool], limit: float
) -> None:
    half = len(wrong) // 2
    assert (alarm_path(wrong, limit)[:half] == alarm_path(wrong[:half], limit)).all()


def test_many_runs_are_judged_as_each_alone() -> None:
    wrong = audits(0, (60, 0.3), runs=5)
    together = alarm_path(wrong, 0.1)
    assert (together == np.stack([alarm_path(run, 0.1) for run in wrong])).all()


@pytest.mark.parametrize("wrong", [[], [True] * 20_000, [False] * 200_000])
def test_no_history_is_too_short_or_too_long(wrong: list[bool]) -> None:
    path = alarm_path(wrong, 0.05)
    assert path.shape == (len(wrong),)
    assert np.isfinite(path).all()


@pytest.mark.parametrize("alpha", [0.05, 0.025])
def test_true_certificates_are_hardly_ever_suspended(alpha: float) -> None:
    false = raised(audits(1, (3000, 0.05)), 0.05, alpha)[:, -1].mean()
    assert false <= alpha + 2 * np.sqrt(alpha * (1 - alpha) / RUNS)


@pytest.mark.parametrize("alpha", [0.05, 0.025])
def test_twice_the_limit_from_the_start_is_told_within_250_audits_in_most_runs(
    alpha: float,
) -> None:
    assert raised(audits(2, (250, 0.1)), 0.05, alpha)[:, -1].mean() >= 0.5


@pytest.mark.parametrize(("limit", "rate", "share"), [(0.05, 0.15, 0.95), (0.1, 0.2, 0.9)])
@pytest.mark.parametrize("calm", [0, 300, 3000])
def test_a_change_is_told_within_300_audits_however_long_the_calm_before(
    calm: int, limit: float, rate: float, share: float
) -> None:
    by_then = raised(audits(3, (calm, 0.02), (300, rate)), limit, 0.025)
    before = by_then[:, calm - 1] if calm else np.zeros(RUNS, np.bool_)
    assert by_then[~before, -1].mean() >= share


def test_after_a_long_calm_the_plain_mixture_tells_nothing_in_that_time() -> None:
    wrong = audits(4, (3000, 0.02), (300, 0.15), runs=50)
    assert evidence_path(wrong, 0.05, Direction.ABOVE)[:, -1].max() < 0


# --- Since when


@pytest.mark.parametrize(("limit", "rate"), [(0.05, 0.1), (0.05, 0.15), (0.3, 0.6)])
@pytest.mark.parametrize("calm", [0, 300, 2000])
def test_what_an_alarm_puts_in_doubt_begins_before_the_change(
    calm: int, limit: float, rate: float
) -> None:
    wrong = audits(5, (calm, 0.4 * limit), (700, rate))
    by_then = raised(wrong, limit, 0.025)
    alarms = [(run, int(row.argmax()) + 1) for run, row in enumerate(by_then) if row[-1]]
    found = np.array([calm_audits(wrong[run, :at], limit) for run, at in alarms if at > calm])
    assert (found <= calm).mean() >= 0.94
    assert (found <= calm + 20).mean() >= 0.98
    if calm == 2000:
        assert np.median(found) > 1700, "what was good for long is taken back too"


def test_the_likeliest_change_and_all_that_are_nearly_as_likely_are_in_doubt() -> None:
    assert calm_audits([False] * 500 + [True] * 10, 0.05) in range(480, 500)
    assert calm_audits([False, True] * 40, 0.05) == 0
    assert calm_audits([True] * 5, 0.05) == 0
    assert calm_audits([], 0.05) == 0


@pytest.mark.parametrize("weight", [1 / 3, 1e-3])
@pytest.mark.parametrize("wrong", [[True] * 9, [False] * 9, [False] * 300 + [True] * 30])
def test_weights_lengthen_what_is_in_doubt_and_never_shorten_it(
    wrong: list[bool], weight: float
) -> None:
    assert 0 <= calm_audits(wrong, 0.05, weight) <= calm_audits(wrong, 0.05)


@given(wrong=st.lists(st.booleans(), min_size=1, max_size=80), limit=LIMITS)
def test_the_answer_is_the_earliest_change_by_the_likelihood_written_out(
    wrong: list[bool], limit: float
) -> None:
    def best(part: list[bool], low: float, high: float) -> float:
        rate = min(max(sum(part) / len(part), low), high) if part else low
        return float(np.prod([rate if x else 1 - rate for x in part]))

    whole = [best(wrong[:s], 0.0, limit) * best(wrong[s:], limit, 1.0) for s in range(len(wrong))]
    found = calm_audits(wrong, limit)
    assert whole[found] >= DOUBT * max(whole) * (1 - 1e-9)
    assert all(each < DOUBT * max(whole) * (1 + 1e-9) for each in whole[:found])
