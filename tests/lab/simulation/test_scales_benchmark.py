"""The benchmark of novelty's scales measures what it says, on kinds of known spread."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.scales import Scale, left_out
from review_app.inference.dataset import LabelledFeatures
from tests.detector.conftest import toy_card

WIDTH = 24


def images(**spreads: float) -> LabelledFeatures:
    """240 images of each kind: as wide as told, fakes a little apart."""
    rng = np.random.default_rng(0)
    parts, sources, fakes = [], [], []
    for at, (name, spread) in enumerate(spreads.items()):
        rows = spread * rng.standard_normal((240, WIDTH))
        rows[:, at] += 12
        fake = np.arange(240) % 2 == 1
        rows[fake, -1] += 3 * spread
        parts.append(rows.astype(np.float32))
        sources += [name] * 240
        fakes.append(fake)
    features = np.concatenate(parts)
    keys = tuple(f"{at:064x}" for at in range(len(features)))
    return LabelledFeatures(keys, features, np.concatenate(fakes), tuple(sources))


def test_a_scale_for_each_kind_flags_all_kinds_alike_at_home() -> None:
    row = left_out(images(tight=0.5, wide=2.0, new=1.0), "new", toy_card(WIDTH))
    one, each = row["one"]["flagged_at_home"], row["each"]["flagged_at_home"]
    assert one["wide"] > 0.15
    assert one["tight"] < 0.01
    assert each["wide"] == pytest.approx(each["tight"], abs=0.06)
    assert row["n"] == {"known": 480, "left_out": 240}
    for scale in ("one", "each"):
        assert row[scale]["aurc_at_home"] < row[scale]["aurc_half_left_out"]


def test_z_is_in_the_units_of_each_kind() -> None:
    distances, kinds = np.array([1.0, 3.0, 10.0, 30.0]), np.array([0, 0, 1, 1])
    assert Scale.of(distances, kinds).z(distances, kinds).tolist() == [-1, 1, -1, 1]
    alone = Scale.of(distances, np.array([0, 0, 0, 1]))
    assert alone.std[1] == pytest.approx(distances.std())
