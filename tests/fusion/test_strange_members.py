"""Members that are uncalibrated, saturated, upside down, silent, or that often have no score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.fusion.fitting import ToldScores, fit, telling
from review_app.fusion.scale import MemberScale, ScoreReading
from review_app.fusion.voices import MOST, UNRELATED
from tests.fusion.worlds import Float64, alike, area, gain, learned, world

AUROCS = (0.85, 0.8, 0.75, 0.7)


def _with(change: Callable[[Float64], Float64], member: int = 0) -> tuple[Float64, Float64]:
    scores, is_fake = world(AUROCS)
    scores[:, member] = change(scores[:, member])
    return scores, is_fake  # type: ignore[return-value]


STRANGE: dict[str, Callable[[Float64], Float64]] = {
    "saturated": lambda p: np.asarray(np.clip((p - 0.5) * 3 + 0.5, 0, 1), np.float64),
    "tiny": lambda p: p * 1e-290,
    "neighbours": lambda p: 0.5 + np.round(p * 4) * 1e-16,
    "ties": lambda p: np.round(p, 1),
    "two values": lambda p: (p > 0.6).astype(np.float64),
    "squeezed": lambda p: 0.999 + p / 1000,
}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_scale_does_no_harm(kind: str) -> None:
    scores, is_fake = _with(STRANGE[kind])
    assert gain(scores, is_fake, 50, draws=4) > -0.005  # type: ignore[arg-type]


def test_what_is_said_hangs_on_the_order_of_scores_alone() -> None:
    """So it is where nobody has labels that would say more."""
    scores, is_fake = world(AUROCS, n=200)
    warped = scores.copy()
    warped[:, 1] = scores[:, 1] ** 9
    none = alike(scores[:0], is_fake[:0])
    one, other = (fit(each, none).model.predict(each) for each in (scores, warped))
    assert one.p_fake.tolist() == other.p_fake.tolist()
    assert one.std.tolist() == other.std.tolist()


def test_each_member_is_read_as_the_labels_suggest() -> None:
    """Of the first all that tells is whether it is sure of a fake; of the second, each score."""
    scores, is_fake = world((0.5, 0.9))
    rng = np.random.default_rng(0)
    loud = is_fake & (rng.random(len(is_fake)) < 0.3)
    scores[:, 0] = np.where(loud, 0.95, rng.random(len(is_fake)) * 0.1)
    fitted, _ = learned(scores, is_fake, 400, 0)
    first, second = (member.scale.reading for member in fitted.model.members)
    assert first is not ScoreReading.RANK
    assert second is not ScoreReading.PROBABILITY


def test_a_constant_member_is_not_heard() -> None:
    scores, is_fake = _with(lambda p: np.full_like(p, 0.3), member=3)
    fitted, _ = learned(scores, is_fake, 100, 0)  # type: ignore[arg-type]
    assert fitted.model.members[3].voice is None
    assert gain(scores, is_fake, 50, draws=4) > -0.005  # type: ignore[arg-type]


def test_a_member_upside_down_is_turned_round() -> None:
    scores, is_fake = world((0.9, 0.8, 0.75))
    scores[:, 0] = 1 - scores[:, 0]
    fitted, rest = learned(scores, is_fake, 100, 0)
    assert [member.inverted for member in fitted.model.members] == [True, False, False]
    assert area(fitted.model.predict(scores[rest]).p_fake, is_fake[rest]) > 0.89


def test_a_useless_member_is_not_turned_round() -> None:
    scores, is_fake = world((0.9, 0.5, 0.5, 0.5))
    turned = [
        member.inverted
        for seed in range(10)
        for member in learned(scores, is_fake, 50, seed)[0].model.members
    ]
    assert not any(turned)


def test_a_missing_score_widens_the_doubt_and_costs_little() -> None:
    scores, is_fake = world(AUROCS)
    fitted, rest = learned(scores, is_fake, 200, 0)
    less = scores[rest].copy()
    less[:, 0] = np.nan
    whole, partial = fitted.model.predict(scores[rest]), fitted.model.predict(less)
    middle = np.abs(partial.p_fake - 0.5) < 0.2
    assert partial.std[middle].mean() > whole.std[middle].mean()
    alone = max(area(column, is_fake[rest]) for column in scores[rest].T[1:])
    assert area(partial.p_fake, is_fake[rest]) > alone


def test_scores_missing_in_blocks_are_bridged() -> None:
    scores, is_fake = world(AUROCS)
    scores[:500, 0] = np.nan
    scores[300:900, 1] = np.nan
    scores[1000:, 2:] = np.nan
    fitted, rest = learned(scores, is_fake, 200, 0)
    said = fitted.model.predict(scores[rest])
    assert np.isfinite(said.p_fake).all()
    filled = np.nan_to_num(scores[rest], nan=0.5)
    assert area(said.p_fake, is_fake[rest]) > max(area(c, is_fake[rest]) for c in filled.T)


def test_members_that_never_met_are_fused() -> None:
    scores, is_fake = world(AUROCS)
    scores[::2, 0] = np.nan
    scores[1::2, 1] = np.nan
    fitted, rest = learned(scores, is_fake, 100, 0)
    assert area(fitted.model.predict(scores[rest]).p_fake, is_fake[rest]) > 0.8


def test_what_is_said_of_an_image_hangs_on_no_other() -> None:
    scores, is_fake = world(AUROCS, n=300)
    scores[::3, 0] = np.nan
    fitted = fit(scores, alike(scores[:100], is_fake[:100]))
    whole = fitted.model.predict(scores)
    for at in (0, 1, 299):
        alone = fitted.model.predict(scores[at : at + 1])
        assert (alone.p_fake[0], alone.std[0]) == (whole.p_fake[at], whole.std[at])


@pytest.mark.parametrize("n_fake", [0, 1, 4])
def test_with_too_few_labels_all_members_count_alike(n_fake: int) -> None:
    scores, is_fake = world(AUROCS)
    rows = np.concatenate([np.flatnonzero(is_fake)[:n_fake], np.flatnonzero(~is_fake)[:20]])
    fitted = fit(scores, alike(scores[rows], is_fake[rows]))
    assert fitted.weighed is None
    assert len(set(fitted.model.mean[1:])) == 1
    assert area(fitted.model.predict(scores).p_fake, is_fake) > 0.8


def test_without_any_label_it_still_says_something() -> None:
    scores, is_fake = world(AUROCS)
    fitted = fit(scores, alike(scores[:0], is_fake[:0]))
    assert area(fitted.model.predict(scores).p_fake, is_fake) > 0.8


def test_a_member_that_goes_with_no_other_is_heard_where_labels_prove_it() -> None:
    """The fourth is good, the last one noise; neither goes together with any other."""
    scores, is_fake = world((0.8, 0.75, 0.7), n=3000)
    rng = np.random.default_rng(3)
    # Where the others say fake it says real, as often as to make up for what all know.
    lone = is_fake - 2.0 * (scores[:, 0] - 0.5) + 0.4 * rng.normal(size=len(is_fake))
    lone[rng.random(len(is_fake)) < 0.2] = 0.0
    more = np.column_stack([scores, lone, rng.random(len(is_fake))])
    fitted, _ = learned(more, is_fake, 300, 0)
    model = fitted.model
    values = model.values(more)
    lone_voice, noise_voice = model.members[3].voice, model.members[4].voice
    assert lone_voice is not None
    assert noise_voice is not None
    together = np.atleast_2d(np.corrcoef(values.T))
    for voice in (lone_voice, noise_voice):
        assert np.delete(together[voice], voice).max() < UNRELATED
    assert model.mean[1 + noise_voice] == 0
    assert model.mean[1 + lone_voice] > 0.3


def test_many_members_are_screened() -> None:
    scores, is_fake = world((0.8,) * 13, n=400)
    fitted, rest = learned(scores, is_fake, 100, 0)
    heard = [weight for weight in fitted.model.mean[1:] if weight]
    assert len(heard) <= MOST
    assert area(fitted.model.predict(scores[rest]).p_fake, is_fake[rest]) > 0.8


@settings(max_examples=15, deadline=None)
@given(
    fakes=st.floats(0.05, 0.95),
    n=st.integers(12, 60),
    weights=st.floats(1, 50),
    seed=st.integers(0, 1000),
)
def test_whatever_the_labels_it_stays_a_probability(
    fakes: float, n: int, weights: float, seed: int
) -> None:
    scores, is_fake = world((0.8, 0.6, 0.5), n=300, fakes=fakes, seed=seed)
    stands_for = np.where(np.arange(n) % 3 == 0, weights, 1.0)
    labelled = ToldScores(scores[:n], is_fake[:n], telling(stands_for))
    said = fit(scores, labelled).model.predict(scores)
    assert ((said.p_fake > 0) & (said.p_fake < 1)).all()
    assert ((said.std >= 0) & (said.std <= 0.5)).all()
    assert (said.mutual_information >= 0).all()


def test_weights_tell_no_more_than_their_effective_number() -> None:
    found = telling(np.array([1.0, 1.0, 10.0, 1000.0]))
    assert found[3] / found[0] == pytest.approx(20)
    assert found.sum() == pytest.approx(32**2 / (1 + 1 + 100 + 400))
    assert telling(np.ones(7)).tolist() == [1.0] * 7


def test_a_scale_keeps_the_order_and_the_ties() -> None:
    scores = np.array([0.2, 0.2, 0.9, np.nan, 0.4])
    found = MemberScale.of(scores).apply(np.array([0.1, 0.2, 0.3, 0.4, 0.9, 1.0, np.nan]))
    assert (np.diff(found[:6]) >= 0).all()
    assert found[0] == found[1]
    assert found[4] == found[5]
    assert np.isnan(found[6])
