"""Bytes that nobody vouches for → an upright 8-bit RGB image, or a refusal that says why.

The order is the defence: bytes are counted, the format is told from the content, the declared
pixels are checked in the header, and only then is anything decoded. Only the first frame counts.
"""

from __future__ import annotations

import math
import re
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, features

from review_app.core.errors import RefusalReason, RefusedFile, SettingsError
from review_app.i18n import Text
from review_app.intake.colours import MATTE, to_srgb
from review_app.intake.lacking import LackingError, refuse_misread, why_not
from review_app.intake.metadata import Json
from review_app.intake.opening import Opened, open_picture
from review_app.intake.signatures import FileKind, identify

__all__ = ["HEIF_AVAILABLE", "MATTE", "DecodedImage", "Limits", "as_stored", "decode", "upright"]

try:
    import pillow_heif
except ImportError:
    HEIF_AVAILABLE = False
else:
    pillow_heif.register_heif_opener()
    HEIF_AVAILABLE = True

BOMB_FACTOR: Final = 16
"""Declared pixels of this many times the limit are no photograph."""
BOMB_PIXELS_PER_BYTE: Final = 500
"""A file over the limit and this well compressed was built to exhaust memory. (A photograph has
below 50.)"""

LARGE: Final = 4_000_000
"""Pixels from which on a JPEG may be shrunk while it is decoded: below, that saves little and
changes as much."""
Decoder = Callable[[bytes, str], Image.Image]
"""A function from a file's bytes, and a name for messages, to upright RGB. Raises RefusedFile."""

_DEEPEST: Final = 8
"""Bytes that deep samples may take for each pixel of the limit."""
_LIBRARIES: Final = {"AVIF": "avif", "WEBP": "webp", "JPEG": "jpg", "TIFF": "libtiff"}
"""What Pillow may have been built without."""

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


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of what intake takes of one file.

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
    """Bits per channel in the file, where its mode tells: 1, 8, 16, 32 or 64."""
    transparent: bool
    """Whether the file had transparency, now composited on ``MATTE``."""
    icc_profile: bytes | None
    metadata: dict[str, Json]
    """The metadata as `read_metadata` has it; and ``frames``, ``paged`` (they are pages) and
    ``notes``, where there is anything to tell."""
    notes: tuple[str, ...] = ()
    """What is odd about the file, though its pixels are right: keys of ``inspect.note_...``."""

    @property
    def width(self) -> int:
        """Pixels across, upright."""
        return self.image.width

    @property
    def height(self) -> int:
        """Pixels down, upright."""
        return self.image.height


def decode(data: bytes, name: str, limits: Limits, least: int = 0) -> DecodedImage:
    """Decode ``data``; ``name`` only serves the message.

    ``least``: pixels of the larger side that are enough, for a small picture; what comes has as
    many or more. It takes less memory, and of a JPEG less time, too.

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
        refuse_misread(format_name, data)
        with _silence:
            opened = open_picture(data, format_name, _Check(len(data), name, limits), least)
        return _decoded(opened, format_name)
    except RefusedFile:
        raise
    except LackingError as error:
        raise RefusedFile(name, RefusalReason.UNSUPPORTED, error.detail) from error
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(_declared(error), len(data), name, limits) from error
    except Exception as error:  # decoders of hostile bytes raise whatever they stumble on
        raise _failed(format_name, data, name, error) from error


class _Check:
    """A check that refuses a picture that declares too much, before anything of it is decoded."""

    def __init__(self, size: int, name: str, limits: Limits) -> None:
        self._size = size
        self._name = name
        self._limits = limits

    def __call__(self, pixels: int, n_bytes: int = 0) -> None:
        """Raise RefusedFile for too many ``pixels``, or samples of ``n_bytes`` in all."""
        if pixels > self._limits.max_pixels:
            raise _too_many_pixels(pixels, self._size, self._name, self._limits)
        most = _DEEPEST * self._limits.max_pixels
        if n_bytes > most:
            detail = Text("inspect.too_many_bytes", {"size": n_bytes, "most": most})
            raise RefusedFile(self._name, RefusalReason.TOO_LARGE, detail)


def _failed(format_name: str, data: bytes, name: str, error: Exception) -> RefusedFile:
    """What to tell of a file that no decoder could read: what is lacking, or that it is damaged."""
    lacking = why_not(format_name, data)
    if lacking is not None:
        return RefusedFile(name, RefusalReason.UNSUPPORTED, lacking.detail)
    detail = Text("inspect.damaged", {"format": format_name, "why": _brief(error)})
    return RefusedFile(name, RefusalReason.UNREADABLE, detail)


def decoder(limits: Limits) -> Decoder:
    """`decode`, down to the pixels. Whoever scores images decodes with this, and so gets the same
    bits for the same file wherever it is scored."""
    return lambda data, name: decode(data, name, limits).image


def shrinking_decoder(limits: Limits, sees: int) -> Decoder:
    """A `decoder` that takes a JPEG of `LARGE` or more at a half, a quarter or an eighth of its
    size, where its shorter side stays at least twice the pixels that a detector ``sees`` of it. The
    rest comes whole."""
    return lambda data, name: decode(data, name, limits, _enough(data, sees)).image


def _enough(data: bytes, sees: int) -> int:
    """Pixels of the larger side that are enough of a large JPEG; 0 of anything else."""
    if identify(data).name != "JPEG":
        return 0
    with _silence, suppress(Exception), Image.open(BytesIO(data), formats=["JPEG"]) as image:
        if image.width * image.height >= LARGE:
            return math.ceil(2 * sees * max(image.size) / min(image.size))
    return 0


def shower(limits: Limits) -> Decoder:
    """A `decoder` for people's eyes: in sRGB, for a picture that will carry no profile."""

    def shown(data: bytes, name: str) -> Image.Image:
        decoded = decode(data, name, limits)
        return to_srgb(decoded.image, decoded.icc_profile)

    return shown


def _check_kind(data: bytes, name: str) -> str:
    signature = identify(data)
    if signature.kind is FileKind.OTHER:
        kind = Text(f"inspect.is_{signature.name.replace(' ', '_').lower()}")
        detail = Text("inspect.content_is", {"kind": kind})
        raise RefusedFile(name, RefusalReason.NOT_AN_IMAGE, detail)
    if signature.kind is FileKind.UNSUPPORTED:
        detail = Text("inspect.not_taken", {"format": signature.name})
        raise RefusedFile(name, RefusalReason.UNSUPPORTED, detail)
    if signature.name == "HEIF" and not HEIF_AVAILABLE:
        raise RefusedFile(name, RefusalReason.UNSUPPORTED, Text("inspect.needs_heif"))
    library = _LIBRARIES.get(signature.name)
    if library is not None and not features.check(library):
        detail = Text("inspect.needs_library", {"format": signature.name})
        raise RefusedFile(name, RefusalReason.UNSUPPORTED, detail)
    return signature.name


def _too_many_pixels(pixels: int, size: int, name: str, limits: Limits) -> RefusedFile:
    absurd = pixels > BOMB_FACTOR * limits.max_pixels or pixels > BOMB_PIXELS_PER_BYTE * size
    reason = RefusalReason.BOMB if absurd else RefusalReason.TOO_LARGE
    values = {"pixels": pixels, "size": size, "most": limits.max_pixels}
    return RefusedFile(name, reason, Text("inspect.too_many_pixels", values))


def _declared(error: Image.DecompressionBombError) -> int:
    """The pixel count that Pillow names in its message; it offers it nowhere else."""
    digits = re.search(r"\((\d+) pixels\)", str(error))
    return int(digits.group(1)) if digits else 2**62


def _decoded(opened: Opened, format_name: str) -> DecodedImage:
    if not opened.rgb.width * opened.rgb.height:
        raise ValueError("a picture without pixels")
    left, applied = opened.orientation, opened.applied
    metadata = dict(opened.metadata)
    if opened.frames > 1 and format_name != "JPEG":  # a JPEG's other pictures are its own parts
        metadata["frames"] = opened.frames
        metadata["paged"] = format_name == "TIFF"
    if opened.notes:
        metadata["notes"] = list(opened.notes)
    return DecodedImage(
        image=upright(opened.rgb, left),
        format=format_name,
        orientation=left if left in _TRANSPOSE else applied if applied in _TRANSPOSE else 1,
        frames=opened.frames,
        bits=opened.bits,
        transparent=opened.transparent,
        icc_profile=opened.icc_profile,
        metadata=metadata,
        notes=opened.notes,
    )


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """``image``, stored in EXIF ``orientation`` (1 to 8, others count as 1), the right way up."""
    turn = _TRANSPOSE.get(orientation)
    return image if turn is None else image.transpose(turn)


def as_stored(image: Image.Image, orientation: int) -> Image.Image:
    """The inverse of `upright`: rows and columns as the file has them."""
    turn = _TRANSPOSE.get(orientation)
    return image if turn is None else image.transpose(_BACK.get(turn, turn))


def _brief(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return re.sub(r"<_io\.BytesIO object at 0x\w+>", "the data", text)[:200]


class _Silence:
    """Keeps Pillow's remarks on odd headers out of the logs. The filters of warnings are state of
    the whole process: the first thread that decodes sets them, and the last one puts them back.
    Nobody waits for anybody's decoding."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decoding = 0
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if not self._decoding:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.simplefilter("ignore")
            self._decoding += 1

    def __exit__(self, *fault: object) -> None:
        with self._lock:
            self._decoding -= 1
            if not self._decoding:
                self._filters.__exit__(None, None, None)


_silence = _Silence()
