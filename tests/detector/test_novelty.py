"""Images unlike the training images are told from them, and lose their confidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.core.errors import CheckpointError
from review_app.inference.heads import HeadPrediction
from review_app.inference.novelty import FLAGGED_SHARE, NEIGHBOURS, Novelty, shrink
from review_app.inference.rejection import Doubt, rejection, signed
from review_app.inference.texture import TextureSpace


def cloud(n: int, seed: int, centre: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, 6)) + centre).astype(np.float32)


@pytest.fixture(scope="module")
def novelty() -> Novelty:
    measure = Novelty.fit(cloud(500, 1))
    return measure.scaled(measure.log_distances(cloud(200, 2)))


def test_another_cloud_is_flagged_and_the_own_one_as_often_as_said(novelty: Novelty) -> None:
    own = novelty.z(novelty.log_distances(cloud(2000, 3))) > novelty.cut
    other = novelty.z(novelty.log_distances(cloud(200, 4, centre=4))) > novelty.cut
    assert own.mean() == pytest.approx(FLAGGED_SHARE, abs=0.06)
    assert other.mean() > 0.95


def test_the_distance_is_the_mean_one_to_the_ten_nearest(novelty: Novelty) -> None:
    images = cloud(20, 5)
    references = novelty.references.astype(np.float64)
    distances = np.sqrt(np.square(images[:, None, :] - references).sum(axis=2))
    nearest = np.sort(distances, axis=1)[:, :NEIGHBOURS].mean(axis=1)
    np.testing.assert_allclose(novelty.log_distances(images), np.log(nearest), atol=1e-4)


def test_an_image_has_the_same_novelty_in_any_batch(novelty: Novelty) -> None:
    images = cloud(130, 6)
    whole = novelty.log_distances(images)
    for rows in (slice(0, 1), slice(3, 10), slice(60, 130)):
        np.testing.assert_array_equal(novelty.log_distances(images[rows]), whole[rows])


def test_a_training_image_itself_and_fewer_references_than_neighbours_are_no_trouble() -> None:
    few = Novelty.fit(cloud(3, 7))
    assert np.isfinite(few.log_distances(cloud(3, 7))).all()


def test_the_measure_comes_back_from_its_tensors(novelty: Novelty) -> None:
    again = Novelty.from_state(novelty.state(), 6)
    images = cloud(10, 8)
    np.testing.assert_array_equal(again.log_distances(images), novelty.log_distances(images))
    assert again.cut == novelty.cut
    with pytest.raises(CheckpointError, match="references"):
        Novelty.from_state(novelty.state(), 7)


@given(st.floats(0, 0.5), st.floats(-1e6, 1e6), st.floats(0, 10))
def test_confidence_never_grows_and_falls_with_novelty(
    confidence: float, z: float, more: float
) -> None:
    here, further = shrink(np.array([confidence] * 2), np.array([z, z + more]))
    assert 0 <= further <= here <= confidence


def prediction(p: np.ndarray, std: np.ndarray) -> HeadPrediction:
    return HeadPrediction(p, std, p, std / 10)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_without_novelty_the_score_is_p_fake_itself(values: list[float]) -> None:
    p = np.array(values)
    reject = rejection(prediction(p, p), Doubt.CONFIDENCE, None)
    np.testing.assert_array_equal(signed(p, reject), p)


@given(st.floats(0, 1), st.floats(0, 0.5), st.floats(-5, 50), st.sampled_from(list(Doubt)))
def test_the_score_stays_on_the_side_of_the_call(
    p: float, std: float, z: float, doubt: Doubt
) -> None:
    told = prediction(np.array([p]), np.array([std]))
    reject = rejection(told, doubt, np.array([z]))
    assert 0 <= reject[0] <= 0.5
    score = signed(told.p_fake, reject)[0]
    assert (score >= 0.5) == (p >= 0.5) or score == 0.5
    far = signed(told.p_fake, rejection(told, doubt, np.array([1e3])))[0]
    assert far == pytest.approx(0.5, abs=1e-9)


def test_the_space_whitens_what_it_looks_at_and_ignores_the_rest() -> None:
    rng = np.random.default_rng(9)
    features = (rng.normal(size=(400, 8)) @ rng.normal(size=(8, 8))).astype(np.float32)
    space = TextureSpace.fit(features, np.arange(6, dtype=np.int32))
    coordinates = space.apply(features)
    np.testing.assert_allclose(np.cov(coordinates.T), np.eye(6), atol=0.02)
    changed = features.copy()
    changed[:, 6:] = 99
    np.testing.assert_array_equal(space.apply(changed), coordinates)
    again = TextureSpace.from_state(space.state(), 8)
    np.testing.assert_array_equal(again.apply(features[3:4]), coordinates[3:4])
    with pytest.raises(ValueError, match="names features outside"):
        TextureSpace.from_state(space.state(), 5)
