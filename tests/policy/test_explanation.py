"""Sentences for people, as they read on the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.i18n.formatting import count, percent, percent_below
from review_app.policy.explanation import explain, verdict_in_words
from review_app.policy.flags import UncertaintyCuts
from review_app.policy.policy import Policy
from review_app.policy.routing import Scores, decide
from tests.certification.cases import certified, policies, start

CUTS = UncertaintyCuts(std=0.05, entropy=0.5, mutual_information=0.03)


def scores(p: float, score: float | None = None, std: float = 0.09, **heads: float) -> Scores:
    """``score``: that of an image unlike the training images."""
    return Scores(
        p,
        std=std,
        entropy=0.4,
        mutual_information=0.02,
        score=p if score is None else score,
        novelty=None if score is None else 3.0,
        unlike=score is not None,
        heads=heads,
    )


@pytest.mark.parametrize(
    ("policy", "given_scores", "coin", "sentence"),
    [
        (
            certified(),
            scores(0.83, linear=0.2),
            0.5,
            "Likely fake, but the heads disagree: 0.83 ± 0.09; a person decides.",
        ),
        (
            certified(),
            scores(0.3),
            0.5,
            "Likely real, but the detector is not sure enough: 0.30 ± 0.09; a person decides.",
        ),
        (
            certified(),
            scores(0.97, score=0.55, std=0.02, linear=0.2),
            0.5,
            "Likely fake, but unlike the images the detector has learned from: 0.97 ± 0.02; "
            "a person decides. Marked for retraining: the detector has seen few like it.",
        ),
        (
            start(),
            scores(0.02, score=0.49),
            0.5,
            "Likely real, but unlike the images the detector has learned from and auto-accept is "
            "still learning: 0.02 ± 0.09; a person decides. Marked for retraining: the "
            "detector has seen few like it.",
        ),
        (
            certified(),
            scores(0.97, score=0.95),
            0.5,
            "Accepted as fake: 0.97 ± 0.09, beyond the certified threshold.",
        ),
        (
            start(),
            scores(0.83, linear=0.2),
            0.5,
            "Likely fake, but auto-accept is still learning and the heads disagree: "
            "0.83 ± 0.09; a person decides.",
        ),
        (
            certified(),
            scores(0.95),
            0.01,
            "Likely fake, but it was drawn for a blind audit: 0.95 ± 0.09; a person decides.",
        ),
        (
            certified(),
            scores(0.04),
            0.5,
            "Accepted as real: 0.04 ± 0.09, beyond the certified threshold.",
        ),
    ],
)
def test_a_decision_reads_as_one_plain_sentence(
    policy: Policy, given_scores: Scores, coin: float, sentence: str
) -> None:
    assert explain(decide(given_scores, policy, coin), given_scores) == sentence


@given(policies(), st.floats(0, 1), st.floats(0, 1, exclude_max=True), st.floats(0, 1))
def test_every_decision_can_be_explained(policy: Policy, p: float, coin: float, h: float) -> None:
    sentence = explain(decide(scores(p, linear=h), policy, coin), scores(p, linear=h))
    assert sentence.endswith(".")


def test_a_verdict_says_whether_the_detector_is_confident_and_why_not() -> None:
    assert verdict_in_words(0.97, 0.02, 0.13, 0.001, CUTS) == (
        "Likely fake, and confident: P(fake) 0.97 ± 0.02."
    )
    assert verdict_in_words(0.83, 0.09, 0.4, 0.02, CUTS) == (
        "Likely fake, but uncertain: equally good versions of the detector disagree, as on images "
        "unlike its training. P(fake) 0.83 ± 0.09."
    )
    assert verdict_in_words(0.42, 0.03, 0.68, 0.001, CUTS) == (
        "Likely real, but uncertain: images that score like this turn out either way. "
        "P(fake) 0.42 ± 0.03."
    )


def test_nothing_the_detector_says_of_an_unlike_image_is_called_confident() -> None:
    assert verdict_in_words(0.97, 0.02, 0.13, 0.001, CUTS, unlike=True) == (
        "Likely fake, but uncertain: the image is unlike those that it has learned from. "
        "P(fake) 0.97 ± 0.02."
    )


def test_a_head_without_spread_is_not_called_unsettled() -> None:
    cuts = UncertaintyCuts(std=0.0, entropy=0.5, mutual_information=0.0)
    assert "and confident" in verdict_in_words(0.97, 0.0, 0.13, 0.0, cuts)


def test_numbers_read_well_and_bounds_are_never_rounded_down() -> None:
    assert (percent(0.05), percent(0.0412), percent(1.0)) == ("5%", "4.1%", "100%")
    assert (percent_below(0.0401), percent_below(0.041), percent_below(0.05)) == (
        "4.1%",
        "4.1%",
        "5%",
    )
    assert (count(1, "label"), count(1200, "label")) == ("1 label", "1,200 labels")
