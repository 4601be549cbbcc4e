"""Robustness: the same images prepared again lose what they lose, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review_app.core.errors import CheckpointError, ManifestError
from review_app.core.placements import auroc
from review_app.inference.backbones import Backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import Versions
from review_app.inference.feature_cache import MemoryFeatureCache
from review_app.inference.heads import HeadName
from review_app.inference.laundering import TRANSFORMS, Blur, Jpeg, Transform
from review_app.lab.robustness import UNTOUCHED, measure_robustness, robustness
from review_app.lab.training import train
from tests.detector.conftest import labelled
from tests.detector.manifests import picture_manifest

WHICH: dict[str, Transform] = {"jpeg": Jpeg(), "blur": Blur()}
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def document(toy_checkpoint: Checkpoint) -> dict[str, Any]:
    """150 images: the first kind of copy is the same again, the second nothing but noise."""
    data = labelled(150, 5, shift=1.5)
    noise = np.random.default_rng(1).normal(size=data.features.shape).astype(np.float32)
    versions = Versions(data, (data.features, noise))
    return robustness(toy_checkpoint, versions, WHICH, name="toy.csv", now=NOW)


def test_copies_that_change_nothing_lose_nothing(document: dict[str, Any]) -> None:
    for head in document["heads"].values():
        figures = head["jpeg"]
        assert (figures["lost"]["difference"], figures["lost"]["low"], figures["lost"]["high"]) == (
            0, 0, 0,
        )  # fmt: skip
        assert {**figures, "lost": None} | {"sources": 0} == {**head[UNTOUCHED], "sources": 0}


def test_noise_loses_all_that_there_was(document: dict[str, Any]) -> None:
    linear = document["heads"]["linear"]
    assert linear[UNTOUCHED]["auroc"][0] > 0.7
    assert linear["blur"]["auroc"][1] < 0.5 < linear["blur"]["auroc"][2]
    lost = linear["blur"]["lost"]
    assert 0 < lost["low"] < lost["difference"] < lost["high"]
    assert lost["difference"] == pytest.approx(
        linear[UNTOUCHED]["auroc"][0] - linear["blur"]["auroc"][0]
    )


def test_every_source_is_measured_apart(
    document: dict[str, Any], toy_checkpoint: Checkpoint
) -> None:
    data = labelled(150, 5, shift=1.5)
    p_fake = toy_checkpoint.predict(data.features)[HeadName.LINEAR].p_fake
    for source in ("first", "second"):
        rows = data.from_source(source)
        figures = document["heads"]["linear"][UNTOUCHED]["sources"][source]
        assert (figures["n"], figures["n_fake"]) == (rows.sum(), data.is_fake[rows].sum())
        assert figures["auroc"][0] == auroc(p_fake[rows], data.is_fake[rows])


def test_a_source_of_one_class_has_no_auroc(toy_checkpoint: Checkpoint) -> None:
    data = labelled(60, 5)
    data = replace(data, sources=tuple("fakes" if fake else "reals" for fake in data.is_fake))
    versions = Versions(data, (data.features, data.features))
    found = robustness(toy_checkpoint, versions, WHICH, name="toy.csv")
    figures = found["heads"]["linear"]["jpeg"]["sources"]["fakes"]
    assert (figures["auroc"], figures["lost"]) == (None, None)
    assert 0 <= figures["accuracy"] <= 1
    json.dumps(found, allow_nan=False)


def test_the_same_images_give_the_same_document(
    document: dict[str, Any], toy_checkpoint: Checkpoint
) -> None:
    data = labelled(150, 5, shift=1.5)
    noise = np.random.default_rng(1).normal(size=data.features.shape).astype(np.float32)
    versions = Versions(data, (data.features, noise))
    again = robustness(toy_checkpoint, versions, WHICH, name="toy.csv", now=NOW)
    assert json.dumps(again, allow_nan=False) == json.dumps(document, allow_nan=False)


def test_real_files_are_prepared_by_every_transform(
    backbone: Backbone, tmp_path: Path, toy_checkpoint: Checkpoint
) -> None:
    manifest = picture_manifest(tmp_path)
    cache = MemoryFeatureCache()
    checkpoint = train(manifest, backbone, tmp_path / "checkpoint", cache=cache)
    counts: list[tuple[int, int | None]] = []
    found = measure_robustness(
        checkpoint, manifest, backbone, cache=cache, progress=lambda *count: counts.append(count)
    )
    assert found["n"] == 24
    assert counts == [(at, 24 * 8) for at in range(1, 24 * 8 + 1)]
    assert list(found["heads"]["linear"]) == [UNTOUCHED, *TRANSFORMS]
    assert found["transforms"]["jpeg"]["words"] == Jpeg().text
    untouched = found["heads"]["linear"][UNTOUCHED]
    assert untouched["auroc"][0] > 0.9
    assert found["heads"]["linear"]["blur"]["auroc"][0] <= untouched["auroc"][0]
    with pytest.raises(ManifestError, match=r"no rows of split 'here'; its splits: test, train"):
        measure_robustness(checkpoint, manifest, backbone, split="here")
    with pytest.raises(CheckpointError, match="was trained on features of"):
        measure_robustness(toy_checkpoint, manifest, backbone)
