"""What backbones cost: processor time, image by image, each beside the first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from review_app.inference.backbones import Features, load_backbone
from review_app.inference.backbones.threads import PerImageBackbone
from review_app.lab.backbone_cost import made_images, measure


class BusyBackbone(PerImageBackbone):
    """A backbone that works for a given time, and sleeps for another."""

    def __init__(self, name: str, busy: float, asleep: float) -> None:
        super().__init__(replace(load_backbone("forensic").card, name=name), name)
        self._busy, self._asleep = busy, asleep

    def _extract_one(self, image: Image.Image) -> Features:
        begun = time.thread_time()
        while time.thread_time() - begun < self._busy:
            pass
        time.sleep(self._asleep)
        return np.zeros(self.card.width, dtype=np.float32)


def test_a_backbone_costs_what_it_works_and_not_what_it_waits() -> None:
    backbones = [BusyBackbone("one", 0.01, 0.03), BusyBackbone("three", 0.03, 0)]
    told: list[tuple[int, int | None]] = []
    first, second = measure(
        backbones, made_images(7), progress=lambda done, total: told.append((done, total))
    )
    assert (first.backbone, second.backbone) == ("one", "three")
    assert first.milliseconds == pytest.approx(10, rel=0.5)
    assert first.ratio == 1
    assert second.ratio == pytest.approx(3, rel=0.4)
    assert told == [(done, 7) for done in range(1, 8)]


def test_images_are_made_alike_each_time_and_differ() -> None:
    first, again = made_images(5), made_images(5)
    assert [image.tobytes() for image in first] == [image.tobytes() for image in again]
    assert len({image.tobytes() for image in first}) == 5


def test_without_images_nothing_is_measured() -> None:
    nothing: Sequence[Image.Image] = []
    with pytest.raises(ValueError, match="no images"):
        measure([load_backbone("forensic")], nothing)
