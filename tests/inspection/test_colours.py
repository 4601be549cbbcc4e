"""Small pictures and views have the colours that a screen shows of the file itself."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review_app.inspection.worker import _draw, _shown
from review_app.intake.colours import to_srgb
from review_app.intake.decode import decoder, shower
from tests.intake.samples import LIMITS, encode, icc, swapped_profile


def drawn(path: Path, view: str = "small") -> list[int]:
    """The colour of the middle of the view of a file."""
    job = {"do": "draw", "view": view, "path": str(path), "name": "a"}
    _, (blob,) = _draw({**job, "max_bytes": 10**6, "max_pixels": 10**6})
    pixels = np.asarray(Image.open(BytesIO(blob)).convert("RGB"))
    return [int(value) for value in pixels[20, 20]]


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_small_picture_follows_the_colour_profile(tmp_path: Path, format_name: str) -> None:
    image = Image.new("RGB", (40, 40), (250, 5, 5))
    path = tmp_path / "a"
    path.write_bytes(encode(image, format_name, icc_profile=swapped_profile()))
    red, green, blue = drawn(path)
    assert green > 200 > 60 > max(red, blue)
    path.write_bytes(encode(image, format_name, icc_profile=icc()))
    red, green, blue = drawn(path)
    assert red > 200 > 60 > max(green, blue)
    path.write_bytes(encode(image, format_name, icc_profile=b"damaged"))
    assert drawn(path)[0] > 200


def test_views_of_the_stored_values_stay_as_they_are(tmp_path: Path) -> None:
    image = Image.effect_noise((40, 40), 60).convert("RGB")
    plain, tagged = tmp_path / "plain", tmp_path / "tagged"
    plain.write_bytes(encode(image, "PNG"))
    tagged.write_bytes(encode(image, "PNG", icc_profile=swapped_profile()))
    assert drawn(plain, "noise") == drawn(tagged, "noise")


def test_what_inspect_shows_is_in_srgb() -> None:
    image = to_srgb(Image.new("RGB", (9, 9), (250, 5, 5)), swapped_profile())
    pixels = np.asarray(Image.open(BytesIO(_shown(image))))
    assert pixels[4, 4, 1] > 200 > pixels[4, 4, 0]


def test_thumbnails_of_reports_follow_the_colour_profile() -> None:
    data = encode(Image.new("RGB", (9, 9), (250, 5, 5)), "PNG", icc_profile=swapped_profile())
    shown, stored = (make(LIMITS)(data, "a").getpixel((4, 4)) for make in (shower, decoder))
    assert isinstance(shown, tuple)
    assert isinstance(stored, tuple)
    assert shown[1] > 200 > shown[0]
    assert stored == (250, 5, 5)
