"""What every backbone of the registry promises; a new one is tested by being in it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from review_app.inference.backbones import Backbone, backbone_names, load_backbone
from review_app.inference.backbones.registry import FETCHED

BUNDLED = sorted(set(backbone_names()) - FETCHED)
"""Those whose weights are here; the tests of the others bring some."""


@pytest.fixture(scope="module", params=BUNDLED)
def each(request: pytest.FixtureRequest) -> Backbone:
    return load_backbone(request.param)


def test_shipped_checkpoints_find_their_backbones() -> None:
    old = {"efficientnet_lite0", "efficientnet_lite0_gram", "forensic", "xception"}
    assert old <= set(backbone_names())
    assert set(backbone_names()) >= FETCHED


def test_the_card_is_the_one_of_the_name(each: Backbone) -> None:
    assert each.card.name in BUNDLED
    assert load_backbone(each.card.name).key == each.key
    assert each.key.startswith(f"{each.card.name}-v{each.card.version}-")
    assert all(0 <= first < last <= each.card.width for first, last in each.card.texture)


def test_a_row_has_the_same_bits_in_any_company(each: Backbone, images: list[Image.Image]) -> None:
    together = each.extract(images[:6])
    assert together.dtype == np.float32
    assert together.shape == (6, each.card.width)
    apart = [each.extract([image]) for image in images[:6]]
    assert np.concatenate(apart).tobytes() == together.tobytes()
    assert len(np.unique(together, axis=0)) == 6


def test_features_are_finite_and_survive_float16(each: Backbone, images: list[Image.Image]) -> None:
    odd = [Image.new("L", (1, 1)), Image.new("RGB", (400, 3), "red"), Image.new("P", (5, 90))]
    features = each.extract([*odd, images[0]])
    assert np.isfinite(features).all()
    assert (features.astype(np.float16).astype(np.float32) == features).all()
    assert each.extract([]).shape == (0, each.card.width)
