"""What a fusion is worth beside its best member, and what changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fusion.worlds import area, gain, learned, world

LIKE_EACH_OTHER = (0.8, 0.8, 0.78, 0.76, 0.74)
ONE_IS_BETTER = (0.93, 0.75, 0.7, 0.6, 0.5)


def test_from_200_labels_it_is_better_than_the_best_member() -> None:
    assert gain(*world(LIKE_EACH_OTHER), n=200) > 0.01


@pytest.mark.parametrize("aurocs", [LIKE_EACH_OTHER, (0.97, 0.95, 0.94, 0.9, 0.6)])
def test_from_50_labels_it_is_not_worse(aurocs: tuple[float, ...]) -> None:
    assert gain(*world(aurocs), n=50) > -0.005


def test_one_good_member_among_poor_ones_is_not_drowned() -> None:
    scores, is_fake = world(ONE_IS_BETTER)
    assert gain(scores, is_fake, n=50) > -0.02
    assert gain(scores, is_fake, n=200) > -0.005


@pytest.mark.parametrize("n", [50, 200])
def test_a_useless_and_a_repeated_member_change_little(n: int) -> None:
    scores, is_fake = world(LIKE_EACH_OTHER)
    noise = np.random.default_rng(7).random(len(is_fake))
    more = np.column_stack([scores, scores[:, 0], noise])
    changes = []
    for seed in range(8):
        (few, rest), (many, _) = (learned(each, is_fake, n, seed) for each in (scores, more))
        told = is_fake[rest]
        before = area(few.model.predict(scores[rest]).p_fake, told)
        changes.append(area(many.model.predict(more[rest]).p_fake, told) - before)
    assert abs(np.mean(changes)) < 0.003
    voices = [member.voice for member in many.model.members]
    assert voices[5] == voices[0]


def test_its_probabilities_are_frequencies() -> None:
    scores, is_fake = world(LIKE_EACH_OTHER, fakes=0.2)
    fitted, rest = learned(scores, is_fake, 300, seed=1)
    said = fitted.model.predict(scores[rest]).p_fake
    assert abs(said.mean() - is_fake[rest].mean()) < 0.05
    sure = said > 0.8
    assert is_fake[rest][sure].mean() > 0.7


def test_without_a_member_it_is_as_if_made_without_it() -> None:
    scores, is_fake = world(ONE_IS_BETTER)
    fitted, rest = learned(scores, is_fake, 200, seed=0)
    whole = area(fitted.model.predict(scores[rest]).p_fake, is_fake[rest])
    less = [
        area(fitted.without(m).predict(scores[rest]).p_fake, is_fake[rest])
        for m in range(len(ONE_IS_BETTER))
    ]
    assert whole - less[0] > 0.05
    assert abs(whole - less[4]) < 0.005
