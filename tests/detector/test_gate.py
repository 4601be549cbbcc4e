"""The gate finds an image's source by itself, and gives each source its own expert."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.core.errors import CheckpointError
from review_app.inference.gate import MAX_EXPERTS, SourceGate, balanced, experts_of
from review_app.inference.heads.linear import LinearTraining


def two_sources(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates that show the source, and labels that a feature tells the other way in each."""
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 2, n)
    coordinates = rng.normal(size=(n, 4)) + 4 * source[:, None]
    is_fake = rng.random(n) < 0.5
    sign = np.where(source == 1, 1, -1) * np.where(is_fake, 1, -1)
    features = np.hstack([coordinates, (rng.normal(size=n) + 2 * sign)[:, None]])
    return features.astype(np.float32), source, is_fake


def test_experts_learn_what_one_linear_rule_cannot() -> None:
    features, source, is_fake = two_sources(600, 1)
    fresh, _, truth = two_sources(600, 2)
    gate = SourceGate.fit(features[:, :4], source)
    training = LinearTraining(epochs=30, learning_rate=1e-2)

    def accuracy(inputs: np.ndarray, others: np.ndarray) -> float:
        head = training.fit(inputs, is_fake, seed=1)
        return float(((head.predict(others).p_fake >= 0.5) == truth).mean())

    one = accuracy(features, fresh)
    gated = accuracy(
        gate.expand(features, gate.shares(features[:, :4])),
        gate.expand(fresh, gate.shares(fresh[:, :4])),
    )
    assert one < 0.65
    assert gated > 0.95


def test_shares_sum_to_one_and_do_not_depend_on_the_batch() -> None:
    features, source, _ = two_sources(300, 3)
    gate = SourceGate.fit(features[:, :4], source)
    shares = gate.shares(features[:, :4])
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert ((shares[:, 1] > 0.5) == (source == 1)).mean() > 0.99
    for rows in (slice(0, 1), slice(5, 12), slice(17, 81)):
        np.testing.assert_array_equal(gate.shares(features[rows, :4]), shares[rows])


def test_three_sources_get_three_experts_and_the_gate_comes_back_from_its_tensors() -> None:
    rng = np.random.default_rng(4)
    expert = rng.integers(0, 3, 300)
    coordinates = (rng.normal(size=(300, 5)) + 3 * np.eye(3, 5)[expert]).astype(np.float32)
    gate = SourceGate.fit(coordinates, expert)
    again = SourceGate.from_state(gate.state(), 5)
    np.testing.assert_array_equal(gate.shares(coordinates), again.shares(coordinates))
    assert gate.expand(coordinates, gate.shares(coordinates)).shape == (300, 15)
    with pytest.raises(CheckpointError, match="weight"):
        SourceGate.from_state(gate.state(), 6)


def labels(*counts: tuple[str, int, int]) -> tuple[list[str], np.ndarray]:
    """``counts``: source, real images, fake images."""
    sources = [name for name, real, fake in counts for _ in range(real + fake)]
    is_fake = np.concatenate([np.arange(real + fake) >= real for _, real, fake in counts])
    return sources, is_fake


def test_only_sources_with_enough_of_both_classes_earn_an_expert() -> None:
    assert experts_of(*labels(("a", 100, 100), ("b", 150, 100))) == (("a",), ("b",))
    assert experts_of(*labels(("a", 500, 99), ("b", 0, 500))) == (("a", "b"),)
    assert experts_of(*labels(("a", 100, 100), ("b", 0, 500))) == (("a",),)
    assert experts_of(*labels(("a", 99, 99), ("b", 0, 50))) == ()
    assert experts_of(*labels(("a", 100, 100), ("b", 60, 50), ("", 50, 50))) == (("a",), ("", "b"))


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=12))
def test_experts_never_share_a_source_and_are_never_too_many(
    counts: list[tuple[int, int]],
) -> None:
    named = [(f"s{i}", real, fake) for i, (real, fake) in enumerate(counts) if real + fake]
    experts = experts_of(*labels(*named, ("last", 1, 0)))
    members = [source for expert in experts for source in expert]
    assert len(members) == len(set(members))
    assert len(experts) <= MAX_EXPERTS


def test_real_and_fake_images_of_each_expert_weigh_the_same() -> None:
    sources, is_fake = labels(("a", 100, 300), ("b", 150, 100), ("rare", 7, 3))
    weights = balanced(sources, is_fake, (("a",), ("b",)))
    assert weights.mean() == pytest.approx(1)
    masses = {
        weights[
            [name == source and fake == label for name, fake in zip(sources, is_fake, strict=True)]
        ].sum()
        for source in "ab"
        for label in (False, True)
    }
    assert max(masses) == pytest.approx(min(masses))
    rare = weights[np.array(sources) == "rare"]
    assert rare == pytest.approx(np.full(10, rare[0]))


def test_balance_keeps_how_images_of_one_class_of_an_expert_weigh_among_each_other() -> None:
    sources, is_fake = labels(("a", 2, 4), ("b", 3, 3))
    given = np.arange(1.0, 13.0)
    weights = balanced(sources, is_fake, (("a",), ("b",)), given)
    np.testing.assert_allclose(weights[2:6] / weights[2], given[2:6] / given[2])
    assert weights[:2].sum() == pytest.approx(weights[2:6].sum())
