"""The Laplace head: the mode, the covariance and the evidence are the exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from review_app.inference.heads.evidence import Float64, LogisticPosterior
from review_app.inference.heads.laplace import _BIAS, LaplaceHead, LaplaceTraining
from tests.detector.conftest import labelled

SHAPES = [(60, 24), (40, 90)]
"""More images than features, and fewer."""


def moments(head: LaplaceHead, rows: Float64) -> tuple[Float64, Float64]:
    """Mean and variance of the logit, from what is stored."""
    state = {name: tensor.astype(np.float64) for name, tensor in head.state().items()}
    settled = rows @ state["factor"].T + state["factor_bias"]
    prior, bias_prior = state["prior"]
    variance = np.square(rows).sum(axis=1) * prior + bias_prior - np.square(settled).sum(axis=1)
    return rows @ state["mean"] + state["bias"], variance


@pytest.mark.parametrize(("n", "width"), SHAPES)
def test_mode_and_covariance_are_those_of_penalised_logistic_regression(n: int, width: int) -> None:
    data = labelled(n, 1, width=width)
    head = LaplaceTraining(prior_precision=3.0, tolerance=0.0).fit(
        data.features, data.is_fake, seed=0
    )
    inputs = np.hstack([data.features.astype(float), np.full((n, 1), _BIAS)])
    oracle = LogisticRegression(C=1 / 3.0, fit_intercept=False, tol=1e-10, max_iter=10_000)
    weights = oracle.fit(inputs, data.is_fake).coef_[0]
    p = expit(inputs @ weights)
    hessian = inputs.T @ (inputs * (p * (1 - p))[:, None]) + 3.0 * np.eye(width + 1)

    fresh = labelled(30, 2, width=width).features.astype(np.float64)
    rows = np.hstack([fresh, np.full((30, 1), _BIAS)])
    mean, variance = moments(head, fresh)
    assert mean == pytest.approx(rows @ weights, abs=1e-4)
    exact = np.einsum("ni,ij,nj->n", rows, np.linalg.inv(hessian), rows)
    assert variance == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize(("n", "width"), SHAPES)
def test_the_evidence_is_laplaces_formula_and_the_chosen_precision_its_maximum(
    n: int, width: int
) -> None:
    data = labelled(n, 3, width=width)
    inputs = data.features.astype(np.float64)
    posterior = LogisticPosterior(inputs, data.is_fake)
    mode = posterior.mode(2.5)
    p = expit(inputs @ mode.weights)
    hessian = inputs.T @ (inputs * (p * (1 - p))[:, None]) + 2.5 * np.eye(width)
    gradient = inputs.T @ (data.is_fake - p) - 2.5 * mode.weights
    assert np.abs(gradient).max() < 1e-3
    likelihood = np.log(np.where(data.is_fake, p, 1 - p)).sum()
    prior = (width * np.log(2.5) - 2.5 * mode.weights @ mode.weights) / 2
    expected = likelihood + prior - np.linalg.slogdet(hessian)[1] / 2
    assert mode.log_evidence == pytest.approx(expected, abs=1e-6)

    best = posterior.best_mode()
    for other in np.geomspace(0.1, 1e5, 60):
        assert posterior.mode(float(other)).log_evidence <= best.log_evidence + 0.01


def test_woodbury_in_n_dimensions_agrees_with_d_dimensions() -> None:
    data = labelled(50, 4, width=49)
    wide = np.hstack([data.features, np.zeros((50, 8), dtype=np.float32)])
    for precision in (0.5, 20.0):
        one = LogisticPosterior(data.features.astype(float), data.is_fake).mode(precision)
        other = LogisticPosterior(wide.astype(float), data.is_fake).mode(precision)
        assert one.log_evidence == pytest.approx(other.log_evidence, abs=1e-8)
        assert other.weights[:49] == pytest.approx(one.weights, abs=1e-6)


def test_the_truncated_factor_keeps_to_its_tolerance_and_never_says_too_little() -> None:
    data = labelled(300, 5, width=120)
    decay = np.exp(-np.arange(120) / 20).astype(np.float32)
    features = data.features * decay
    whole, short = (
        LaplaceTraining(prior_precision=5.0, tolerance=tolerance).fit(
            features, data.is_fake, seed=0
        )
        for tolerance in (0.0, 0.02)
    )
    exact, stored = (moments(head, features.astype(float))[1] for head in (whole, short))
    assert 0 < short.facts["rank"] < whole.facts["rank"] == 121
    assert (stored >= exact * (1 - 1e-4)).all()
    assert stored.mean() / exact.mean() - 1 == pytest.approx(
        short.facts["variance_excess"], abs=1e-3
    )
    assert short.facts["variance_excess"] <= 0.02
    few = LaplaceTraining(prior_precision=5.0, max_rank=7).fit(features, data.is_fake, seed=0)
    assert len(few.state()["factor"]) == few.facts["rank"] == 7


def test_the_head_fits_a_small_checkpoint_and_says_how_it_was_chosen() -> None:
    data = labelled(700, 6, width=2064)
    head = LaplaceTraining().fit(data.features, data.is_fake, seed=0)
    assert len(save(head.state())) < 6_000_000
    assert set(head.facts) == {"prior_precision", "log_evidence", "rank", "variance_excess"}
    assert head.facts["log_evidence"] > -700 * np.log(2) - 1  # not worse than saying nothing


def test_an_image_unlike_all_others_is_uncertain() -> None:
    data = labelled(400, 7)
    head = LaplaceTraining().fit(data.features, data.is_fake, seed=0)
    near = head.predict(data.features[:50])
    far = head.predict(data.features[:50] * 8)
    assert far.std.mean() > near.std.mean()
    _, variance = moments(head, data.features.astype(float))
    assert (variance > 0).all()


def test_identical_images_do_not_break_the_fit() -> None:
    data = labelled(20, 8, width=64)
    rows = np.repeat(data.features, 2, axis=0)
    head = LaplaceTraining().fit(rows, np.repeat(data.is_fake, 2), seed=0)
    assert np.isfinite(head.predict(rows).std).all()
