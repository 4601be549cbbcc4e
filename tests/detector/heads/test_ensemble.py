"""The ensemble: members differ, and their mixture is what is said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import entr, expit

from review_app.detector.heads import EnsembleTraining, LinearHead
from tests.detector.conftest import labelled


def test_the_prediction_is_the_mixture_of_its_members() -> None:
    data = labelled(200, 1)
    head = EnsembleTraining(epochs=4).fit(data.features, data.is_fake, seed=0)
    weight, bias = head.state()["weight"], head.state()["bias"]
    assert weight.shape == (10, data.features.shape[1])
    members = expit(data.features.astype(float) @ weight.T + bias)
    said = head.predict(data.features)
    p = members.mean(axis=1)
    entropy = entr(p) + entr(1 - p)
    conditional = (entr(members) + entr(1 - members)).mean(axis=1)
    assert said.p_fake == pytest.approx(p, abs=1e-6)
    assert said.std == pytest.approx(members.std(axis=1), abs=1e-6)
    assert said.mutual_information == pytest.approx(entropy - conditional, abs=1e-6)


def test_members_differ_by_more_than_their_start() -> None:
    data = labelled(300, 2, shift=1.5)
    head = EnsembleTraining(epochs=60, learning_rate=1e-2).fit(data.features, data.is_fake, seed=0)
    weight, bias = head.state()["weight"], head.state()["bias"]
    # Trained to convergence, members differ by what their bootstrap samples differ.
    spread = weight.std(axis=0).mean()
    assert 0.02 < spread < np.abs(weight).mean()
    for row in range(10):
        member = LinearHead(weight[row], bias[row : row + 1]).predict(data.features)
        assert ((member.p_fake >= 0.5) == data.is_fake).mean() > 0.75


def test_one_member_is_as_sure_as_a_linear_head() -> None:
    data = labelled(100, 3)
    head = EnsembleTraining(members=1, epochs=2).fit(data.features, data.is_fake, seed=0)
    assert head.predict(data.features).std == pytest.approx(0, abs=1e-9)
