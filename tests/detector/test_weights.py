"""Weights: an image that stands for three counts as three, in training and in every figure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review_app.core.errors import ManifestError
from review_app.inference.dataset import Versions
from review_app.inference.heads import HeadName, HeadPrediction
from review_app.inference.heads.naive_bayes import NaiveBayesTraining
from review_app.inference.presets import PRESETS, Preset
from review_app.lab.assessment import HeadEvaluationInput, assess
from review_app.lab.metrics import head_metrics
from review_app.lab.training import train_heads
from review_app.manifests.manifest import read_manifest
from review_app.manifests.weights import effective_size
from tests.detector.conftest import labelled, toy_card
from tests.lab.datasets.conftest import write_manifest

__all__ = ["write_manifest"]
HEADS = PRESETS["extended"].heads
TIMES = np.array([1, 3, 2, 1])


def said(n: int, seed: int = 2) -> tuple[HeadPrediction, np.ndarray, np.ndarray]:
    """What a middling head says of ``n`` images, their labels, and whole weights."""
    rng = np.random.default_rng(seed)
    is_fake = rng.random(n) < 0.4
    exact = np.clip(0.5 + 0.25 * (is_fake - 0.5) + rng.normal(0, 0.2, n), 0, 1)
    p_fake = np.round(exact, 2).astype(np.float64)
    spread = rng.random(n)
    return HeadPrediction(p_fake, spread, spread, spread), is_fake, np.resize(TIMES, n)


def repeated(prediction: HeadPrediction, times: np.ndarray) -> HeadPrediction:
    return prediction.take(np.repeat(np.arange(len(times)), times))


@pytest.mark.parametrize("has_std", [True, False])
def test_a_figure_with_whole_weights_is_that_of_images_that_occur_so_often(has_std: bool) -> None:
    prediction, is_fake, times = said(120)
    weighed = head_metrics(prediction, is_fake, 0.5, has_std=has_std, weights=times / times.mean())
    often = head_metrics(
        repeated(prediction, times), np.repeat(is_fake, times), 0.5, has_std=has_std
    )
    plain = head_metrics(prediction, is_fake, 0.5, has_std=has_std)
    for name in ("accuracy", "f1", "precision", "recall", "brier", "nll", "error_auroc", "augrc"):
        assert weighed[name] == pytest.approx(often[name], abs=1e-12), name
        assert weighed[name] != pytest.approx(plain[name], abs=1e-4), name
    assert weighed["auroc"][0] == pytest.approx(often["auroc"][0], abs=1e-12)
    assert weighed["auroc"][1] < weighed["auroc"][0] < weighed["auroc"][2]
    for name in ("ece", "aurc", "eaurc"):  # an image is now one step, and lies in two bins
        assert weighed[name] == pytest.approx(often[name], abs=0.01), name
    for mine, theirs in zip(weighed["reject"], often["reject"], strict=True):
        assert mine["accuracy"] == pytest.approx(theirs["accuracy"], abs=0.02)


def test_weights_that_are_all_alike_change_nothing() -> None:
    data = labelled(120, 1)
    weighed = replace(data, weights=np.full(120, 7.5))
    assert weighed.weighting is None
    train = Versions(data)
    same = train_toy(replace(train, originals=weighed))
    assert same.id != ""
    features = labelled(50, 9).features
    for name, prediction in train_toy(train).predict(features).items():
        np.testing.assert_array_equal(prediction.p_fake, same.predict(features)[name].p_fake)


def train_toy(train: Versions, preset: Preset = PRESETS["extended"]) -> Any:
    return train_heads(
        train,
        Versions(labelled(80, 2)),
        backbone=toy_card(),
        backbone_key="toy",
        name="toy",
        data_name="toy.csv",
        preset=preset,
    )


@pytest.mark.parametrize("name", HEADS)
def test_every_head_learns_what_weighs_more(name: HeadName) -> None:
    data = labelled(200, 1, shift=0.3)
    heavy = np.where(data.is_fake, 9.0, 1.0)
    training: Any = HEADS[name]
    if hasattr(training, "learning_rate"):
        training = replace(training, learning_rate=1e-2)  # few images are few steps
    alike = training.fit(data.features, data.is_fake, seed=1)
    weighed = training.fit(data.features, data.is_fake, seed=1, weights=heavy / heavy.mean())
    fresh = labelled(200, 3, shift=0.3).features
    assert weighed.predict(fresh).p_fake.mean() > alike.predict(fresh).p_fake.mean() + 0.1


def test_naive_bayes_with_whole_weights_has_seen_images_so_often() -> None:
    data, times = labelled(80, 1), np.resize(TIMES, 80)
    weighed = NaiveBayesTraining().fit(
        data.features, data.is_fake, seed=1, weights=times / times.mean()
    )
    often = NaiveBayesTraining().fit(
        np.repeat(data.features, times, axis=0), np.repeat(data.is_fake, times), seed=1
    )
    for name, tensor in weighed.state().items():
        np.testing.assert_allclose(tensor, often.state()[name], rtol=1e-5, atol=1e-6)


def test_a_weighed_training_says_so_on_its_card_and_weighs_what_it_chooses() -> None:
    data = labelled(160, 1)
    weights = np.where(data.is_fake, 4.0, 1.0)
    made = train_toy(Versions(replace(data, weights=weights)))
    assert made.card.data.n_effective == pytest.approx(effective_size(weights))
    assert made.card.data.fake_share == pytest.approx(np.average(data.is_fake, weights=weights))
    assert train_toy(Versions(data)).card.data.n_effective is None


def test_a_weighed_report_has_every_figure_weighed_and_finite() -> None:
    prediction, is_fake, times = said(150)
    weights = times / times.mean()
    thresholds = {"balanced_accuracy": 0.5, "f1": 0.4, "accuracy": 0.6}
    heads = {
        name: HeadEvaluationInput(each, np.minimum(each.p_fake, 1 - each.p_fake), thresholds, True)
        for name, each in ((HeadName.LAPLACE, prediction), (HeadName.LINEAR, said(150, 5)[0]))
    }
    sources = ["a", "b"] * 75
    found = assess(heads, is_fake, sources, seed=1, weights=weights)
    plain = assess(heads, is_fake, sources, seed=1)
    mine, theirs = found["heads"]["laplace"], plain["heads"]["laplace"]
    assert mine["calibration"]["fake_share"] == pytest.approx(np.average(is_fake, weights=weights))
    assert mine["accuracy"] != theirs["accuracy"]
    assert mine["balanced_accuracy"] != theirs["balanced_accuracy"]
    assert mine["confusion"] == theirs["confusion"]  # images, not what they stand for
    assert sum(each["n"] for each in mine["calibration"]["bins"]) == 150
    for metric, ends in mine["intervals"].items():
        assert ends is not None, metric
        assert ends[0] <= ends[1], metric
        assert np.isfinite(ends).all(), metric
    low, high = mine["intervals"]["accuracy"]
    assert low < mine["accuracy"] < high
    difference = found["comparisons"][0]["auroc"]
    assert difference["low"] < difference["difference"] < difference["high"]


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "1e300", "1,5", "heavy"])
def test_what_is_no_weight_is_refused_by_its_row(write_manifest: Any, weight: str) -> None:
    path: Path = write_manifest("path\tweight", "a.jpg\t1", f"b.jpg\t{weight}", name="m.tsv")
    with pytest.raises(ManifestError, match=r"1 weights are not a number .*row 3"):
        read_manifest(path)


def test_a_weight_that_is_missing_is_asked_for(write_manifest: Any) -> None:
    path: Path = write_manifest("path,weight", "a.jpg,1", "b.jpg,")
    with pytest.raises(ManifestError, match=r"1 rows have no weight .*row 3 \(b.jpg\); write 1"):
        read_manifest(path)
