"""The demo queue as files: complete, repeatable, split by photo, and without shortcuts."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from review_app.demo import generate as module
from review_app.demo.generate import CALIBRATION_SHARE, COUNTS, SEED, DemoSplit, generate
from review_app.demo.photos import PHOTOS, Use
from review_app.intake.decode import Limits, decode
from review_app.manifests.manifest import Manifest, ManifestLabel, read_manifest


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """A sixth of the images of every use."""
    counts = {use: (real // 6, fake // 6) for use, (real, fake) in COUNTS.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "COUNTS", counts)
        return read_manifest(generate(tmp_path_factory.mktemp("demo") / "queue"), check_files=True)


def _digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_the_queue_has_at_least_500_images_and_all_uses_the_same_mix() -> None:
    assert sum(COUNTS[Use.STREAM]) * (1 - CALIBRATION_SHARE) >= 500
    assert {real / fake for real, fake in COUNTS.values()} == {1.5}


def test_training_and_stream_have_their_counts_and_no_photo_in_common(queue: Manifest) -> None:
    with queue.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    uses = {photo.name: photo.use for photo in PHOTOS}
    found = Counter((uses[row["photo"]], row["label"]) for row in rows)
    for use, (real, fake) in COUNTS.items():
        assert (found[use, "real"], found[use, "fake"]) == (real // 6, fake // 6)
    stream = {DemoSplit.CALIBRATION, DemoSplit.QUEUE}
    assert all((row["split"] in stream) == (uses[row["photo"]] is Use.STREAM) for row in rows)


def test_calibration_images_are_a_random_part_of_the_stream(queue: Manifest) -> None:
    calibration, rest = queue.split(DemoSplit.CALIBRATION), queue.split(DemoSplit.QUEUE)
    share = len(calibration) / (len(calibration) + len(rest))
    assert share == pytest.approx(CALIBRATION_SHARE, abs=0.01)
    fakes = [
        np.mean([row.label is ManifestLabel.FAKE for row in rows]) for rows in (calibration, rest)
    ]
    assert abs(fakes[0] - fakes[1]) < 0.25


def test_every_image_is_decodable_and_256_to_512_pixels(queue: Manifest) -> None:
    for row in queue.rows:
        decoded = decode(row.path.read_bytes(), row.name, Limits())
        assert 256 <= decoded.width <= 512
        assert 256 <= decoded.height <= 512
        assert set(decoded.metadata) <= {"dpi"}


def test_names_and_formats_tell_nothing(queue: Manifest) -> None:
    assert all(re.fullmatch(r"images/\d{4}\.(jpg|png)", row.name) for row in queue.rows)
    fake = [row.label is ManifestLabel.FAKE for row in queue.rows]
    for values in (
        [row.name for row in queue.rows],
        [row.path.suffix for row in queue.rows],
    ):
        ranks = np.unique(values, return_inverse=True)[1]
        assert 0.4 < roc_auc_score(fake, ranks) < 0.6


def test_sizes_of_files_and_images_tell_next_to_nothing(queue: Manifest) -> None:
    fake = [row.label is ManifestLabel.FAKE for row in queue.rows]
    sizes = [row.path.stat().st_size for row in queue.rows]
    areas = []
    for row in queue.rows:
        with Image.open(row.path) as image:
            areas.append(image.width * image.height)
    assert 0.4 < roc_auc_score(fake, sizes) < 0.62
    assert 0.4 < roc_auc_score(fake, areas) < 0.6


def test_a_seed_gives_the_same_bytes_and_another_seed_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COUNTS", dict.fromkeys(Use, (3, 2)))
    done: list[tuple[int, int | None]] = []
    generate(tmp_path / "a", progress=lambda now, total: done.append((now, total)))
    generate(tmp_path / "b", seed=SEED)
    generate(tmp_path / "c", seed=SEED + 1)
    assert done == [(n, 15) for n in range(1, 16)]
    assert _digests(tmp_path / "a") == _digests(tmp_path / "b")
    assert not set(_digests(tmp_path / "a").values()) & set(_digests(tmp_path / "c").values())


def test_an_interrupted_run_is_gone_on_with_and_a_finished_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COUNTS", dict.fromkeys(Use, (3, 2)))

    def interrupt(done: int, total: int | None) -> None:
        if total and done == total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "queue", progress=interrupt)
    assert not list(tmp_path.glob("*/*.csv"))
    left = {path: path.stat().st_mtime_ns for path in (tmp_path / "queue" / "images").iterdir()}
    assert left
    manifest = generate(tmp_path / "queue")
    assert {path: path.stat().st_mtime_ns for path in left} == left
    generate(tmp_path / "at once")
    assert _digests(tmp_path / "queue") == _digests(tmp_path / "at once")
    before = manifest.stat().st_mtime_ns
    assert generate(tmp_path / "queue") == manifest
    assert manifest.stat().st_mtime_ns == before


def test_the_first_images_are_some_of_the_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COUNTS", dict.fromkeys(Use, (6, 4)))
    first = read_manifest(generate(tmp_path / "queue", first=3), check_files=True)
    assert {row.split for row in first.rows} == {DemoSplit.QUEUE}
    assert len(list((tmp_path / "queue" / "images").iterdir())) == 3
    whole = read_manifest(generate(tmp_path / "queue"), check_files=True)
    assert {row.name for row in first.rows} < {row.name for row in whole.rows}
