"""The ensemble: members differ, and their mixture is what is said."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import entr, expit

from review_app.inference.heads import Matrix
from review_app.inference.heads.ensemble import EnsembleHead, EnsembleTraining
from tests.detector.conftest import labelled


def members_of(head: EnsembleHead, features: Matrix) -> NDArray[np.float64]:
    """P(fake) of each member by itself, [n, M], in double precision."""
    state = {name: tensor.astype(np.float64) for name, tensor in head.state().items()}
    hidden = np.maximum(features @ state["hidden_weight"].T + state["hidden_bias"], 0)
    each = hidden.reshape(len(features), *state["output_weight"].shape)
    probabilities: NDArray[np.float64] = expit(
        (each * state["output_weight"]).sum(axis=2) + state["output_bias"]
    )
    return probabilities


def test_the_prediction_is_the_mixture_of_its_members() -> None:
    data = labelled(200, 1)
    head = EnsembleTraining(epochs=4).fit(data.features, data.is_fake, seed=0)
    members = members_of(head, data.features)
    assert members.shape == (200, 8)
    said = head.predict(data.features)
    p = members.mean(axis=1)
    entropy = entr(p) + entr(1 - p)
    conditional = (entr(members) + entr(1 - members)).mean(axis=1)
    assert said.p_fake == pytest.approx(p, abs=1e-6)
    assert said.std == pytest.approx(members.std(axis=1), abs=1e-6)
    assert said.mutual_information == pytest.approx(entropy - conditional, abs=1e-6)


def test_every_member_learns_and_no_two_learn_the_same() -> None:
    data = labelled(300, 2, shift=1.5)
    head = EnsembleTraining(epochs=60, learning_rate=1e-2).fit(data.features, data.is_fake, seed=0)
    members = members_of(head, data.features)
    right = (members >= 0.5) == data.is_fake[:, None]
    assert right.mean(axis=0).min() > 0.75
    for first in range(8):
        for second in range(first):
            assert np.abs(members[:, first] - members[:, second]).max() > 0.01


def test_one_member_has_no_spread() -> None:
    data = labelled(100, 3)
    head = EnsembleTraining(members=1, epochs=2).fit(data.features, data.is_fake, seed=0)
    assert head.predict(data.features).std == pytest.approx(0, abs=1e-9)
