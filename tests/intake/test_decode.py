"""What decoding accepts, what it makes of it, and what it refuses with which reason."""

from __future__ import annotations

import gzip
import json
import tarfile
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from review_app.core.errors import RefusalReason, RefusedFile, SettingsError
from review_app.intake import decode as decode_module
from review_app.intake import opening
from review_app.intake.decode import (
    HEIF_AVAILABLE,
    MATTE,
    Limits,
    decode,
    decoder,
    shrinking_decoder,
)
from tests.intake.samples import LIMITS, SECRET, encode, exif, icc, picture, png_declaring, png_text


def refusal(data: bytes, name: str = "a.jpg", limits: Limits = LIMITS) -> RefusedFile:
    with pytest.raises(RefusedFile) as caught:
        decode(data, name, limits)
    assert caught.value.path == name
    return caught.value


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP"])
def test_every_format_comes_out_as_rgb_of_the_same_size(format_name: str) -> None:
    decoded = decode(encode(picture(), format_name), "wrong-name.txt", LIMITS)
    assert decoded.format == format_name
    assert (decoded.image.mode, decoded.width, decoded.height) == ("RGB", 48, 32)
    assert (decoded.frames, decoded.orientation, decoded.transparent) == (1, 1, False)


@pytest.mark.parametrize("format_name", ["PNG", "WEBP", "TIFF", "BMP"])
def test_lossless_formats_keep_every_pixel(format_name: str) -> None:
    options = {"lossless": True} if format_name == "WEBP" else {}
    decoded = decode(encode(picture(), format_name, **options), "a", LIMITS)
    assert np.array_equal(np.asarray(decoded.image), np.asarray(picture()))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(format_name: str, orientation: int) -> None:
    data = encode(picture(), format_name, exif=exif(orientation))
    decoded = decode(data, "a", LIMITS)
    expected = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    assert decoded.orientation == orientation
    assert np.array_equal(np.asarray(decoded.image), np.asarray(expected))
    assert (decoded.width > decoded.height) == (orientation < 5)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "I;16", "F", "I"])
def test_every_mode_becomes_8_bit_rgb_of_the_same_look(mode: str) -> None:
    grey = np.asarray(picture().convert("L"))
    if mode in ("I", "I;16"):
        image = Image.fromarray(grey.astype(np.uint16) * 257)
        image = image.convert("I") if mode == "I" else image
    elif mode == "F":
        image = Image.fromarray(grey.astype(np.float32) / 255)
    else:
        image = picture().convert(mode)
    decoded = decode(encode(image, "TIFF"), "a", LIMITS)
    assert decoded.image.mode == "RGB"
    shown = decoded.image.convert("L").reduce(4)  # averages the dither of 1-bit images
    expected = Image.fromarray(grey).reduce(4)
    assert np.abs(np.asarray(shown, dtype=float) - np.asarray(expected)).mean() < 12


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_lie_on_mid_grey(mode: str) -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0)).convert(mode)
    decoded = decode(encode(clear, "PNG"), "a", LIMITS)
    assert decoded.transparent
    assert set(np.asarray(decoded.image).reshape(-1).tolist()) == set(MATTE)


def test_a_palette_with_a_transparent_entry_lies_on_mid_grey() -> None:
    image = Image.new("P", (8, 8), 3)
    image.putpalette(bytes(range(48)))
    decoded = decode(encode(image, "PNG", transparency=3), "a", LIMITS)
    assert set(np.asarray(decoded.image).reshape(-1).tolist()) == set(MATTE)


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "TIFF", "PNG", "AVIF"])
def test_of_an_animation_the_first_frame_counts(format_name: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("#ff0000", "#00ff00", "#0000ff")]
    data = encode(frames[0], format_name, save_all=True, append_images=frames[1:])
    decoded = decode(data, "a", LIMITS)
    assert decoded.frames == 3
    red, green, blue = np.asarray(decoded.image)[8, 8].tolist()
    assert red > 240
    assert max(green, blue) < 15


def test_a_multi_picture_jpeg_counts_as_jpeg() -> None:
    data = encode(picture(), "MPO", save_all=True, append_images=[picture(seed=1)])
    decoded = decode(data, "a", LIMITS)
    assert (decoded.format, decoded.frames) == ("JPEG", 2)


def test_metadata_is_json_and_capped() -> None:
    text = png_text()
    text.add_text("Long", "x" * 50_000)
    data = encode(picture(), "PNG", exif=exif(6), pnginfo=text, icc_profile=icc())
    decoded = decode(data, "a", LIMITS)
    found = json.dumps(decoded.metadata, allow_nan=False)
    assert SECRET.decode() in found
    assert len(found) < 25_000
    assert decoded.metadata["icc"] == "sRGB built-in"
    assert decoded.metadata["gps"] == {"GPSLatitude": [48.0, 51.0, 29.9]}
    assert not decoded.image.info


def test_an_empty_file_is_refused_as_empty() -> None:
    assert refusal(b"").reason is RefusalReason.EMPTY


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF"])
@pytest.mark.parametrize("kept", [0.1, 0.6])
def test_a_truncated_file_is_refused_as_unreadable(format_name: str, kept: float) -> None:
    data = encode(picture(200, 200), format_name)
    refused = refusal(data[: max(16, int(len(data) * kept))])
    assert refused.reason is RefusalReason.UNREADABLE
    assert " at 0x" not in refused.detail


def test_too_many_bytes_are_refused_as_too_large() -> None:
    data = encode(picture(), "PNG")
    refused = refusal(data, limits=Limits(max_bytes=len(data) - 1))
    assert refused.reason is RefusalReason.TOO_LARGE


def test_too_many_pixels_are_refused_as_too_large() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1100, 1100, 3), dtype=np.uint8)
    refused = refusal(encode(Image.fromarray(noise), "PNG"))
    assert refused.reason is RefusalReason.TOO_LARGE
    assert "1,210,000 pixels" in refused.detail


@pytest.mark.parametrize("side", [5_000, 10_000, 50_000])
def test_a_small_file_that_declares_a_huge_image_is_refused_as_a_bomb(side: int) -> None:
    refused = refusal(png_declaring(side, side))
    assert refused.reason is RefusalReason.BOMB
    assert f"{side * side:,}" in refused.detail


def test_a_huge_but_honest_file_above_pillows_own_limit_is_too_large_and_no_bomb() -> None:
    limits = Limits(max_bytes=5_000_000, max_pixels=100_000_000)
    noise = np.random.default_rng(0).bytes(1_000_000)
    assert refusal(png_declaring(16_000, 12_500, noise), limits=limits).reason is (
        RefusalReason.TOO_LARGE
    )


@pytest.mark.parametrize(
    "data",
    [
        b"<!doctype html><html><body>not found</body></html>",
        b"<html><body><svg></svg></body></html>",
        b"just some words",
        "Grüße".encode() * 1000,
        b"\0" * 1000,
        b"BMW is not a bitmap, whatever its first letters say",
        b"PK\x03\x04" + b"\0" * 60,
        b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + b"\0" * 50,
        b"RIFF\x24\0\0\0WAVEfmt ",
    ],
)
def test_other_content_is_no_image_whatever_its_name(data: bytes) -> None:
    assert refusal(data, "holiday.jpg").reason is RefusalReason.NOT_AN_IMAGE


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        b"\xef\xbb\xbf  <svg/>",
        b"%PDF-1.7 ...",
        b"8BPS\0\1",
        encode(picture(), "ICO"),
        encode(picture(), "JPEG2000"),
        encode(picture(), "PPM"),
    ],
)
def test_images_of_other_kinds_are_refused_as_unsupported(data: bytes) -> None:
    assert refusal(data, "holiday.jpg").reason is RefusalReason.UNSUPPORTED


def tar() -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("a.jpg")
        archive.addfile(member, BytesIO())
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "reason", "name"),
    [
        (encode(picture(), "TGA"), RefusalReason.UNSUPPORTED, "TGA files"),
        (encode(picture(), "TGA", compression="tga_rle"), RefusalReason.UNSUPPORTED, "TGA files"),
        (encode(picture(), "TGA")[:-26], RefusalReason.UNSUPPORTED, "TGA files"),
        (encode(picture(), "SGI"), RefusalReason.UNSUPPORTED, "SGI files"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(60), RefusalReason.NOT_AN_IMAGE, "a 7z archive"),
        (b"Rar!\x1a\x07\1\0" + bytes(60), RefusalReason.NOT_AN_IMAGE, "a rar archive"),
        (tar(), RefusalReason.NOT_AN_IMAGE, "a tar archive"),
        (
            gzip.compress(tar(), mtime=0),
            RefusalReason.NOT_AN_IMAGE,
            "a gzip archive; unpack it first",
        ),
        (b"PAR1" + bytes(60), RefusalReason.NOT_AN_IMAGE, "a Parquet table"),
        (b"SIMPLE  =                    T", RefusalReason.UNSUPPORTED, "FITS files"),
        (bytes(128) + b"DICM" + bytes(60), RefusalReason.UNSUPPORTED, "DICOM files"),
    ],
)
def test_files_of_other_kinds_are_called_by_their_name(
    data: bytes, reason: RefusalReason, name: str
) -> None:
    refused = refusal(data, "holiday.jpg")
    assert refused.reason is reason
    assert name in refused.detail


@pytest.mark.skipif(HEIF_AVAILABLE, reason="the decoder for HEIF is installed")
def test_heif_without_its_decoder_says_what_to_install() -> None:
    refused = refusal(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 50)
    assert refused.reason is RefusalReason.UNSUPPORTED
    assert "pip install deepfake-review[heif]" in refused.detail


@pytest.mark.skipif(not HEIF_AVAILABLE, reason="needs the extra 'heif'")
def test_heif_is_decoded_where_its_decoder_is_installed() -> None:
    decoded = decode(encode(picture(), "HEIF"), "a", LIMITS)
    assert (decoded.format, decoded.width, decoded.height) == ("HEIF", 48, 32)


def test_limits_that_no_decoder_honours_are_refused() -> None:
    with pytest.raises(SettingsError, match="positive"):
        Limits(max_bytes=0)
    with pytest.raises(SettingsError, match="at most"):
        Limits(max_pixels=10**9)


_FILES = [
    encode(picture(), "JPEG", exif=exif(6), icc_profile=icc(), comment=SECRET),
    encode(picture(), "JPEG", progressive=True),
    encode(picture(), "PNG", exif=exif(3), pnginfo=png_text()),
    encode(picture(), "WEBP", exif=exif(8)),
    encode(picture(), "TIFF", exif=exif(2)),
    encode(picture(), "GIF"),
    encode(picture(), "BMP"),
    encode(picture(), "AVIF"),
]


@settings(max_examples=300, deadline=None)
@given(
    data=st.sampled_from(_FILES),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.floats(0, 1),
)
def test_damage_is_decoded_or_refused_and_never_anything_else(
    data: bytes, changes: list[tuple[float, int]], cut: float
) -> None:
    damaged = bytearray(data)
    for where, value in changes:
        damaged[int(where * (len(damaged) - 1))] = value
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        try:
            decoded = decode(bytes(damaged[: int(len(damaged) * cut) + 1]), "a", LIMITS)
        except RefusedFile:
            pass
        else:
            assert decoded.image.mode == "RGB"
            json.dumps(decoded.metadata, allow_nan=False).encode("utf-8")
    assert not leaked


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_are_always_refused(data: bytes) -> None:
    assert refusal(data).reason in {
        RefusalReason.NOT_AN_IMAGE,
        RefusalReason.UNREADABLE,
        RefusalReason.UNSUPPORTED,
        RefusalReason.BOMB,
        RefusalReason.TOO_LARGE,
    }


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_for_a_small_picture_no_more_than_twice_of_what_is_enough_is_decoded(
    format_name: str, mode: str
) -> None:
    image = picture(900, 600).convert(mode)
    data = encode(image, format_name, exif=exif(orientation=6))
    decoded = decode(data, "a", LIMITS, least=100)
    assert 100 <= decoded.height < 200
    whole = decode(data, "a", LIMITS).image
    assert whole.size == (600, 900)
    wanted = np.asarray(whole.resize(decoded.image.size), np.float64)
    assert np.abs(np.asarray(decoded.image, np.float64) - wanted).mean() < 4
    assert decode(data, "a", LIMITS, least=5000).image.size == (600, 900)


def test_what_is_decoded_in_part_has_no_other_limits() -> None:
    with pytest.raises(RefusedFile):
        decode(encode(picture(1200, 900), "JPEG"), "a", LIMITS, least=10)


def test_a_large_jpeg_is_shrunk_to_no_less_than_twice_what_is_seen_of_it() -> None:
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, size=(9, 12, 3), dtype=np.uint8))
    large = small.resize((2600, 2000), Image.Resampling.BICUBIC)
    limits = Limits()
    exact, shrunk = decoder(limits), shrinking_decoder(limits, 256)
    for orientation, size in ((1, (650, 500)), (6, (500, 650))):
        data = encode(large, "JPEG", quality=90, exif=exif(orientation))
        assert shrinking_decoder(limits, 250)(data, "a").size == size
        half = shrunk(data, "a")
        assert half.size == (2 * size[0], 2 * size[1])
        seen = [
            np.asarray(each.resize((320, 320), 3), np.int16) for each in (half, exact(data, "a"))
        ]
        assert 0 < np.abs(seen[0] - seen[1]).mean() <= 0.3


@pytest.mark.parametrize(("format_name", "size"), [("JPEG", (1999, 2000)), ("PNG", (2600, 2000))])
def test_what_is_no_large_jpeg_keeps_every_pixel(format_name: str, size: tuple[int, int]) -> None:
    data = encode(Image.linear_gradient("L").resize(size).convert("RGB"), format_name)
    limits = Limits()
    exact, shrunk = decoder(limits)(data, "a"), shrinking_decoder(limits, 64)(data, "a")
    assert shrunk.tobytes() == exact.tobytes()


def test_files_are_decoded_beside_each_other_and_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = threading.Barrier(2, timeout=30)  # breaks where one decoding waits for the other
    opened = opening.open_picture

    def open_together(*told: Any) -> Any:
        both.wait()
        warnings.warn("odd header", stacklevel=1)  # an error here, but for the silence
        return opened(*told)

    monkeypatch.setattr(decode_module, "open_picture", open_together)
    data, filters = encode(picture(), "PNG"), list(warnings.filters)
    with ThreadPoolExecutor(2) as pool:
        images = list(pool.map(lambda name: decode(data, name, LIMITS).image, "ab"))
    assert [image.size for image in images] == [(48, 32)] * 2
    assert list(warnings.filters) == filters
