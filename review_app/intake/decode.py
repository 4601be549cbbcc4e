"""Bytes that nobody vouches for → an upright 8-bit RGB image, or a refusal that says why.

The order is the defence: bytes are counted, the format is told from the content, the declared
pixels are checked in the header, and only then is anything decoded. Only the first frame counts.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from review_app.errors import RefusalReason, RefusedFile, SettingsError
from review_app.intake.metadata import Json, read_metadata
from review_app.intake.signatures import Kind, identify
from review_app.words import Text

try:
    import pillow_heif
except ImportError:
    HEIF_AVAILABLE = False
else:
    pillow_heif.register_heif_opener()
    HEIF_AVAILABLE = True

MATTE: Final = (128, 128, 128)
"""Transparent pixels are composited on mid-grey: no class of images gains a white or black edge."""
BOMB_FACTOR: Final = 16
"""Declared pixels of this many times the limit are no photograph."""
BOMB_PIXELS_PER_BYTE: Final = 500
"""Over the limit and this well compressed: built to exhaust memory. (A photograph has below 50.)"""

_TRANSPOSE: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes an image of each EXIF orientation upright (EXIF 2.32, tag 0x0112)."""
_BACK: Final = {
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
}
"""What undoes a turn, where that is not the turn itself."""

_warnings_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one file intake takes.

    Raises:
        SettingsError: a limit is not positive, or ``max_pixels`` is above what Pillow itself opens.
    """

    max_bytes: int = 64 * 1024**2
    max_pixels: int = 80_000_000

    def __post_init__(self) -> None:
        ceiling = 2 * (Image.MAX_IMAGE_PIXELS or 89_478_485)
        if self.max_bytes < 1 or not 1 <= self.max_pixels <= ceiling:
            raise SettingsError(
                f"limits must be positive and at most {ceiling:,} pixels; "
                f"got {self.max_bytes:,} bytes and {self.max_pixels:,} pixels"
            )


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """The first frame, upright, 8-bit RGB, and what the file said about itself."""

    image: Image.Image
    """Mode RGB. Values are as stored: an ICC profile is kept beside, not applied."""
    format: str
    """Pillow's name: JPEG (MPO too), PNG, WEBP, AVIF, HEIF, GIF, TIFF or BMP."""
    orientation: int
    """EXIF orientation of the file, 1 to 8; already applied to ``image``."""
    frames: int
    bits: int
    """Bits per channel in the file, where its mode tells: 1, 8, 16 or 32."""
    transparent: bool
    """Whether the file had transparency, now composited on ``MATTE``."""
    icc_profile: bytes | None
    metadata: dict[str, Json]

    @property
    def width(self) -> int:
        """Pixels across, upright."""
        return self.image.width

    @property
    def height(self) -> int:
        """Pixels down, upright."""
        return self.image.height


def decode(data: bytes, name: str, limits: Limits) -> DecodedImage:
    """Decode ``data``; ``name`` only serves the message.

    Raises:
        RefusedFile: with the reason; see ``RefusalReason``.
    """
    if not data:
        raise RefusedFile(name, RefusalReason.EMPTY, Text("inspect.no_bytes"))
    if len(data) > limits.max_bytes:
        detail = Text("inspect.too_many_bytes", {"size": len(data), "most": limits.max_bytes})
        raise RefusedFile(name, RefusalReason.TOO_LARGE, detail)
    format_name = _check_kind(data, name)
    try:
        with _quiet():
            image = Image.open(BytesIO(data), formats=[format_name])
            header_orientation = _tiff_orientation(image)
        _check_pixels(image.width * image.height, len(data), name, limits)
        image.load()
        return _upright(image, format_name, header_orientation)
    except RefusedFile:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(_declared(error), len(data), name, limits) from error
    except Exception as error:  # decoders of hostile bytes raise whatever they stumble on
        detail = Text("inspect.damaged", {"format": format_name, "why": _brief(error)})
        raise RefusedFile(name, RefusalReason.UNREADABLE, detail) from error


def decoder(limits: Limits) -> Callable[[bytes, str], Image.Image]:
    """`decode`, down to the pixels. Whoever scores images decodes with this, and so gets the same
    bits for the same file wherever it is scored."""
    return lambda data, name: decode(data, name, limits).image


def _check_kind(data: bytes, name: str) -> str:
    signature = identify(data)
    if signature.kind is Kind.OTHER:
        kind = Text(f"inspect.is_{signature.name.replace(' ', '_')}")
        detail = Text("inspect.content_is", {"kind": kind})
        raise RefusedFile(name, RefusalReason.NOT_AN_IMAGE, detail)
    if signature.kind is Kind.UNSUPPORTED:
        detail = Text("inspect.not_taken", {"format": signature.name})
        raise RefusedFile(name, RefusalReason.UNSUPPORTED, detail)
    if signature.name == "HEIF" and not HEIF_AVAILABLE:
        raise RefusedFile(name, RefusalReason.UNSUPPORTED, Text("inspect.needs_heif"))
    return signature.name


def _check_pixels(pixels: int, size: int, name: str, limits: Limits) -> None:
    if pixels > limits.max_pixels:
        raise _too_many_pixels(pixels, size, name, limits)


def _too_many_pixels(pixels: int, size: int, name: str, limits: Limits) -> RefusedFile:
    absurd = pixels > BOMB_FACTOR * limits.max_pixels or pixels > BOMB_PIXELS_PER_BYTE * size
    reason = RefusalReason.BOMB if absurd else RefusalReason.TOO_LARGE
    values = {"pixels": pixels, "size": size, "most": limits.max_pixels}
    return RefusedFile(name, reason, Text("inspect.too_many_pixels", values))


def _declared(error: Image.DecompressionBombError) -> int:
    """The pixel count that Pillow names in its message; it offers it nowhere else."""
    digits = re.search(r"\((\d+) pixels\)", str(error))
    return int(digits.group(1)) if digits else 2**62


def _upright(image: Image.Image, format_name: str, header_orientation: int) -> DecodedImage:
    with _quiet():
        left = image.getexif().get(ExifTags.Base.Orientation, 1)
        metadata = read_metadata(image)
        frames = _frames(image)
    transparent = image.has_transparency_data
    bits = _bits(image)
    icc_profile = image.info.get("icc_profile")
    rgb = to_rgb(image)
    return DecodedImage(
        image=upright(rgb, left),
        format=format_name,
        orientation=left if left in _TRANSPOSE else header_orientation,
        frames=frames,
        bits=bits,
        transparent=transparent,
        icc_profile=icc_profile if isinstance(icc_profile, bytes) and icc_profile else None,
        metadata=metadata,
    )


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """``image``, stored in EXIF ``orientation`` (1 to 8, others count as 1), the right way up."""
    turn = _TRANSPOSE.get(orientation)
    return image if turn is None else image.transpose(turn)


def as_stored(image: Image.Image, orientation: int) -> Image.Image:
    """The inverse of `upright`: rows and columns as the file has them."""
    turn = _TRANSPOSE.get(orientation)
    return image if turn is None else image.transpose(_BACK.get(turn, turn))


def to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode as 8-bit RGB without metadata: deep grey scaled, alpha on ``MATTE``."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _deep_grey(image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, (*MATTE, 255)), rgba)
    rgb = image.convert("RGB") if image.mode != "RGB" else image.copy()
    rgb.info.clear()
    return rgb


def _deep_grey(image: Image.Image) -> Image.Image:
    """16-bit and integer grey: 65535 is white. Floats: 1.0 is white, or 255 where they exceed 1."""
    values = np.asarray(image, dtype=np.float64)
    if image.mode == "F":
        values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
        scale = 255.0 if values.max(initial=0.0) <= 1.0 else 1.0
    else:
        scale = 255.0 / 65535.0
    return Image.fromarray(np.rint(np.clip(values * scale, 0, 255)).astype(np.uint8))


def _bits(image: Image.Image) -> int:
    if image.mode == "1":
        return 1
    if image.mode.startswith("I;16"):
        return 16
    return 32 if image.mode in ("I", "F") else 8


def _frames(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # a damaged later frame does not take away a good first one
        return 1


def _tiff_orientation(image: Image.Image) -> int:
    """Orientation of a TIFF, which Pillow applies and forgets while loading; else 1."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return 1
    value = image.tag_v2.get(ExifTags.Base.Orientation, 1)
    return int(value) if value in _TRANSPOSE else 1


def _brief(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return re.sub(r"<_io\.BytesIO object at 0x\w+>", "the data", text)[:200]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Pillow's remarks on odd headers out of the logs; the filters are process-wide state."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
