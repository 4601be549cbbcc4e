"""Coefficients of agreement, error rates from answers alone, and verdicts that weigh answers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.agreement.answers import AnswerColumns, GivenAnswer, columns_of
from review_app.agreement.coefficients import cohen, krippendorff
from review_app.agreement.dawid_skene import dawid_skene
from review_app.agreement.second_looks import SecondLookAnswer, sampled_errors
from review_app.agreement.weighing import CAP, by_skill, effect, majority, weigh, weights_of
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


def _told_apart() -> AnswerColumns:
    """One who is nearly always right beside four who often guess, as known images have shown."""
    given, known = [], {}
    for item in range(200):
        known[item] = item % 2 == 0
        given += [GivenAnswer(item, 1, known[item])]
        given += [GivenAnswer(item, p, (item * p) % 7 < 3) for p in (2, 3, 4, 5)]
    given += [GivenAnswer(500, 1, True), GivenAnswer(500, 2, False), GivenAnswer(500, 3, False)]
    given += [GivenAnswer(501, 1, True), GivenAnswer(501, 2, False)]
    given += [GivenAnswer(502, p, p == 1) for p in (1, 2, 3, 4, 5)]
    return columns_of(given, known)[0]


def test_a_better_record_is_heard_and_nobody_outvotes_many() -> None:
    answers = _told_apart()
    weights = weights_of(dawid_skene(answers))
    assert majority(answers)[200:].tolist() == [0.0, 0.5, 0.0]
    assert by_skill(answers, weights)[201] == 0.5, "one against one is left to an adjudicator"
    assert by_skill(answers, weights)[200] != 0, "the majority of two who guess does not stand"
    assert weights.people.max() <= 2 * weights.usual
    assert weights.people.min() >= weights.usual / 2
    told = effect(answers, weights)
    differs = by_skill(answers, weights) != majority(answers)
    assert told.turned + told.opened == differs[majority(answers) != 0.5].sum()


def test_among_equals_the_majority_stands() -> None:
    rng = np.random.default_rng(2)
    fake = rng.random(300) < 0.4
    item = np.repeat(np.arange(300), 3)
    person = np.tile(np.arange(3), 300)
    answers = AnswerColumns(
        item, person, fake[item] ^ (rng.random(900) < 0.1), np.full(300, -1), people=3
    )
    told = effect(answers, weights_of(dawid_skene(answers)))
    assert (told.turned, told.opened) == (0, 0)


def test_one_image_is_weighed_as_all_of_them_are() -> None:
    for answers in (_told_apart(), _answers(np.random.default_rng(3), each=3)[0]):
        weights = weights_of(dawid_skene(answers))
        all_ = by_skill(answers, weights)
        for at in range(answers.items):
            own = answers.item == at
            said = answers.fake[own].tolist()
            worth = weights.people[answers.person[own], answers.fake[own].astype(int)].tolist()
            found = weigh(said, worth)
            assert all_[at] == (0.5 if found is None else float(found))


@given(st.lists(st.tuples(st.booleans(), st.floats(0.5, 2)), min_size=1, max_size=9))
def test_weights_never_settle_what_has_no_majority_and_never_against_many(
    answers: list[tuple[bool, float]],
) -> None:
    said, weights = [fake for fake, _ in answers], [weight for _, weight in answers]
    found, most = weigh(said, weights), 2 * sum(said) - len(said)
    if most == 0:
        assert found is None
    if found is not None and (found is True) != (most > 0):
        few = min(sum(said), len(said) - sum(said))
        assert CAP * CAP * few > len(said) - few, "each counts between half and twice"
    assert weigh(said, [1.0] * len(said)) == (None if most == 0 else most > 0)


def test_odd_columns_are_refused() -> None:
    none = np.array([], np.intp)
    with pytest.raises(InputError):
        AnswerColumns(np.array([0]), none, np.array([True]), np.array([-1]), 1)
    with pytest.raises(InputError):
        AnswerColumns(np.array([1]), np.array([0]), np.array([True]), np.array([-1]), 1)
    with pytest.raises(InputError):
        AnswerColumns(np.array([0]), np.array([1]), np.array([True]), np.array([-1]), 1)


def _looks(n: int, said_fake: bool, is_fake: bool | None, p: float = 0.1) -> list[SecondLookAnswer]:
    differs = is_fake is None or said_fake != is_fake
    return [SecondLookAnswer(p, said_fake, differs, is_fake)] * n


def test_second_looks_tell_errors_by_direction_with_the_exact_interval() -> None:
    told = sampled_errors(
        [*_looks(45, True, True), *_looks(5, False, True), *_looks(50, False, False)]
    )
    assert (told.looks, told.differed, told.undecided) == (100, 5, 0)
    assert told.missed is not None
    assert told.missed.value == pytest.approx(0.1)
    assert (told.missed.low, told.missed.high) == pytest.approx((0.03328, 0.21814), abs=1e-4)
    assert told.accused is not None
    assert (told.accused.value, told.accused.low) == (0, 0)
    assert told.accused.high == pytest.approx(0.07112, abs=1e-4)


def test_what_was_drawn_rarely_counts_for_more_and_leaves_more_open() -> None:
    same = sampled_errors([*_looks(50, True, True), *_looks(10, False, True)]).missed
    rare = sampled_errors([*_looks(50, True, True), *_looks(10, False, True, p=0.02)]).missed
    assert same is not None
    assert rare is not None
    assert rare.value == pytest.approx(50 / 100)
    assert rare.high - rare.low > same.high - same.low


def test_what_nobody_has_decided_yet_widens_the_interval_either_way() -> None:
    settled = [*_looks(40, True, True), *_looks(4, False, True), *_looks(40, False, False)]
    plain = sampled_errors(settled)
    told = sampled_errors([*settled, *_looks(3, False, None), *_looks(3, True, None)])
    assert (told.differed, told.undecided) == (10, 6)
    for before, now in ((plain.missed, told.missed), (plain.accused, told.accused)):
        assert before is not None
        assert now is not None
        assert now.value == before.value
        assert now.low <= before.low <= now.value
        assert now.value <= before.high < now.high


def test_without_an_image_of_a_class_nothing_is_said_of_it() -> None:
    told = sampled_errors([*_looks(9, False, False), *_looks(2, True, None)])
    assert told.missed is None
    assert told.accused is not None
    assert sampled_errors([]).accused is None


def test_the_interval_of_second_looks_holds_where_the_share_changed_meanwhile() -> None:
    rng, rate, held = np.random.default_rng(5), 0.08, 0
    for _ in range(400):
        probability = rng.choice([0.05, 0.2], 150)
        wrong = rng.random(150) < rate
        told = sampled_errors(
            [
                SecondLookAnswer(p, not w, w, True)
                for p, w in zip(probability.tolist(), wrong.tolist(), strict=True)
            ]
        ).missed
        assert told is not None
        held += told.low <= rate <= told.high
    assert held >= 375  # 95% of 400 is 380
