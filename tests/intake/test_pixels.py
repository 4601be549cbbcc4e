"""Pixels come out as another decoder has them, or the file is refused as what it is."""

from __future__ import annotations

import itertools
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from review_app.core.errors import RefusalReason, RefusedFile
from review_app.intake.decode import DecodedImage, decode
from review_app.intake.public_copy import public_copy
from tests.intake.samples import LIMITS, encode, exif, picture

FAULTS = Path(__file__).parents[2] / "../shared/faults"
LONG = b'{"nodes": "' + b"y" * 3_000_000
RAMP = np.linspace(0, 1, 48)[None, :] * np.linspace(0.6, 1, 32)[:, None]


def taken(data: bytes) -> DecodedImage:
    """The file as intake takes it; its public copy has the same pixels."""
    decoded = decode(data, "a", LIMITS)
    copy, _ = public_copy(data, decoded)
    again = decode(copy, "copy", LIMITS)
    assert np.array_equal(np.asarray(again.image), np.asarray(decoded.image))
    return decoded


def refused(data: bytes) -> RefusedFile:
    with pytest.raises(RefusedFile) as caught:
        decode(data, "a", LIMITS)
    return caught.value


def tiff(values: NDArray[Any], **options: Any) -> bytes:
    out = BytesIO()
    tifffile.imwrite(out, values, **options)
    return out.getvalue()


def scaled(kind: str, white: float) -> NDArray[Any]:
    return (RAMP * white).astype(kind)


def near(decoded: DecodedImage, expected: NDArray[Any]) -> None:
    """Every channel is ``expected`` (0 to 1), but for rounding."""
    found = np.asarray(decoded.image, np.float64)
    wanted = expected if expected.ndim == 3 else expected[..., None]
    assert np.abs(found - 255 * wanted).max() <= 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize(
    ("kind", "white"),
    [
        ("u1", 255),
        ("u2", 65535),
        ("u4", 2**32 - 1),
        ("i2", 2**15 - 1),
        ("i4", 2**31 - 1),
        ("f2", 1),
        ("f4", 1),
        ("f4", 255),
        ("f4", 65535),
        ("f8", 1),
    ],
)
def test_grey_of_every_depth_is_neither_black_nor_white_nor_a_negative(
    order: str, inverted: bool, kind: str, white: float
) -> None:
    photometric = "miniswhite" if inverted else "minisblack"
    data = tiff(scaled(kind, white), byteorder=order, photometric=photometric)
    near(taken(data), 1 - RAMP if inverted else RAMP)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize(
    ("kind", "white", "bits"),
    [("u2", 4095, 12), ("u2", 1023, 10), ("u4", 65535, 16), ("f4", 4095, 12)],
)
def test_few_bits_in_many_are_not_black_and_it_is_said(
    inverted: bool, kind: str, white: float, bits: int
) -> None:
    photometric = "miniswhite" if inverted else "minisblack"
    decoded = taken(tiff(scaled(kind, white), photometric=photometric))
    near(decoded, 1 - RAMP if inverted else RAMP)
    assert decoded.notes == (f"bits_{bits}",)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize(
    ("kind", "white"),
    [("u1", 255), ("u2", 65535), ("u2", 4095), ("u4", 2**32 - 1), ("f4", 1)],
)
def test_colours_of_every_depth_and_arrangement(
    order: str, planar: str, kind: str, white: float
) -> None:
    colours = np.stack([RAMP, RAMP[:, ::-1], RAMP[::-1]], -1)
    values = (colours * white).astype(kind)
    stored = np.moveaxis(values, -1, 0) if planar == "separate" else values
    data = tiff(stored, photometric="rgb", planarconfig=planar, byteorder=order)
    near(taken(data), colours)


@pytest.mark.parametrize("options", [{"tile": (16, 16)}, {"rowsperstrip": 5}, {"bigtiff": True}])
@pytest.mark.parametrize(
    "packed",
    [{}, {"compression": "zlib"}, {"compression": "zlib", "predictor": 2}],
)
def test_strips_tiles_and_deflate_are_put_together(
    options: dict[str, Any], packed: dict[str, Any]
) -> None:
    try:
        data = tiff(scaled("u2", 65535), **options, **packed)
    except (ImportError, ValueError) as error:
        pytest.skip(f"this tifffile cannot write it: {error}")
    near(taken(data), RAMP)


def test_transparency_of_deep_colours_lies_on_mid_grey() -> None:
    white = np.ones((8, 8))
    for extra, colour in (("unassalpha", 1.0), ("assocalpha", 0.25)):
        values = np.stack([white * colour] * 3 + [white * 0.25], -1) * 65535
        data = tiff(values.astype("u2"), photometric="rgb", extrasamples=[extra])
        decoded = taken(data)
        assert decoded.transparent
        assert np.abs(np.asarray(decoded.image, float) - (0.25 * 255 + 0.75 * 128)).max() <= 2


@pytest.mark.parametrize("values", [scaled("f4", 2) - 1, scaled("i2", 2000) - 1000])
def test_values_below_zero_are_unsupported_for_nobody_knows_what_is_white(
    values: NDArray[Any],
) -> None:
    refusal = refused(tiff(values.astype(values.dtype)))
    assert refusal.reason is RefusalReason.UNSUPPORTED
    assert "below zero" in refusal.detail


def test_highlights_above_one_do_not_darken_a_picture_of_floats() -> None:
    values = scaled("f4", 1)
    values[0, :3] = 7.5
    values[0, 3] = np.nan
    decoded = np.asarray(decode(tiff(values), "a", LIMITS).image)[1:, :, 0]
    assert np.abs(decoded - 255 * RAMP[1:]).max() <= 1


@pytest.mark.parametrize("pages", ["dng", "nef", "arw"])
def test_a_camera_raw_is_not_taken_for_its_thumbnail(pages: str) -> None:
    out = BytesIO()
    thumb = np.asarray(picture(16, 12))
    raw = scaled("u2", 4095)
    with tifffile.TiffWriter(out) as writer:
        if pages == "dng":
            tags = [(50706, 1, 4, (1, 4, 0, 0), True)]
            writer.write(thumb, photometric="rgb", extratags=tags)
        else:
            writer.write(
                thumb, photometric="rgb", subfiletype=1, subifds=1 if pages == "nef" else 0
            )
            writer.write(raw, photometric="cfa" if pages == "nef" else "minisblack", subfiletype=0)
    refusal = refused(out.getvalue())
    assert refusal.reason is RefusalReason.UNSUPPORTED
    assert "preview" in refusal.detail


@pytest.mark.parametrize(
    "magic",
    [b"IIU\0", b"IIRO", b"MMOR", b"\0MRM", b"FOVb", b"FUJIFILMCCD-RAW ", b"II*\0\x10\0\0\0CR\2"],
)
def test_raw_files_of_other_kinds_are_told_by_their_name(magic: bytes) -> None:
    refusal = refused(magic.ljust(200, b"\0"))
    assert refusal.reason is RefusalReason.UNSUPPORTED
    assert "raw" in refusal.detail


def test_pages_are_counted_without_previews() -> None:
    out = BytesIO()
    with tifffile.TiffWriter(out) as writer:
        for kind in (0, 2, 2, 1):
            writer.write(np.asarray(picture()), photometric="rgb", subfiletype=kind)
    decoded = taken(out.getvalue())
    assert (decoded.frames, decoded.metadata["frames"]) == (3, 3)


def rle4() -> bytes:
    """A 4x2 BMP whose pixels are packed by runs of four bits each."""
    palette = struct.pack("<16I", *(0x111111 * n for n in range(16)))
    runs = bytes((4, 0x0F, 0, 0, 4, 0xF0, 0, 1))
    header = struct.pack("<IiiHHIIiiII", 40, 4, 2, 1, 4, 2, len(runs), 0, 0, 16, 16)
    offset = 14 + len(header) + len(palette)
    size = offset + len(runs)
    return b"BM" + struct.pack("<IHHI", size, 0, 0, offset) + header + palette + runs


def test_a_bmp_packed_by_four_bits_is_unsupported_and_no_garbage() -> None:
    refusal = refused(rle4())
    assert refusal.reason is RefusalReason.UNSUPPORTED
    assert "RLE4" in refusal.detail


def test_an_orientation_in_xmp_alone_turns_nothing_and_exif_goes_before_it() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6"/></x:xmpmeta>'
    for format_name in ("JPEG", "WEBP", "AVIF", "TIFF"):
        options = {"tiffinfo": {700: xmp}} if format_name == "TIFF" else {"xmp": xmp}
        decoded = taken(encode(picture(), format_name, **options))
        assert (decoded.orientation, decoded.width, decoded.height) == (1, 48, 32), format_name
    turned = taken(encode(picture(), "JPEG", exif=exif(3), xmp=xmp))
    assert (turned.orientation, turned.width) == (3, 48)


def test_damaged_exif_does_not_take_the_pixels_away() -> None:
    data = encode(picture(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)
    assert decode(data, "a", LIMITS).orientation == 1


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"subsampling": 2}, {"restart_marker_blocks": 3}, {"quality": 5}],
)
def test_a_jpeg_without_its_end_marker_is_taken_where_it_has_every_pixel(
    options: dict[str, Any],
) -> None:
    whole = encode(picture(90, 70), "JPEG", **options)
    pixels = np.asarray(decode(whole, "a", LIMITS).image)
    decoded = taken(whole[:-2])
    assert np.array_equal(np.asarray(decoded.image), pixels)
    assert decoded.notes == ("no_end",)
    assert decoded.metadata["notes"] == ["no_end"]
    for cut in itertools.chain(range(1, 40), range(40, len(whole) - 2, 97)):
        try:
            found = decode(whole[:-cut], "a", LIMITS)
        except RefusedFile:
            continue
        assert np.array_equal(np.asarray(found.image), pixels), f"{cut} bytes cut"


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (
            chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b'{"nodes": "' + b"y" * 3_000_000)),
            "text_cut",
        ),
        (chunk(b"tEXt", b"workflow\0" + b'{"nodes": "' + b"z" * 1_200_000), "text_cut"),
        (
            chunk(
                b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(b'{"nodes": "' + b"y" * 3_000_000)
            ),
            "text_cut",
        ),
        (chunk(b"iCCP", b"big\0\0" + zlib.compress(bytes(2_000_000))), "profile_cut"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_a_png_with_much_text_keeps_its_pixels_and_the_beginning_of_the_text(
    body: bytes, note: str, late: bool
) -> None:
    if late and note == "profile_cut":
        pytest.skip("a profile stands before the pixels")
    data = encode(picture(), "PNG")
    at = len(data) - 12 if late else 33
    full = data[:at] + body + data[at:]
    decoded = taken(full)
    assert np.array_equal(np.asarray(decoded.image), np.asarray(picture()))
    shown, _ = public_copy(full, decoded)
    with Image.open(BytesIO(shown)) as copy:  # which a browser shows in the same colours
        assert np.array_equal(np.asarray(copy), np.asarray(picture()))
    assert decoded.notes == (note,)
    if note == "text_cut":
        text = decoded.metadata["text"]
        assert isinstance(text, dict)
        assert str(text["workflow"]).startswith('{"nodes": "')


def sof(marker: int, precision: int, components: int) -> bytes:
    """A JPEG that says of its frame what the arguments say."""
    data = bytearray(encode(picture(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4], data[at + 9] = marker, precision, components
    return bytes(data)


def patched(data: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF with another value in one tag."""
    found = bytearray(data)
    start = struct.unpack_from("<I", data, 4)[0]
    for at in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
        if struct.unpack_from("<H", data, at)[0] == tag:
            struct.pack_into("<H", found, at + 8, value)
    return bytes(found)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (sof(0xC3, 8, 3), "coding SOF3"),
        (sof(0xC1, 12, 3), "12 bits"),
        (patched(tiff(scaled("u1", 255)), 259, 34712), "compression 34712"),
        (patched(tiff(scaled("u1", 255)), 259, 50001), "compression 50001"),
        (
            tiff(np.zeros((8, 8, 5), "u2"), photometric="minisblack", planarconfig="contig"),
            "5 samples of 16 bits",
        ),
        (
            b"\x89PNG\r\n\x1a\n" + chunk(b"CgBI", b"\x50\0\x20\2") + encode(picture(), "PNG")[8:],
            "Apple",
        ),
    ],
)
def test_what_a_decoder_lacks_is_unsupported_and_not_damaged(data: bytes, what: str) -> None:
    refusal = refused(data)
    assert refusal.reason is RefusalReason.UNSUPPORTED
    assert what in refusal.detail
    assert "save it as" in refusal.detail


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_deep_tiff_cut_short_is_damaged(kept: float) -> None:
    data = tiff(scaled("u4", 2**32 - 1))
    assert refused(data[: int(kept * len(data))]).reason is RefusalReason.UNREADABLE


def test_a_deep_tiff_that_declares_too_much_is_refused_before_memory_is_taken() -> None:
    data = patched(patched(tiff(scaled("f8", 1)), 256, 60_000), 257, 60_000)
    assert refused(data).reason in (RefusalReason.BOMB, RefusalReason.TOO_LARGE)


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    ["gray16_miniswhite.tif", "uint32.tif", "trunc_tail.jpg", "comfy_zTXt.png", "xmp_orient6.jpg"],
)
def test_the_files_that_came_out_wrong(name: str) -> None:
    if not FAULTS.is_dir():
        pytest.skip(f"the inputs are not at {FAULTS}")
    data = (FAULTS / name).read_bytes()
    decoded = taken(data)
    assert (decoded.width, decoded.height) == (320, 240)
    if name.endswith(".tif"):
        values = tifffile.imread(BytesIO(data)).astype(float)
        share = values / (65535 if "16" in name else 2**32 - 1)
        near(decoded, 1 - share if "miniswhite" in name else share)
    else:
        Image.fromarray(np.asarray(decoded.image)).verify()


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("white", [65535, 4095])
def test_grey_packed_by_lzw_is_no_negative_and_not_black(inverted: bool, white: int) -> None:
    image = Image.fromarray(scaled("u2", white))
    data = encode(image, "TIFF", compression="tiff_lzw")
    near(taken(patched(data, 262, 0) if inverted else data), 1 - RAMP if inverted else RAMP)


def test_a_strip_that_lies_nowhere_is_damage_and_not_a_header_for_pixels() -> None:
    assert refused(patched(tiff(scaled("u2", 65535)), 273, 0)).reason is RefusalReason.UNREADABLE


@pytest.mark.parametrize("tag", [256, 257])
def test_a_picture_without_pixels_is_damage(tag: int) -> None:
    assert refused(patched(tiff(scaled("u2", 65535)), tag, 0)).reason is RefusalReason.UNREADABLE


def test_a_gif_whose_first_frame_is_smaller_has_mid_grey_around_it() -> None:
    data = bytearray(encode(picture(), "GIF"))
    struct.pack_into("<HH", data, 6, 60, 40)  # the screen; the frame stays as it is
    decoded = taken(bytes(data))
    pixels = np.asarray(decoded.image)
    assert decoded.transparent
    assert pixels.shape == (40, 60, 3)
    assert set(pixels[:, 48:].reshape(-1).tolist()) == {128}
    plain = np.asarray(decode(encode(picture(), "GIF"), "a", LIMITS).image)
    assert np.array_equal(pixels[:32, :48], plain)
