"""Coefficients of agreement, error rates from answers alone, and verdicts that weigh answers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from review_app.agreement.answers import AnswerColumns, GivenAnswer, columns_of
from review_app.agreement.coefficients import cohen, krippendorff
from review_app.agreement.dawid_skene import dawid_skene
from review_app.agreement.weighing import by_skill, changed, majority
from review_app.core.errors import InputError

RATES = np.array([(0.05, 0.1), (0.1, 0.05), (0.3, 0.1), (0.1, 0.3), (0.2, 0.2)])


def _answers(
    rng: np.random.Generator, items: int = 400, each: int = 3, known: float = 0.0
) -> tuple[AnswerColumns, np.ndarray]:
    fake = rng.random(items) < 0.4
    person = np.argsort(rng.random((items, len(RATES))), axis=1)[:, :each].ravel()
    item = np.repeat(np.arange(items), each)
    true = fake[item]
    wrong = rng.random(item.size) < np.where(true, RATES[person, 0], RATES[person, 1])
    truth = np.where(rng.random(items) < known, fake.astype(np.intp), -1)
    return AnswerColumns(item, person, true ^ wrong, truth, len(RATES)), fake


def test_alpha_is_one_less_the_disagreement_of_pairs_over_that_of_any_two_answers() -> None:
    """As defined, pair by pair; images with one answer do not count."""
    rng = np.random.default_rng(0)
    given = [
        GivenAnswer(item, person, bool(rng.random() < 0.2 + 0.6 * (item % 2)))
        for item in range(30)
        for person in rng.permutation(5)[: 1 + item % 4].tolist()
    ]
    answers, items, people = columns_of(given, {})
    assert (len(items), len(people)) == (30, 5)
    found = krippendorff(answers, rng)
    assert found is not None
    units = [[g.fake for g in given if g.item == item] for item in range(30)]
    units = [unit for unit in units if len(unit) > 1]
    pool = [x for unit in units for x in unit]
    seen = sum(
        2 * sum(a != b for a, b in combinations(unit, 2)) / (len(unit) - 1) for unit in units
    ) / len(pool)
    chance = 2 * sum(a != b for a, b in combinations(pool, 2)) / (len(pool) * (len(pool) - 1))
    assert found.value == pytest.approx(1 - seen / chance)
    assert found.low < found.value < found.high
    assert found.images == len(units)


def test_kappa_is_that_of_cohens_formula() -> None:
    # 20 both yes, 15 both no, 5 and 10 apart: agreed 0.7, by chance 0.5.
    first = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    second = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    found = cohen(first, second, np.random.default_rng(0))
    assert found is not None
    assert found.value == pytest.approx(0.4)
    assert found.low < 0.4 < found.high
    assert cohen(np.ones(9, np.intp), np.ones(9, np.intp), np.random.default_rng(0)) is None


def test_nothing_is_said_of_agreement_where_nobody_ever_says_another_thing() -> None:
    answers, _, _ = columns_of([GivenAnswer(i, p, True) for i in range(5) for p in (1, 2)], {})
    assert krippendorff(answers, np.random.default_rng(0)) is None
    nobody, _, _ = columns_of([], {})
    assert krippendorff(nobody, np.random.default_rng(0)) is None


def test_intervals_of_error_rates_cover_the_truth() -> None:
    covered = []
    for run in range(12):
        answers, _ = _answers(np.random.default_rng(run))
        for skill, rates in zip(dawid_skene(answers).skills, RATES, strict=True):
            for rate, true in zip((skill.missed, skill.accused), rates, strict=True):
                covered.append(rate.low <= true <= rate.high)
    assert 0.88 <= np.mean(covered) <= 0.99


def test_what_is_known_narrows_the_intervals_and_is_never_doubted() -> None:
    rng = np.random.default_rng(1)
    answers, fake = _answers(rng, known=1.0)
    told = dawid_skene(answers)
    unknown = AnswerColumns(
        answers.item, answers.person, answers.fake, np.full(answers.items, -1), answers.people
    )
    guessed = dawid_skene(unknown)
    assert (told.posterior == fake).all()
    width = [sum(s.missed.high - s.missed.low for s in model.skills) for model in (told, guessed)]
    assert width[0] < width[1]
    # With all known, a rate is errors over images, a little drawn towards the prior.
    mine = (answers.person == 0) & fake[answers.item]
    share = (~answers.fake[mine]).mean()
    assert told.skills[0].missed.value == pytest.approx(share, abs=0.02)


def test_of_somebody_who_met_nobody_nothing_is_known() -> None:
    answers, _, _ = columns_of([GivenAnswer(i, 1, i % 2 == 0) for i in range(40)], {})
    (skill,) = dawid_skene(answers).skills
    assert skill.missed.high - skill.missed.low > 0.5


def test_a_better_record_beats_a_majority_and_a_tie_only_beyond_doubt() -> None:
    """One who is nearly always right against two who guess, as known images have shown."""
    given, known = [], {}
    for item in range(200):
        known[item] = item % 2 == 0
        given += [GivenAnswer(item, 1, known[item])]
        given += [GivenAnswer(item, p, (item * p) % 7 < 3) for p in (2, 3)]
    given += [GivenAnswer(500, 1, True), GivenAnswer(500, 2, False), GivenAnswer(500, 3, False)]
    given += [GivenAnswer(501, 1, True), GivenAnswer(501, 2, False)]
    answers, items, _ = columns_of(given, known)
    model = dawid_skene(answers)
    at = items.index(500)
    assert majority(answers)[at : at + 2].tolist() == [0.0, 0.5]
    assert by_skill(answers, model)[at : at + 2].tolist() == [1.0, 1.0]
    assert changed(answers, model)[at : at + 2].tolist() == [True, False]


def test_among_equals_the_majority_stands() -> None:
    rng = np.random.default_rng(2)
    fake = rng.random(300) < 0.4
    item = np.repeat(np.arange(300), 3)
    person = np.tile(np.arange(3), 300)
    answers = AnswerColumns(
        item, person, fake[item] ^ (rng.random(900) < 0.1), np.full(300, -1), people=3
    )
    assert not changed(answers, dawid_skene(answers)).any()


def test_odd_columns_are_refused() -> None:
    none = np.array([], np.intp)
    with pytest.raises(InputError):
        AnswerColumns(np.array([0]), none, np.array([True]), np.array([-1]), 1)
    with pytest.raises(InputError):
        AnswerColumns(np.array([1]), np.array([0]), np.array([True]), np.array([-1]), 1)
    with pytest.raises(InputError):
        AnswerColumns(np.array([0]), np.array([1]), np.array([True]), np.array([-1]), 1)
