"""Label-independent re-preparations of an image: what happens to pictures on their way.

Features may read how a file was prepared instead of whether it is fake. Copies prepared afresh, the
same way for both classes, show how much of a figure that explains, and training on them takes it
away. Everything here is pure: an image, numbers and an explicit generator in, an image out; no
transform ever sees a label.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any, ClassVar, Protocol

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

_GRID = 8
"""Side of JPEG's blocks in pixels."""
_FILTERS = (
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)
_SUBSAMPLING_420 = 2  # Pillow's number for 4:2:0
_SMALLEST = 8
"""No side is scaled to fewer pixels."""
_GAMMA_TABLE = np.arange(256) / 255


class Transform(Protocol):
    """One way to prepare an image again; its fields are its parameters."""

    name: ClassVar[str]
    """The name for tables and file names."""

    @property
    def text(self) -> str:
        """What it does, with its parameters, for a report."""
        ...

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """A prepared copy of ``image`` (8-bit RGB), which stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Jpeg:
    """Compression as JPEG with 4:2:0 chroma, quality drawn evenly."""

    lowest: int = 60
    highest: int = 95
    name: ClassVar[str] = "jpeg"

    @property
    def text(self) -> str:
        """The transform with its parameters, for a report."""
        return f"JPEG {self.lowest}-{self.highest}, 4:2:0"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image compressed once, at a quality drawn from ``rng``."""
        quality = int(rng.integers(self.lowest, self.highest, endpoint=True))
        return _through(image, "JPEG", quality=quality, subsampling=_SUBSAMPLING_420)


@dataclass(frozen=True, slots=True)
class WebP:
    """Lossy compression as WebP, quality drawn evenly."""

    lowest: int = 60
    highest: int = 95
    name: ClassVar[str] = "webp"

    @property
    def text(self) -> str:
        """The transform with its parameters, for a report."""
        return f"WebP {self.lowest}-{self.highest}"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image compressed once, at a quality drawn from ``rng``."""
        quality = int(rng.integers(self.lowest, self.highest, endpoint=True))
        return _through(image, "WEBP", quality=quality)


@dataclass(frozen=True, slots=True)
class Rescale:
    """Scaling of both sides by one factor, drawn evenly, with a filter drawn from three."""

    smallest: float = 0.5
    largest: float = 1.5
    name: ClassVar[str] = "rescale"

    @property
    def text(self) -> str:
        """The transform with its parameters, for a report."""
        return f"rescaling {self.smallest:g}-{self.largest:g}x (bilinear, bicubic or Lanczos)"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image at another size, at least 8 pixels a side."""
        factor = rng.uniform(self.smallest, self.largest)
        return image.resize(
            (_scaled(image.width, factor), _scaled(image.height, factor)),
            _FILTERS[rng.integers(len(_FILTERS))],
        )


@dataclass(frozen=True, slots=True)
class GridShift:
    """A few rows and columns cut off at the top left, so that the grid of 8 x 8 blocks moves."""

    most: int = _GRID - 1
    name: ClassVar[str] = "grid_shift"

    @property
    def text(self) -> str:
        """The transform with its parameters, for a report."""
        return f"grid shift by 0-{self.most} pixels"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image without a few rows and columns; at least one pixel of each side stays."""
        left, top = (
            min(int(rng.integers(0, self.most, endpoint=True)), side - 1) for side in image.size
        )
        return image.crop((left, top, image.width, image.height))


@dataclass(frozen=True, slots=True)
class Blur:
    """Gaussian blur, sigma in pixels drawn evenly."""

    smallest: float = 0.3
    largest: float = 1.5
    name: ClassVar[str] = "blur"

    @property
    def text(self) -> str:
        """The transform with its parameters, for a report."""
        return f"Gaussian blur, sigma {self.smallest:g}-{self.largest:g} pixels"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image blurred, of the same size."""
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(self.smallest, self.largest)))


@dataclass(frozen=True, slots=True)
class Screenshot:
    """The picture as a screen shows it, captured and sent on.

    It is scaled to odd sides, laid on a plain page and cut out by hand with part of that margin,
    its gamma and contrast are those of another screen, and the lossless capture becomes a JPEG.
    """

    smallest: float = 0.6
    largest: float = 1.3
    margin: int = 6
    """Most pixels of the page that stay at each side."""
    gamma: float = 0.15
    """Largest change of the exponent, either way."""
    contrast: float = 0.1
    """Largest change of the contrast, either way."""
    lowest: int = 85
    highest: int = 92
    name: ClassVar[str] = "screenshot"

    @property
    def text(self) -> str:
        """The transform with its parameters, for a report."""
        return (
            f"screenshot (shown at {self.smallest:g}-{self.largest:g}x, margin of 0-{self.margin} "
            f"pixels, gamma ±{self.gamma:g}, contrast ±{self.contrast:g}, "
            f"JPEG {self.lowest}-{self.highest})"
        )

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image as shown, captured and compressed; of another size."""
        factor = rng.uniform(self.smallest, self.largest)
        shown = image.resize(
            (_scaled(image.width, factor) | 1, _scaled(image.height, factor) | 1),
            Image.Resampling.BILINEAR,
        )
        captured = self._cut_out(shown, rng)
        exponent = 1 + rng.uniform(-self.gamma, self.gamma)
        table = np.rint(255 * _GAMMA_TABLE**exponent).astype(int).tolist()
        seen = captured.point(table * 3)
        seen = ImageEnhance.Contrast(seen).enhance(1 + rng.uniform(-self.contrast, self.contrast))
        return Jpeg(self.lowest, self.highest).apply(seen, rng)

    def _cut_out(self, shown: Image.Image, rng: np.random.Generator) -> Image.Image:
        left, top, right, bottom = rng.integers(0, self.margin, size=4, endpoint=True).tolist()
        grey = int(rng.integers(0, 256))
        size = (shown.width + left + right, shown.height + top + bottom)
        page = Image.new("RGB", size, (grey, grey, grey))
        page.paste(shown, (left, top))
        return page


@dataclass(frozen=True, slots=True)
class Launder:
    """A share through a few services: grid shift, slight downscaling, JPEG."""

    shift: GridShift = GridShift()
    rescale: Rescale = Rescale(0.75, 0.95)
    jpeg: Jpeg = Jpeg(75, 95)
    name: ClassVar[str] = "launder"

    @property
    def text(self) -> str:
        """The transform with its parameters, for a report."""
        return f"{self.shift.text}, then {self.rescale.text}, then {self.jpeg.text}"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image after the three steps, in their order."""
        for step in (self.shift, self.rescale, self.jpeg):
            image = step.apply(image, rng)
        return image


@dataclass(frozen=True, slots=True)
class Mirror:
    """Left and right exchanged: the same evidence at the other end of each row of blocks."""

    name: ClassVar[str] = "mirror"

    @property
    def text(self) -> str:
        """The transform with its parameters, for a report."""
        return "mirrored"

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The mirrored image; ``rng`` is not asked."""
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


@dataclass(frozen=True, slots=True)
class TransformChain:
    """Some transforms, one after the other."""

    steps: tuple[Transform, ...]
    name: ClassVar[str] = "chain"

    @property
    def text(self) -> str:
        """The transform with its parameters, for a report."""
        return ", then ".join(step.text for step in self.steps)

    def apply(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image after every step, in their order."""
        for step in self.steps:
            image = step.apply(image, rng)
        return image


LAUNDER = Launder()
TRANSFORMS: Mapping[str, Transform] = {
    transform.name: transform
    for transform in (Jpeg(), Rescale(), GridShift(), Blur(), Screenshot(), WebP(), LAUNDER)
}
"""Each transform with the parameters that robustness is reported for."""


def launder_copy(
    image: Image.Image, key: str, copy: int, transform: Transform = LAUNDER
) -> Image.Image:
    """Copy number ``copy`` of ``image`` (8-bit RGB) under ``transform``.

    ``key`` is the sha256 of the image's file; the generator follows from key, copy and transform,
    so that the same file always gives the same copy, in any order and process.
    """
    return transform.apply(image, _generator(key, copy, transform))


def description(transform: Transform) -> dict[str, Any]:
    """Name, words and parameters of ``transform``, ready for JSON."""
    parameters: dict[str, Any] = asdict(transform)  # type: ignore[call-overload]
    return {"name": transform.name, "words": transform.text, "parameters": parameters}


def _generator(key: str, copy: int, transform: Transform) -> np.random.Generator:
    digest = hashlib.sha256(f"{key}:{copy}:{transform!r}".encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))


def _scaled(side: int, factor: float) -> int:
    return max(_SMALLEST, round(side * factor))


def _through(image: Image.Image, format: str, **options: Any) -> Image.Image:  # noqa: A002
    """``image`` written and read again."""
    file = BytesIO()
    image.save(file, format, **options)
    with Image.open(file) as written:
        return written.convert("RGB")
