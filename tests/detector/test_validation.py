"""Choices are made on predictions for images that did not train what predicts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from review_app.core.errors import DetectorError
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, Versions
from review_app.inference.heads import HeadName
from review_app.inference.heads.ensemble import EnsembleTraining
from review_app.inference.heads.linear import LinearTraining
from review_app.inference.laundering import Mirror
from review_app.inference.model import fit_model
from review_app.inference.presets import PRESETS, Preset
from review_app.lab.training import train_heads
from review_app.lab.validation import cross_fit
from tests.detector.conftest import labelled, toy_card

QUICK = Preset(
    "quick",
    {HeadName.LINEAR: LinearTraining(epochs=5), HeadName.ENSEMBLE: EnsembleTraining(epochs=3)},
    copies=(Mirror(),),
    gated=True,
    novelty=True,
    calibrated=True,
    folds=4,
)


def versions(n: int, seed: int, groups: tuple[str, ...] = ()) -> Versions:
    """Toy images of two sources, and a noisy copy of each."""
    images = replace(labelled(n, seed, shift=1.5), groups=groups)
    noise = np.random.default_rng(seed).normal(size=images.features.shape) / 4
    return Versions(images, ((images.features + noise).astype(np.float32),))


def test_every_image_is_predicted_by_a_model_that_never_saw_its_group() -> None:
    """Labels of one group are turned round: only a model that saw the group can know."""
    images = versions(480, 1, tuple(f"g{i // 4}" for i in range(480)))
    rng = np.random.default_rng(5)
    noise = rng.normal(size=images.originals.features.shape).astype(np.float32)
    told = replace(images.originals, features=noise, is_fake=rng.random(480) < 0.5)
    random = Versions(told, (noise,))
    preset = replace(QUICK, heads={HeadName.LINEAR: LinearTraining(epochs=60)})
    found = cross_fit(random, preset, toy_card(), seed=3, fitted=lambda done: None)
    own = fit_model(random, preset, toy_card(), seed=3).read(noise)
    right = (found.reading.heads[HeadName.LINEAR].p_fake >= 0.5) == told.is_fake
    remembered = (own.heads[HeadName.LINEAR].p_fake >= 0.5) == told.is_fake
    assert right.mean() < 0.6
    assert remembered.mean() > right.mean() + 0.1


def test_cross_fitting_is_the_same_every_time_and_counts_its_folds() -> None:
    images = versions(240, 2)
    done: list[int] = []
    first = cross_fit(images, QUICK, toy_card(), seed=1, fitted=done.append)
    again = cross_fit(images, QUICK, toy_card(), seed=1, fitted=lambda _: None)
    assert done == [1, 2, 3, 4]
    for name, prediction in first.reading.heads.items():
        np.testing.assert_array_equal(prediction.p_fake, again.reading.heads[name].p_fake)
        assert len(first.copies[0].heads[name]) == 240
    assert first.reading.log_distances is not None


def test_too_few_groups_for_the_folds_are_refused() -> None:
    images = versions(60, 3, tuple(f"g{i % 3}" for i in range(60)))
    with pytest.raises(DetectorError, match="at least 4 groups each"):
        cross_fit(images, QUICK, toy_card(), seed=1, fitted=lambda done: None)


@pytest.fixture(scope="module")
def robust(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A checkpoint with every part there is, saved and loaded."""
    preset = replace(
        PRESETS["robust"], name="quick", heads=QUICK.heads, copies=QUICK.copies, folds=4
    )
    checkpoint = train_heads(
        versions(320, 6),
        versions(160, 7),
        test=labelled(200, 8, shift=1.5),
        backbone=toy_card(),
        backbone_key="toy",
        name="robust",
        data_name="toy",
        preset=preset,
    )
    path = tmp_path_factory.mktemp("robust") / "robust"
    checkpoint.save(path)
    loaded = Checkpoint.load(path)
    features = labelled(70, 9).features
    before, after = checkpoint.judge(features), loaded.judge(features)
    for name in before.heads:
        np.testing.assert_array_equal(before.heads[name].p_fake, after.heads[name].p_fake)
        np.testing.assert_array_equal(before.reject[name], after.reject[name])
    return loaded


def test_a_checkpoint_of_all_parts_tells_its_story(robust: Checkpoint) -> None:
    card = robust.card
    assert card.experts == (("first",), ("second",))
    assert (card.data.folds, card.data.copies) == (4, ("mirrored",))
    assert card.novelty is not None
    assert 0 <= card.novelty.flagged < 0.3
    for head in card.heads.values():
        assert set(head.thresholds) == {"balanced_accuracy", "f1", "accuracy"}
        assert head.calibration.nll
        assert head.reject.validation_aurc
        assert set(head.test) == {"all", "first", "second"}


def test_its_judgement_has_the_same_bits_in_any_batch(robust: Checkpoint) -> None:
    features = labelled(150, 10).features
    whole = robust.judge(features)
    assert whole.novelty is not None
    for rows in (slice(0, 1), slice(9, 16), slice(64, 150)):
        part = robust.judge(features[rows])
        assert part.novelty is not None
        np.testing.assert_array_equal(part.novelty, whole.novelty[rows])
        for name in whole.heads:
            np.testing.assert_array_equal(part.heads[name].p_fake, whole.heads[name].p_fake[rows])
            np.testing.assert_array_equal(part.reject[name], whole.reject[name][rows])


def test_an_image_far_from_all_training_images_is_flagged_and_never_confident(
    robust: Checkpoint,
) -> None:
    assert robust.card.novelty is not None
    far = labelled(50, 11, shift=1.5).features + 30
    judgement = robust.judge(far.astype(np.float32))
    assert judgement.novelty is not None
    assert (judgement.novelty > robust.card.novelty.cut).all()
    for name, head in robust.card.heads.items():
        assert (judgement.scores[name] == 0.5).all()  # which no threshold reaches
        if head.reject.shrunk:
            assert judgement.reject[name].min() > 0.45


def test_facts_of_versions_follow_their_rows() -> None:
    images = versions(12, 12, tuple("abcdefghijkl"))
    taken = images.take(np.array([3, 1]))
    assert taken.originals.groups == ("d", "b")
    np.testing.assert_array_equal(taken.copies[0], images.copies[0][[3, 1]])
    joined = taken.joined(images)
    assert len(joined) == 14
    assert joined.originals.groups[:3] == ("d", "b", "a")
    features, is_fake, sources = joined.together()
    assert len(features) == len(is_fake) == len(sources) == 28
    assert isinstance(joined.originals, LabelledFeatures)
