"""The full examination of a checkpoint: real heads on small features, and a manifest of files."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from review_app.core.errors import InputError
from review_app.inference.backbones import Backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.feature_cache import MemoryFeatureCache
from review_app.inference.heads import HeadName, HeadPrediction
from review_app.inference.heads.numerics import certain
from review_app.lab.assessment import (
    HeadEvaluationInput,
    assess,
    threshold_curve,
)
from review_app.lab.evaluation import Evaluation, evaluate, examine, examine_manifest
from review_app.lab.metrics import classification
from review_app.lab.portrait import NoveltyScores, extremes, principal_components
from review_app.lab.reliability import consistency_band
from review_app.lab.training import train
from review_app.manifests.manifest import read_manifest
from tests.detector.conftest import labelled

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def look(checkpoint: Checkpoint, data: LabelledFeatures, **more: Any) -> Evaluation:
    return examine(checkpoint, data, name="toy.csv", split="test", now=NOON, **more)


@pytest.fixture(scope="module")
def evaluation(toy_checkpoint: Checkpoint) -> Evaluation:
    return look(toy_checkpoint, labelled(240, 7), validation=labelled(120, 2))


def test_the_document_is_json_and_contains_the_short_one(
    toy_checkpoint: Checkpoint, evaluation: Evaluation
) -> None:
    document = json.loads(json.dumps(evaluation.document, allow_nan=False))
    assert document == evaluation.document
    short = evaluate(toy_checkpoint, labelled(240, 7))
    assert (document["checkpoint"], document["n"]) == (short["checkpoint"], short["n"])
    for name, metrics in short["heads"].items():
        assert {key: document["heads"][name][key] for key in metrics} == metrics


def test_the_same_arguments_give_the_same_document(toy_checkpoint: Checkpoint) -> None:
    first, again = (look(toy_checkpoint, labelled(80, 8)) for _ in range(2))
    assert json.dumps(first.document) == json.dumps(again.document)
    assert (first.projection == again.projection).all()


def test_the_document_says_what_was_measured_on_what(
    toy_checkpoint: Checkpoint, evaluation: Evaluation
) -> None:
    document = evaluation.document
    assert document["model"]["heads_sha256"] == toy_checkpoint.card.heads_sha256
    assert document["measured_at"] == "2026-01-02T12:00:00+00:00"
    about = document["data"]
    assert (about["name"], about["split"], about["seen"], about["repeated"]) == (
        "toy.csv", "test", 0, 0,
    )  # fmt: skip
    assert about["n_fake"] + about["n_real"] == 240
    assert {name: each["n"] for name, each in about["sources"].items()} == {
        "first": 120,
        "second": 120,
    }
    assert about["sources"]["first"]["trained_on"] == 80


def test_images_that_the_checkpoint_knows_and_repeats_are_counted(
    toy_checkpoint: Checkpoint,
) -> None:
    known, new = labelled(20, 1), labelled(30, 9)
    mixed = LabelledFeatures(
        known.keys + new.keys + new.keys[:1],
        np.concatenate([known.features, new.features, new.features[:1]]),
        np.concatenate([known.is_fake, new.is_fake, new.is_fake[:1]]),
    )
    about = look(toy_checkpoint, mixed).document["data"]
    assert (about["seen"], about["repeated"], about["sources"]) == (20, 1, {})


def test_thresholds_come_from_validation_images_whatever_is_evaluated(
    toy_checkpoint: Checkpoint, evaluation: Evaluation
) -> None:
    data = labelled(240, 7)
    turned = replace(data, is_fake=~data.is_fake)
    other = look(toy_checkpoint, turned, validation=labelled(120, 2)).document
    for name, metrics in evaluation.document["heads"].items():
        chosen = {rule: each["threshold"] for rule, each in metrics["thresholds"].items()}
        assert set(chosen) == {"balanced_accuracy", "f1", "accuracy"}
        turned_to = other["heads"][name]["thresholds"]
        assert chosen == {rule: each["threshold"] for rule, each in turned_to.items()}
        p_fake = evaluation.heads[HeadName(name)].prediction.p_fake
        for rule, threshold in chosen.items():
            expected = classification(p_fake >= threshold, evaluation.is_fake)
            assert {key: metrics["thresholds"][rule][key] for key in expected} == expected


def test_a_source_has_the_figures_of_its_images_alone(
    toy_checkpoint: Checkpoint, evaluation: Evaluation
) -> None:
    data = labelled(240, 7)
    rows = data.from_source("first")
    alone = LabelledFeatures(
        tuple(key for key, row in zip(data.keys, rows, strict=True) if row),
        data.features[rows],
        data.is_fake[rows],
    )
    expected = evaluate(toy_checkpoint, alone)["heads"]
    for name, metrics in evaluation.document["heads"].items():
        found = metrics["sources"]["first"]
        assert found["n"] == 120
        for key in ("auroc", "accuracy", "f1", "brier", "nll", "ece"):
            assert found[key] == expected[name][key]


def test_every_interval_holds_its_figure(evaluation: Evaluation) -> None:
    for metrics in evaluation.document["heads"].values():
        for key in ("accuracy", "f1", "brier", "nll", "aurc", "error_auroc", "average_precision"):
            low, high = metrics["intervals"][key]
            assert low <= metrics[key] <= high
        for line in metrics["shipped"]["reject"][1:]:
            key = f"accuracy_kept_{round(100 * (1 - line['rate']))}"
            low, high = metrics["shipped"]["intervals"][key]
            assert low <= line["accuracy"] <= high


def test_uncertainties_and_calibration_are_told_for_each_head(evaluation: Evaluation) -> None:
    for name, metrics in evaluation.document["heads"].items():
        head = evaluation.heads[HeadName(name)]
        spread = {"std", "mutual_information"} if head.has_std else set()
        assert set(metrics["uncertainties"]) == {"confidence", "reject"} | spread
        assert (metrics["shipped"]["against_std"] is None) is not head.has_std
        calibration = metrics["calibration"]
        assert calibration["band"] == consistency_band(head.prediction.p_fake, seed=114514)
        low, high = calibration["band"]
        assert calibration["inside"] is (low <= metrics["ece"] <= high)
        assert sum(each["n"] for each in calibration["bins"]) == 240
    assert len(evaluation.document["comparisons"]) == 6


def test_a_better_reject_score_is_told_from_chance() -> None:
    rng = np.random.default_rng(1)
    is_fake = rng.random(600) < 0.5
    p_fake = np.clip(is_fake * 0.4 + rng.random(600) * 0.6, 0, 1)
    wrong = (p_fake >= 0.5) != is_fake
    prediction = HeadPrediction(p_fake, rng.random(600), np.zeros(600), np.zeros(600))
    informed = HeadEvaluationInput(
        prediction, 0.3 * wrong + 0.2 * rng.random(600), {"balanced_accuracy": 0.5}, True
    )
    found = assess({HeadName.VARIATIONAL: informed}, is_fake, ())
    against = found["heads"]["variational"]["shipped"]["against_std"]
    assert against["high"] < 0
    assert against["p_value"] < 0.01
    assert found["comparisons"] == []


@pytest.mark.parametrize("n", [1, 2, 3])
def test_hardly_any_images_give_nulls_rather_than_nonsense(
    toy_checkpoint: Checkpoint, n: int
) -> None:
    document = look(toy_checkpoint, labelled(40, 3)[:n]).document
    json.dumps(document, allow_nan=False)
    assert document["n"] == n


def test_a_source_of_one_class_has_no_auroc(toy_checkpoint: Checkpoint) -> None:
    data = labelled(60, 4)
    sources = tuple("real only" if not fake else "mixed" for fake in data.is_fake)
    metrics = look(toy_checkpoint, replace(data, sources=sources)).document["heads"]["linear"]
    assert metrics["sources"]["real only"]["auroc"] is None
    json.dumps(metrics, allow_nan=False)


def test_nothing_cannot_be_examined(toy_checkpoint: Checkpoint) -> None:
    with pytest.raises(InputError, match="no labelled images"):
        look(toy_checkpoint, labelled(10, 1)[:0])


def test_the_curve_over_thresholds_is_what_each_threshold_gives() -> None:
    rng = np.random.default_rng(2)
    p_fake = np.round(rng.random(60), 1)
    is_fake = rng.random(60) < p_fake
    grid = np.array([0.0, 0.3, 0.5, 1.0])
    curve = threshold_curve(p_fake, is_fake, grid)
    for at, threshold in enumerate(grid):
        expected = classification(p_fake >= threshold, is_fake)
        assert curve["f1"][at] == pytest.approx(expected["f1"])
        assert curve["accuracy"][at] == pytest.approx(expected["accuracy"])
    assert threshold_curve(p_fake, is_fake, np.array([2.0]))["f1"] == 0


def test_extremes_are_the_worst_calls_and_the_most_uncertain_images() -> None:
    p_fake = np.array([0.99, 0.6, 0.45, 0.2, 0.05])
    prediction = certain(np.log(p_fake / (1 - p_fake)))
    head = HeadEvaluationInput(
        prediction, np.minimum(p_fake, 1 - p_fake), {"balanced_accuracy": 0.5}, False
    )
    is_fake = np.array([False, True, True, True, False])
    novelty = NoveltyScores(np.arange(5.0), cut=2.5)
    found = extremes(head, is_fake, list("abcde"), (), novelty)
    assert [each["name"] for each in found["worst"]] == ["a", "d", "c"]
    assert [each["name"] for each in found["most_uncertain"]][:2] == ["c", "b"]
    assert found["worst"][0] | {"p_fake": None, "reject": None} == {
        "image": 0, "name": "a", "source": "", "truth": "real", "called": "fake",
        "p_fake": None, "std": None, "reject": None, "novelty": 0.0,
    }  # fmt: skip


def test_the_share_flagged_as_unlike_is_told_by_source() -> None:
    novelty = NoveltyScores(np.array([0.0, 1.0, 3.0, 4.0]), cut=2.0)
    document = novelty.document(["own", "own", "own", "other"])
    assert document["flagged"] == 0.5
    assert document["sources"]["own"] == {"flagged": pytest.approx(1 / 3), "median": 1.0}
    assert document["sources"]["other"]["flagged"] == 1.0


def test_principal_components_of_what_does_not_vary_are_the_origin() -> None:
    plane, shares = principal_components(np.ones((5, 3), np.float32), seed=1)
    assert not plane.any()
    assert shares == [0.0, 0.0]
    line = np.arange(12, dtype=np.float32)[:, None] * np.ones((1, 3), np.float32)
    plane, shares = principal_components(line, seed=1)
    assert plane.shape == (12, 2)
    assert shares[0] == pytest.approx(1)


def test_a_manifest_is_examined_with_its_validation_images_beside(
    backbone: Backbone, tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    lines = ["path,label,source,split"]
    for number in range(36):
        label = ("real", "fake")[number % 2]
        small = rng.integers(0, 256, size=(4, 4, 3), dtype=np.uint8)
        how = Image.Resampling.BICUBIC if label == "real" else Image.Resampling.NEAREST
        Image.fromarray(small).resize((64, 64), how).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{label},drawn,{('train', 'val', 'test')[number // 2 % 3]}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    manifest = read_manifest(tmp_path / "manifest.csv")
    cache = MemoryFeatureCache()
    checkpoint = train(manifest, backbone, tmp_path / "made", cache=cache)
    evaluation = examine_manifest(checkpoint, manifest, backbone, cache=cache)
    assert evaluation.document["n"] == 12
    assert evaluation.document["validation"] == {"n": 12}
    assert [path.name for path in evaluation.paths] == [r.name for r in manifest.split("test")]
    on_val = examine_manifest(checkpoint, manifest, backbone, split="val", cache=cache)
    assert on_val.document["validation"] is None
    assert on_val.document["data"]["seen"] == 12
