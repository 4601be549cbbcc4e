"""What files tell of themselves, and that damaged ones do not stop the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from review_app.core.hashing import sha256
from review_app.lab.datasets.fingerprints import inspect_rows, jpeg_quality
from review_app.lab.metrics import auroc_interval
from review_app.manifests.manifest import ManifestRow
from tests.lab.datasets.pictures import save


@pytest.mark.parametrize("quality", [1, 10, 35, 50, 75, 90, 95, 100])
def test_the_quality_of_libjpegs_files_is_found_exactly(tmp_path: Path, quality: int) -> None:
    with Image.open(save(tmp_path / "a.jpg", 1, quality=quality)) as image:
        assert jpeg_quality(image.quantization) == quality  # type: ignore[attr-defined]


def test_a_file_is_measured_upright_and_a_bad_one_is_told(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    save(tmp_path / "a.jpg", 1, size=(64, 48), exif=turned, quality=80)
    save(tmp_path / "b.png", 2)
    (tmp_path / "c.jpg").write_bytes(b"no image")
    rows = [
        ManifestRow(i + 2, n, tmp_path / n) for i, n in enumerate(["a.jpg", "b.png", "c.jpg", "d"])
    ]
    seen: list[tuple[int, int | None]] = []
    a, b, c, d = inspect_rows(rows, progress=lambda done, total: seen.append((done, total)))
    assert a.found
    assert b.found
    assert (a.found.width, a.found.height, a.found.format, a.found.jpeg_quality) == (
        48, 64, "JPEG", 80,
    )  # fmt: skip
    assert a.found.sha256 == sha256((tmp_path / "a.jpg").read_bytes())
    assert a.found.size == (tmp_path / "a.jpg").stat().st_size
    assert (b.found.format, b.found.jpeg_quality) == ("PNG", None)
    assert c.found is None
    assert c.failure
    assert "cannot identify" in c.failure
    assert (d.found, d.failure) == (None, "No such file or directory")
    assert seen[-1] == (4, 4)


def test_a_quick_look_compares_no_pictures(tmp_path: Path) -> None:
    row = ManifestRow(2, "a.png", save(tmp_path / "a.png", 1))
    (quick,), (whole,) = inspect_rows([row], looks=False), inspect_rows([row])
    assert quick.found
    assert whole.found
    assert quick.found.looks is None
    assert whole.found.looks is not None
    assert quick.found == whole.found


def test_the_auroc_of_a_cue_is_scikit_learns_with_an_interval_around_it() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(400) < 0.6
    score = (rng.normal(size=400) + 0.5 * positive).round(1).astype(np.float64)  # with ties
    found = auroc_interval(score, positive, seed=1)
    assert found
    value, low, high = found
    assert value == pytest.approx(roc_auc_score(positive, score), abs=1e-12)
    assert low < value < high
    # Hanley & McNeil (1982): the standard error at these counts is near 0.026.
    assert 0.08 < high - low < 0.13
    assert found == auroc_interval(score, positive, seed=1)


def test_an_auroc_of_one_class_is_not_defined() -> None:
    assert auroc_interval(np.zeros(3), np.ones(3, dtype=np.bool_), seed=1) is None
    assert auroc_interval(np.empty(0), np.empty(0, dtype=np.bool_), seed=1) is None
