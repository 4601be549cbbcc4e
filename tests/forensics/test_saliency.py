"""Saliency as it is drawn."""

from __future__ import annotations

import numpy as np
from PIL import Image

from review_app.forensics.planes import LARGEST_SIDE
from review_app.forensics.saliency import overlay

GREY = Image.new("RGB", (80, 40), (128, 128, 128))


def test_orange_spoke_for_fake_blue_for_real_and_the_rest_is_grey() -> None:
    drawn = np.asarray(overlay(GREY, np.array([[1.0, 0.0], [0.0, -0.5]])), dtype=int)
    fake, nothing, real = drawn[5, 5], drawn[5, 75], drawn[35, 75]
    assert fake[0] > fake[2] + 60
    assert real[2] > real[0] + 20
    assert nothing.tolist() == [128, 128, 128]
    assert np.ptp(fake) > np.ptp(real), "the stronger the change, the fuller the colour"


def test_without_any_change_there_is_no_colour() -> None:
    drawn = np.asarray(overlay(GREY, np.zeros((2, 2))))
    assert (drawn == 128).all()


def test_large_images_stay_within_the_bound() -> None:
    drawn = overlay(Image.new("RGB", (3000, 100)), np.ones((1, 64)))
    assert max(drawn.size) <= LARGEST_SIDE
