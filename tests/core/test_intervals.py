"""What few images say is not certain, however they come out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from review_app.core.intervals import ENOUGH_OF_CLASS, FEWEST, of_auroc, of_f1, of_figure, of_share


def test_one_image_has_no_interval_and_five_right_ones_have_a_wide_one() -> None:
    assert of_share(1.0, 1) is None
    assert of_share(1.0, FEWEST - 1) is None
    assert of_share(None, 100) is None
    low, high = of_share(1.0, 5) or [0, 0]
    assert [low, high] == pytest.approx([0.5655, 1.0], abs=1e-4)
    low, high = of_share(0.0, 5) or [1, 1]
    assert [low, high] == pytest.approx([0.0, 0.4345], abs=1e-4)


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Newcombe 1998, table I: 81 of 263, and 15 of 148.
    assert of_share(81 / 263, 263) == pytest.approx([0.2553, 0.3662], abs=1e-4)
    assert of_share(15 / 148, 148) == pytest.approx([0.0624, 0.1605], abs=1e-4)


def test_an_f1_has_the_interval_of_its_hits() -> None:
    assert of_f1(1.0, 3) is None
    low, high = of_f1(1.0, 10) or [0, 0]
    assert high == 1.0
    jaccard = 10 / (10 + 3.8415)
    assert low == pytest.approx(2 * jaccard / (1 + jaccard), abs=1e-4)


@pytest.mark.parametrize("auroc", [0.0, 0.5, 0.75, 1.0])
def test_an_auroc_of_few_images_is_wide_and_never_one_point(auroc: float) -> None:
    assert of_auroc(auroc, 2, 3, [auroc, auroc]) is None
    ends = of_auroc(auroc, 6, 7, [auroc, auroc])
    assert ends is not None
    low, high = ends
    assert 0 <= low <= auroc <= high <= 1
    assert high - low > 0.25


def test_a_perfect_separation_stays_uncertain_however_many_there_are() -> None:
    low, high = of_auroc(1.0, 200, 200, [1.0, 1.0]) or [1, 1]
    assert high == 1.0
    assert 0.98 < low < 1.0
    assert of_auroc(0.9, 200, 200, [0.87, 0.93]) == [0.87, 0.93]


def test_an_end_is_as_far_away_as_its_own_spread_says() -> None:
    low, high = of_auroc(0.8, 10, 12, None) or [0, 0]
    for end in (low, high):
        spread = 1 + 10 * ((1 - end) / (2 - end) + end / (1 + end))
        error = math.sqrt(end * (1 - end) * spread / 120)
        assert abs(end - 0.8) == pytest.approx(1.959963985 * error, abs=1e-8)


def test_the_interval_of_an_auroc_holds_the_truth_as_often_as_it_says() -> None:
    rng, truth, held = np.random.default_rng(3), 0.92, 0
    shift = math.sqrt(2) * 1.4050716  # of two normals whose AUROC is the truth
    for _ in range(1000):
        fake, real = rng.normal(shift, 1, 10), rng.normal(0, 1, 10)
        low, high = of_auroc(float((fake[:, None] > real).mean()), 10, 10, None) or [0, 0]
        held += low <= truth <= high
    assert held / 1000 >= 0.94


def test_what_only_a_bootstrap_tells_is_told_where_it_can() -> None:
    assert of_figure([0.1, 0.2], ENOUGH_OF_CLASS) == [0.1, 0.2]
    assert of_figure([0.1, 0.2], ENOUGH_OF_CLASS - 1) is None
    assert of_figure([0.0, 0.0], 500) is None
    assert of_figure(None, 500) is None
