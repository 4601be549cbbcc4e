"""The downloadable copy: every pixel, and nothing else."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from review_app.intake.decode import decode
from review_app.intake.public_copy import public_copy
from tests.intake.samples import LIMITS, SECRET, encode, exif, icc, picture, png_text

_RICH: list[tuple[str, str, dict[str, Any]]] = [
    ("JPEG", "RGB", {"quality": 83, "comment": SECRET, "xmp": b"<x>" + SECRET + b"</x>"}),
    ("JPEG", "RGB", {"progressive": True, "subsampling": 0, "restart_marker_blocks": 2}),
    ("JPEG", "L", {"comment": SECRET}),
    ("JPEG", "CMYK", {"comment": SECRET}),
    ("PNG", "RGB", {"pnginfo": png_text()}),
    ("PNG", "RGBA", {"pnginfo": png_text()}),
    ("PNG", "P", {"pnginfo": png_text()}),
    ("WEBP", "RGB", {"xmp": b"<x>" + SECRET + b"</x>"}),
    ("AVIF", "RGB", {"xmp": b"<x>" + SECRET + b"</x>"}),
    ("TIFF", "RGB", {"description": SECRET.decode()}),
]


def check_copy(data: bytes) -> tuple[bytes, str]:
    decoded = decode(data, "original", LIMITS)
    copy, media_type = public_copy(data, decoded)
    again = decode(copy, "copy", LIMITS)
    assert np.array_equal(np.asarray(again.image), np.asarray(decoded.image))
    assert again.orientation == 1
    assert again.frames == 1
    assert set(again.metadata) <= {"icc", "dpi"}
    assert SECRET not in copy
    assert b"Camera works" not in copy
    return copy, media_type


@pytest.mark.parametrize(("format_name", "mode", "options"), _RICH)
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_copy_has_the_same_pixels_upright_and_no_metadata(
    format_name: str, mode: str, options: dict[str, Any], orientation: int
) -> None:
    image = picture().convert(mode)
    data = encode(image, format_name, exif=exif(orientation), **options)
    _, media_type = check_copy(data)
    upright_jpeg = format_name == "JPEG" and orientation == 1
    assert media_type == ("image/jpeg" if upright_jpeg else "image/png")


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_the_colour_profile_stays(format_name: str) -> None:
    data = encode(picture(), format_name, icc_profile=icc(), exif=exif())
    copy, _ = check_copy(data)
    assert Image.open(BytesIO(copy)).info["icc_profile"] == icc()


def test_the_scan_of_a_jpeg_is_not_re_encoded() -> None:
    plain = encode(picture(), "JPEG", quality=71)
    rich = encode(picture(), "JPEG", quality=71, exif=exif(), comment=SECRET)
    assert check_copy(rich)[0] == check_copy(plain)[0]


def test_what_follows_the_end_of_a_jpeg_goes() -> None:
    data = encode(picture(), "JPEG")
    assert check_copy(data + SECRET)[0] == check_copy(data)[0]


def test_the_second_image_of_a_multi_picture_jpeg_goes() -> None:
    data = encode(picture(), "MPO", save_all=True, append_images=[picture(seed=1)])
    copy, media_type = check_copy(data)
    assert media_type == "image/jpeg"
    assert copy.count(b"\xff\xd8\xff") == 1


def test_the_thumbnail_of_a_jfif_header_goes() -> None:
    data = encode(picture(), "JPEG")
    header, rest = data[:20], data[20:]
    thumbnail = SECRET * 3
    with_thumbnail = b"".join(
        [header[:4], (16 + 48).to_bytes(2, "big"), header[6:18], b"\x04\x04", thumbnail, rest]
    )
    assert check_copy(with_thumbnail)[0] == check_copy(data)[0]


def test_what_follows_the_end_of_a_png_and_its_animation_go() -> None:
    frames = [picture(), picture(seed=1)]
    data = encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    copy, _ = check_copy(data + SECRET)
    assert b"fdAT" not in copy


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 1000),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    quality=st.integers(5, 98),
    progressive=st.booleans(),
    subsampling=st.integers(0, 2),
    orientation=st.integers(1, 8),
)
def test_any_jpeg_keeps_its_pixels(
    seed: int,
    size: tuple[int, int],
    quality: int,
    progressive: bool,
    subsampling: int,
    orientation: int,
) -> None:
    check_copy(
        encode(
            picture(*size, seed=seed),
            "JPEG",
            quality=quality,
            progressive=progressive,
            subsampling=subsampling,
            exif=exif(orientation),
            icc_profile=icc(),
            comment=SECRET,
        )
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_the_copy_of_a_damaged_jpeg_still_shows_what_was_decoded(
    changes: list[tuple[float, int]],
) -> None:
    data = bytearray(encode(picture(), "JPEG", comment=SECRET, exif=exif()))
    for where, value in changes:
        data[int(where * (len(data) - 1))] = value
    try:
        decoded = decode(bytes(data), "a", LIMITS)
    except Exception:
        return
    copy, _ = public_copy(bytes(data), decoded)
    again = decode(copy, "copy", LIMITS)
    assert np.array_equal(np.asarray(again.image), np.asarray(decoded.image))
