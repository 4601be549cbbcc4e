"""Transfer: what one source teaches holds for it, and it is said how far for others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from review_app.core.errors import ManifestError
from review_app.inference.backbones import Backbone, BackboneCard
from review_app.inference.backbones.base import Features
from review_app.inference.backbones.network import NetworkBackbone
from review_app.inference.dataset import LabelledFeatures, Versions
from review_app.inference.feature_cache import MemoryFeatureCache
from review_app.inference.heads import HeadName
from review_app.inference.heads.linear import LinearTraining
from review_app.inference.heads.naive_bayes import NaiveBayesTraining
from review_app.inference.presets import Preset
from review_app.lab.transfer import measure_transfer, transfer
from review_app.manifests.manifest import read_manifest
from tests.detector.conftest import WIDTH, toy_card
from tests.detector.manifests import picture_manifest

PRESET = Preset(
    "small",
    {
        HeadName.LINEAR: LinearTraining(learning_rate=0.05),
        HeadName.NAIVE_BAYES: NaiveBayesTraining(),
    },
    novelty=True,
    calibrated=True,
)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


class ToyBackbone:
    """Names the features of these tests; nothing is extracted."""

    card: BackboneCard = toy_card()
    key = "toy-v1-000000000000"

    def extract(self, images: Sequence[Image.Image]) -> Features:
        raise AssertionError("features are given")

    def extract_one(self, image: Image.Image) -> Features:
        raise AssertionError("features are given")

    def networked(self) -> tuple[NetworkBackbone, ...]:
        return ()


def _images(n: int, seed: int) -> LabelledFeatures:
    """Two sources: fakes differ from reals in opposite directions, and the second lies far off."""
    rng = np.random.default_rng(seed)
    is_fake = rng.random(n) < 0.5
    second = np.arange(n) % 2 == 1
    direction = np.where(second, -1.5, 1.5) * np.where(is_fake, 1, -1)
    features = rng.normal(size=(n, WIDTH)) + direction[:, None] * (np.arange(WIDTH) < 3)
    features += 6 * second[:, None] * (np.arange(WIDTH) > 20)
    keys = tuple(hashlib.sha256(f"{seed}:{at}".encode()).hexdigest() for at in range(n))
    sources = tuple("second" if each else "first" for each in second)
    return LabelledFeatures(keys, features.astype(np.float32), is_fake, sources)


def _transfer(test: LabelledFeatures, trained: Sequence[str] = ("first", "second")) -> Any:
    return transfer(
        Versions(_images(200, 1)),
        Versions(_images(160, 2)),
        test,
        trained,
        ToyBackbone(),
        preset=PRESET,
        name="toy.csv",
        now=NOW,
    )


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Both sources tried on 200 images."""
    found: dict[str, Any] = _transfer(_images(200, 3))
    return found


def test_a_detector_knows_its_own_source_and_misjudges_an_opposite_one(
    document: dict[str, Any],
) -> None:
    for own, other in (("first", "second"), ("second", "first")):
        tested = document["trained"][own]["heads"]["linear"]["tested"]
        assert tested[own]["auroc"][0] > 0.9
        assert tested[other]["auroc"][2] < 0.5
        assert tested[own]["accuracy"] > 0.8 > 0.3 > tested[other]["accuracy"]


def test_images_of_the_other_source_are_called_unlike(document: dict[str, Any]) -> None:
    for found in document["trained"].values():
        assert found["flagged"]["own"] < 0.3
        assert found["flagged"]["other"] > 0.95


def test_the_reject_score_puts_unknown_images_last(document: dict[str, Any]) -> None:
    for found in document["trained"].values():
        stream = found["heads"]["linear"]["stream"]
        assert stream["n"] == 200
        assert stream["reject"][0] < stream["confidence"][0]
        assert stream["reject_minus_confidence"]["high"] < 0


def test_a_stream_is_one_half_of_its_own_source() -> None:
    test = _images(200, 3)
    fewer = test.take(np.flatnonzero(test.from_source("first") | (np.arange(200) < 60)))
    found = _transfer(fewer, ["first"])
    assert found["sources"]["second"]["n_test"] == 30
    assert found["trained"]["first"]["heads"]["linear"]["stream"]["n"] == 60
    assert found["trained"]["first"]["heads"]["linear"]["own"]["n"] == 100


def test_a_source_of_one_class_is_tested_without_auroc() -> None:
    test = _images(200, 3)
    sources = np.where(test.is_fake, "fakes only", np.array(test.sources)).tolist()
    mixed = replace(test, sources=(*test.sources[:150], *sources[150:]))
    tested = _transfer(mixed, ["first"])["trained"]["first"]["heads"]["linear"]["tested"]
    assert tested["fakes only"]["auroc"] is None
    assert tested["fakes only"]["n"] == tested["fakes only"]["n_fake"] > 0


def test_the_same_images_give_the_same_document(document: dict[str, Any]) -> None:
    again = _transfer(_images(200, 3))
    assert json.dumps(again, allow_nan=False) == json.dumps(document, allow_nan=False)


def test_real_files_are_trained_on_and_tested(backbone: Backbone, tmp_path: Path) -> None:
    manifest = picture_manifest(tmp_path)
    counts: list[tuple[int, int | None]] = []
    fits: list[tuple[int, int | None]] = []
    found = measure_transfer(
        manifest,
        backbone,
        preset=PRESET,
        cache=MemoryFeatureCache(),
        progress=lambda *count: counts.append(count),
        fits=lambda *count: fits.append(count),
    )
    assert set(found["trained"]) == {"first", "second"}
    assert found["sources"]["first"] == {"n_train": 16, "n_val": 8, "n_test": 12, "n_test_fake": 6}
    assert counts[-1] == (72, 72)
    assert fits == [(1, 2), (2, 2)]
    assert found["trained"]["first"]["heads"]["linear"]["tested"]["second"]["auroc"][0] > 0.8


def test_a_manifest_without_two_sources_is_refused_before_anything_is_read(
    tmp_path: Path,
) -> None:
    manifest = picture_manifest(tmp_path, sources=("only",))
    with pytest.raises(ManifestError, match=r"1 sources, 1 of them with real and fake images"):
        measure_transfer(manifest, ToyBackbone(), preset=PRESET)


def test_rows_without_any_source_are_refused(tmp_path: Path) -> None:
    manifest = picture_manifest(tmp_path, sources=("only",))
    text = manifest.path.read_text(encoding="utf-8").replace(",only,", ",,")
    manifest.path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match="train, with a source"):
        measure_transfer(read_manifest(manifest.path), ToyBackbone(), preset=PRESET)
