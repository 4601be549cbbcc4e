"""Leaving kinds out: what a detector was not shown is measured apart from all that it was."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review_app.certification.threshold_grid import Side
from review_app.core.errors import DetectorError, InputError
from review_app.inference.backbones import Backbone
from review_app.inference.dataset import LabelledFeatures, Versions
from review_app.inference.feature_cache import MemoryFeatureCache
from review_app.inference.heads import HeadName
from review_app.inference.presets import only_heads, preset_called
from review_app.lab.acceptance import accepted
from review_app.lab.hold_outs import HoldOutBy, hold_outs
from review_app.lab.leave_out import LeaveOutImages, leave_out, measure_leave_out
from review_app.manifests.manifest import read_manifest, write_manifest
from tests.detector.conftest import WIDTH
from tests.detector.manifests import picture_manifest
from tests.detector.test_transfer import PRESET, ToyBackbone

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GENERATORS = ("photo", "alike", "akin", "odd")


def toy_images(n: int, seed: int) -> LabelledFeatures:
    """A quarter each of photos and of three generators, two of which leave the same trace; two
    sources, the second far off."""
    rng = np.random.default_rng(seed)
    kind, second = np.arange(n) % 4, np.arange(n) // 4 % 2 == 1
    features = rng.normal(size=(n, WIDTH))
    features[:, :3] += 2 * np.isin(kind, (1, 2))[:, None]
    features[:, 10:13] += 2 * (kind == 3)[:, None]
    features[:, 20:] += 6 * second[:, None]
    keys = tuple(hashlib.sha256(f"{seed}:{at}".encode()).hexdigest() for at in range(n))
    return LabelledFeatures(
        keys,
        features.astype(np.float32),
        kind > 0,
        tuple("second" if each else "first" for each in second),
        generators=tuple(GENERATORS[each] for each in kind),
    )


def toy_set(change: Any = lambda data: data) -> LeaveOutImages:
    """Three splits; low-level statistics see part of one trace, content none of it."""
    train, val, test = (change(toy_images(n, seed)) for n, seed in ((400, 1), (200, 2), (400, 3)))

    def seen(data: LabelledFeatures) -> dict[str, Any]:
        values = data.features.astype(np.float64)
        return {"low_level": values[:, :1], "content": values[:, 14:18]}

    learning = seen(train.joined(val))
    return LeaveOutImages(Versions(train), Versions(val), test, learning, seen(test))


def _leave_out(by: HoldOutBy, images: LeaveOutImages | None = None, **more: Any) -> Any:
    data = images or toy_set()
    return leave_out(data, ToyBackbone(), by, preset=PRESET, name="toy.csv", now=NOW, **more)


@pytest.fixture(scope="module")
def generators() -> dict[str, Any]:
    """Each of three generators left out."""
    found: dict[str, Any] = _leave_out(HoldOutBy.GENERATOR)
    return found


@pytest.fixture(scope="module")
def sources() -> dict[str, Any]:
    """Each of two sources left out."""
    found: dict[str, Any] = _leave_out(HoldOutBy.SOURCE)
    return found


def test_a_generator_with_a_relative_is_told_unseen_and_one_without_is_not(
    generators: dict[str, Any],
) -> None:
    kinds = generators["left_out"]
    assert list(kinds) == ["akin", "alike", "odd"]
    for head in ("linear", "naive_bayes"):
        assert kinds["alike"]["heads"][head]["unseen"][0] > 0.9
        odd = kinds["odd"]["heads"][head]
        assert odd["unseen"][2] < 0.7 < odd["known"][1]
        assert odd["lost"]["difference"] == pytest.approx(odd["known"][0] - odd["unseen"][0])
        assert odd["lost"]["low"] > 0.2


def test_a_generators_fakes_are_tried_against_all_photos_of_their_sources(
    generators: dict[str, Any],
) -> None:
    odd = generators["left_out"]["odd"]
    assert (odd["n"], odd["n_fake"], odd["n_left_out"]) == (200, 100, 150)
    assert odd["sources"] == ["first", "second"]
    only_first = toy_set(lambda data: data.take(np.flatnonzero(~_odd_and_second(data))))
    fewer = _leave_out(HoldOutBy.GENERATOR, only_first, only=("odd",))["left_out"]["odd"]
    assert (fewer["n"], fewer["n_fake"], fewer["sources"]) == (100, 50, ["first"])


def _odd_and_second(data: LabelledFeatures) -> Any:
    return (np.array(data.generators) == "odd") & data.from_source("second")


def test_baselines_are_left_without_it_too(generators: dict[str, Any]) -> None:
    low = {kind: each["baselines"]["low_level"] for kind, each in generators["left_out"].items()}
    assert low["alike"]["unseen"][0] > 0.85
    assert low["odd"]["unseen"][0] < 0.65
    content = [each["baselines"]["content"] for each in generators["left_out"].values()]
    assert all(abs(each["unseen"][0] - 0.5) < 0.12 for each in content)


def test_the_summary_names_the_worst(generators: dict[str, Any]) -> None:
    unseen = {
        kind: each["heads"]["linear"]["unseen"][0] for kind, each in generators["left_out"].items()
    }
    told = generators["summary"]["heads"]["linear"]["unseen"]
    assert told == {
        "mean": pytest.approx(np.mean(list(unseen.values()))),
        "worst": unseen["odd"],
        "worst_of": "odd",
    }
    assert generators["summary"]["baselines"]["content"]["known"]["worst"] < 0.6


def test_what_is_left_out_has_trained_nothing(generators: dict[str, Any]) -> None:
    """Images of a generator that is left out make no difference but to what is known."""
    images = toy_set()
    train = images.train.originals
    odd = np.array(train.generators)[:, None] == "odd"
    noise = np.where(odd, -train.features, train.features)
    scrambled = replace(images, train=Versions(replace(train, features=noise)))
    again = _leave_out(HoldOutBy.GENERATOR, scrambled, only=("odd",))["left_out"]["odd"]
    before = generators["left_out"]["odd"]
    assert again["checkpoint"] == before["checkpoint"]
    assert again["heads"]["linear"]["unseen"] == before["heads"]["linear"]["unseen"]
    assert again["heads"]["linear"]["known"] != before["heads"]["linear"]["known"]


def test_a_source_left_out_is_called_unlike_and_hardly_accepted(sources: dict[str, Any]) -> None:
    assert list(sources["left_out"]) == ["first", "second"]
    for each in sources["left_out"].values():
        assert (each["n"], each["n_fake"], each["n_left_out"]) == (200, 150, 300)
        assert each["flagged"] > 0.95 > 0.3 > each["known_flagged"]
        took = each["heads"]["linear"]["accepted"]
        assert (took["n"], took["thresholds"]["fake"] is not None) == (200, True)
        assert took["share"][2] < 0.1


def test_a_source_of_one_class_has_no_auroc_and_is_left_out_of_the_mean() -> None:
    def one_class(data: LabelledFeatures) -> LabelledFeatures:
        third = tuple(
            "fakes" if fake and at % 5 == 0 else source
            for at, (source, fake) in enumerate(zip(data.sources, data.is_fake, strict=True))
        )
        return replace(data, sources=third)

    found = _leave_out(HoldOutBy.SOURCE, toy_set(one_class))
    figures = found["left_out"]["fakes"]["heads"]["linear"]
    assert (figures["unseen"], figures["known"], figures["lost"]) == (None, None, None)
    assert figures["accepted"]["n"] == found["left_out"]["fakes"]["n"]
    json.dumps(found, allow_nan=False)


def test_the_same_images_give_the_same_document(generators: dict[str, Any]) -> None:
    counts: list[tuple[int, int | None]] = []
    again = _leave_out(HoldOutBy.GENERATOR, fits=lambda *count: counts.append(count))
    assert json.dumps(again, allow_nan=False) == json.dumps(generators, allow_nan=False)
    assert counts == [(at, 4) for at in (1, 2, 3, 4)]


def _with_rare(until: int) -> LeaveOutImages:
    """A fourth generator made every fourth of the first images of each split."""

    def rare(data: LabelledFeatures) -> LabelledFeatures:
        names = [
            "rare" if name == "akin" and at < until else name
            for at, name in enumerate(data.generators)
        ]
        return replace(data, generators=tuple(names))

    return toy_set(rare)


def test_what_has_too_few_images_is_told_and_stays() -> None:
    images = _with_rare(28)  # 14 to learn from, 7 to test on
    assert hold_outs(HoldOutBy.GENERATOR, images.learning, images.test).too_few == ()
    images = _with_rare(24)
    found = hold_outs(HoldOutBy.GENERATOR, images.learning, images.test)
    assert found.too_few == ("rare",)
    assert [each.name for each in found.kinds] == ["akin", "alike", "odd"]
    assert not any(each.left_out[2] for each in found.kinds)  # an image of the rare one


@pytest.mark.parametrize(
    ("change", "by", "only", "message"),
    [
        ({"generators": ()}, HoldOutBy.GENERATOR, (), "fill in the column generator"),
        ({"sources": ()}, HoldOutBy.SOURCE, (), "fill in the column source"),
        ({"sources": ("one",)}, HoldOutBy.SOURCE, (), "'one' the images to learn from are of one"),
        (
            {},
            HoldOutBy.GENERATOR,
            ("odd", "dall"),
            "no generator 'dall' can be .*: akin, alike, odd",
        ),
    ],
)
def test_nothing_to_leave_out_is_told(
    change: dict[str, Any], by: HoldOutBy, only: tuple[str, ...], message: str
) -> None:
    def changed(data: LabelledFeatures) -> LabelledFeatures:
        facts = {name: value * len(data) for name, value in change.items()}
        return replace(data, **facts)

    images = toy_set(changed)
    with pytest.raises(InputError, match=message):
        hold_outs(by, images.learning, images.test, only)


def test_what_is_accepted_wrongly_is_counted_on_either_side() -> None:
    scores = np.array([0.05, 0.1, 0.5, 0.9, 0.95])
    is_fake = np.array([False, True, True, False, True])
    found = accepted({Side.REAL: 0.2, Side.FAKE: 0.8}, scores, is_fake)
    assert (found["n"], found["accepted"], found["errors"]) == (5, 4, 2)
    assert found["share"][0] == 0.8
    assert found["error"] == [0.5, None, None]  # of four images no interval is told
    none = accepted({Side.REAL: None, Side.FAKE: 0.99}, scores, is_fake)
    assert (none["accepted"], none["error"]) == (0, None)


def test_a_preset_trains_the_heads_that_are_asked_for_and_knows_them() -> None:
    fewer = only_heads(preset_called("robust"), ["ensemble", "linear"])
    assert list(fewer.heads) == [HeadName.ENSEMBLE, HeadName.LINEAR]
    assert fewer.copies == preset_called("robust").copies
    with pytest.raises(DetectorError, match="preset source trains no head 'laplace'; choose from"):
        only_heads(preset_called("source"), ["laplace"])


def test_what_cannot_be_left_out_is_told_before_any_image_is_read(tmp_path: Path) -> None:
    manifest = picture_manifest(tmp_path)
    with pytest.raises(InputError, match="no generator can be left out: it takes 20 fakes"):
        measure_leave_out(
            manifest, ToyBackbone(), ToyBackbone(), HoldOutBy.GENERATOR, preset=PRESET
        )


def test_real_files_are_left_out_in_turn(backbone: Backbone, tmp_path: Path) -> None:
    manifest = picture_manifest(tmp_path, sizes={"train": 16, "val": 8, "test": 20})
    rows = [
        replace(row, generator=("one", "two")[at // 2 % 2] if row.label == "fake" else "photo")
        for at, row in enumerate(manifest.rows)
    ]
    write_manifest(tmp_path / "known.csv", rows)
    counts: list[tuple[int, int | None]] = []
    found = measure_leave_out(
        read_manifest(tmp_path / "known.csv"),
        backbone,
        backbone,
        HoldOutBy.GENERATOR,
        preset=PRESET,
        cache=MemoryFeatureCache(),
        progress=lambda *count: counts.append(count),
    )
    assert counts[-1] == (3 * 88, 3 * 88)
    assert (found["n_train"], found["n_val"], found["n_test"]) == (32, 16, 40)
    assert set(found["left_out"]) == {"one", "two"}
    for each in found["left_out"].values():
        assert (each["n"], each["n_fake"]) == (30, 10)
        assert each["heads"]["linear"]["unseen"][0] > 0.8  # both are noise
        assert each["baselines"]["low_level"]["unseen"][0] > 0.9


def test_scenes_of_generators_are_left_out_in_turn(backbone: Backbone, tmp_path: Path) -> None:
    """On the features that the content baseline sees, too, a linear head must not differ from it by
    much."""
    path = Path(__file__).parents[2] / "../shared/wild/manifest.csv"
    if not path.is_file():
        pytest.skip("needs the images of ../shared/wild")
    rows = [row for row in read_manifest(path).rows if row.source == "scenes"]
    chosen = {"photo": 150, "dalle_3": 70, "midjourney_6": 70}
    kept = [
        row
        for name, n in chosen.items()
        for row in [row for row in rows if row.generator == name][:n]
    ]
    write_manifest(tmp_path / "scenes.csv", kept)
    found = measure_leave_out(
        read_manifest(tmp_path / "scenes.csv"),
        backbone,
        backbone,
        HoldOutBy.GENERATOR,
        preset=only_heads(preset_called("source"), ["linear"]),
        cache=MemoryFeatureCache(),
    )
    assert set(found["left_out"]) == {"dalle_3", "midjourney_6"}
    for each in found["left_out"].values():
        head, content = each["heads"]["linear"], each["baselines"]["content"]
        assert head["known"][0] > 0.7
        assert head["unseen"][0] == pytest.approx(content["unseen"][0], abs=0.12)
