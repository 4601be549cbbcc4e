"""The detector as triage and the pages use it, with real images and weights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review_app.core.errors import CheckpointError
from review_app.inference.backbones import Backbone, load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.feature_cache import MemoryFeatureCache
from review_app.inference.presets import PRESETS
from review_app.inference.service import Detector, Failed, Scored

DEFAULT = Path(__file__).parents[2] / "checkpoints" / "default"


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(Checkpoint.load(DEFAULT), MemoryFeatureCache())


@pytest.mark.parametrize("size", [1, 7, 64])
def test_scores_have_the_same_bits_in_batches_of_any_size(
    detector: Detector, images: list[Image.Image], size: int
) -> None:
    expected = [detector.inspect(image) for image in images[:16]]
    fresh = Detector(detector.checkpoint)
    keyed = [(f"{number:064x}", image) for number, image in enumerate(images[:16])]
    outcomes = [
        outcome
        for start in range(0, len(keyed), size)
        for outcome in fresh.score(keyed[start : start + size])
    ]
    for opinion, outcome in zip(expected, outcomes, strict=True):
        assert isinstance(outcome, Scored)
        assert outcome.opinions == opinion


def test_every_head_has_an_opinion_with_all_four_numbers(
    detector: Detector, images: list[Image.Image]
) -> None:
    opinions = detector.inspect(images[0])
    assert set(opinions) == set(PRESETS["robust"].heads)
    for opinion in opinions.values():
        *numbers, scope = astuple(opinion)
        assert all(np.isfinite(numbers))
        assert scope in detector.checkpoint.card.data.sources
        assert 0 <= opinion.p_fake <= 1
        assert abs(opinion.score - 0.5) <= abs(opinion.p_fake - 0.5)  # novelty only takes away
        assert 0 <= opinion.mutual_information <= opinion.entropy <= np.log(2) + 1e-9


def test_an_image_that_cannot_be_decoded_fails_alone(
    detector: Detector, images: list[Image.Image]
) -> None:
    def broken() -> Image.Image:
        raise OSError("broken data stream")

    outcomes = detector.score([("a" * 64, images[0]), ("b" * 64, broken), ("c" * 64, images[1])])
    assert [type(outcome) for outcome in outcomes] == [Scored, Failed, Scored]
    assert outcomes[1] == Failed("b" * 64, "broken data stream")
    assert detector.score([]) == []


def test_the_source_methods_checkpoint_measures_no_novelty_and_scores_by_p_fake(
    images: list[Image.Image],
) -> None:
    opinions = Detector(Checkpoint.load(DEFAULT.parent / "source")).inspect(images[0])
    assert set(opinions) == set(PRESETS["source"].heads)
    for opinion in opinions.values():
        assert opinion.novelty is None
        assert opinion.score == opinion.p_fake


def test_cached_images_are_scored_without_loading_any_weights(
    images: list[Image.Image], tmp_path: Path
) -> None:
    checkpoint = Checkpoint.load(DEFAULT)
    backbone = load_backbone(checkpoint.card.backbone.name)
    cache = MemoryFeatureCache()
    cache.put_many({"a" * 64: backbone.extract(images[:1])[0]}, checkpoint.card.backbone_key)
    cold = Detector(checkpoint, cache, weights=tmp_path / "not there")
    (outcome,) = cold.score([("a" * 64, images[0])])
    assert isinstance(outcome, Scored)
    assert outcome.opinions == Detector(checkpoint).inspect(images[0])


def test_a_backbone_with_other_weights_than_the_heads_were_trained_on_is_refused(
    images: list[Image.Image], toy_checkpoint: Checkpoint, backbone: Backbone
) -> None:
    card = toy_checkpoint.card.model_copy(update={"backbone": backbone.card})
    other = Checkpoint(card, toy_checkpoint.model, {}, np.empty(0, "u8"))
    with pytest.raises(CheckpointError, match="trained on features of toy-v1"):
        Detector(other).inspect(images[0])


def test_threads_may_share_a_detector(detector: Detector, images: list[Image.Image]) -> None:
    cold = Detector(detector.checkpoint)
    expected = [detector.inspect(image) for image in images[:6]]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(cold.inspect, images[:6])) == expected
