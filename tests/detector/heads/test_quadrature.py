"""Quadrature of a normal logit: right for every mean and spread, and deaf to the batch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import entr, expit

from review_app.inference.heads import HeadPrediction
from review_app.inference.heads.numerics import Float64, logit_normal, mixture

MEANS = st.floats(-40, 40)
SPREADS = st.floats(0, 16)


def by_many_nodes(mean: float, spread: float) -> tuple[float, float, float, float]:
    """P(fake), std, entropy and mutual information by 4,000 nodes over 10 standard deviations."""
    nodes = np.linspace(-10, 10, 4000)
    weights = np.exp(-np.square(nodes) / 2)
    weights /= weights.sum()
    logits = mean + spread * nodes
    p, q = expit(logits), expit(-logits)
    p_fake = float(p @ weights)
    entropy = float(entr(p_fake) + entr(1 - p_fake))
    std = float(np.sqrt(np.square(p - p_fake) @ weights))
    return p_fake, std, entropy, entropy - float((entr(p) + entr(q)) @ weights)


def rows(prediction: HeadPrediction) -> Float64:
    fields = (prediction.p_fake, prediction.std, prediction.entropy, prediction.mutual_information)
    return np.stack(fields)


@settings(max_examples=300, deadline=None)
@given(mean=MEANS, spread=SPREADS)
def test_every_figure_is_within_a_millionth_of_many_nodes(mean: float, spread: float) -> None:
    found = rows(logit_normal(np.array([mean]), np.array([spread**2])))[:, 0]
    assert found == pytest.approx(by_many_nodes(mean, spread), abs=1.5e-6)
    assert found[0] == pytest.approx(by_many_nodes(mean, spread)[0], abs=1e-7)


@pytest.mark.parametrize("spread", [0.01, 0.99, 1.0, 1.01, 2.0, 2.01, 3.99, 4.0])
def test_the_mean_is_that_of_a_hundred_gauss_hermite_nodes(spread: float) -> None:
    mean = np.linspace(-8, 8, 65)
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    expected = expit(mean[:, None] + spread * nodes) @ weights / weights.sum()
    found = logit_normal(mean, np.full(65, spread**2)).p_fake
    assert np.abs(found - expected).max() < 1e-6


@settings(max_examples=40, deadline=None)
@given(
    mean=arrays(np.float64, 70, elements=MEANS),
    spread=arrays(np.float64, 70, elements=SPREADS),
    size=st.integers(1, 70),
)
def test_an_image_has_the_same_bits_whatever_spreads_its_batch_has(
    mean: Float64, spread: Float64, size: int
) -> None:
    whole = rows(logit_normal(mean, spread**2))
    for start in range(0, 70, size):
        part = slice(start, start + size)
        alone = rows(logit_normal(mean[part], spread[part] ** 2))
        assert alone.tobytes() == whole[:, part].tobytes()


def test_no_logit_is_too_large_to_be_said() -> None:
    said = rows(
        mixture(np.array([[1e30, -1e30, 1e30]] * 2 + [[1e30, -1e30, -1e30]]), np.ones(3) / 3)
    )
    assert said[0] == pytest.approx([1, 0, 2 / 3])
    assert said[2] == pytest.approx([0, 0, entr(1 / 3) + entr(2 / 3)])
    assert np.isfinite(said).all()
