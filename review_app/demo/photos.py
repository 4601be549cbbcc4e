"""The photos that the demo queue is cut from: all ship inside packages that the extra ``demo`` has.

Only photos whose package states their licence, and whose licence allows changes, are used;
docs/demo-licences.md lists them, and what was left out and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.util import find_spec
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.core.errors import NotFoundError
from review_app.core.extras import remedy


class Use(StrEnum):
    """A purpose of a photo's crops; no photo serves two."""

    TRAIN = "train"
    """Labels that the heads learn from."""
    VAL = "val"
    """Labels that choices are made on: the head, and the threshold grid."""
    STREAM = "stream"
    """What arrives. A certificate holds for images like its calibration images, so these are
    drawn at random from the stream itself, as in earnest; the rest is the queue."""


class Licence(StrEnum):
    """The terms under which a photo may be changed and shown."""

    PUBLIC_DOMAIN = "public domain"
    """No rights reserved, or none known to exist."""
    CC0 = "CC0 1.0"
    """Dedicated to the public by its author."""
    CC_BY_2 = "CC BY 2.0"
    """Free with attribution; changes must be indicated."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One source photo."""

    name: str
    package: str
    """Import name of the package that holds it."""
    file: str
    """Path inside the package."""
    licence: Licence
    credit: str
    """Author or origin, as the package states it."""
    use: Use

    def load(self) -> NDArray[np.uint8]:
        """Pixels as RGB, uint8 [height, width, 3].

        Raises:
            NotFoundError: this version of the package no longer ships the photo.
        """
        try:
            with files(self.package).joinpath(self.file).open("rb") as file:
                return np.asarray(Image.open(file).convert("RGB"))
        except (OSError, ModuleNotFoundError) as error:
            raise NotFoundError(
                f"the demo photo {self.name} is not in the installed {self.package} "
                f"({self.file}); install the tested versions with 'make demo'"
            ) from error


def _skimage(name: str, licence: Licence, credit: str, use: Use) -> Photo:
    return Photo(name.partition(".")[0], "skimage", f"data/{name}", licence, credit, use)


def _sklearn(name: str, credit: str, use: Use) -> Photo:
    file = f"datasets/images/{name}"
    return Photo(name.partition(".")[0], "sklearn", file, Licence.CC_BY_2, credit, use)


_FREE, _CC0 = Licence.PUBLIC_DOMAIN, Licence.CC0
_TRAIN, _VAL, _STREAM = Use.TRAIN, Use.VAL, Use.STREAM

PHOTOS: Final = (
    _skimage("astronaut.png", _FREE, "NASA (Eileen Collins)", _TRAIN),
    _skimage("brick.png", _CC0, "CC0Textures, Bricks25", _TRAIN),
    _skimage("camera.png", _CC0, "Lav Varshney", _STREAM),
    _skimage("chelsea.png", _CC0, "Stefan van der Walt", _STREAM),
    _skimage("clock_motion.png", _FREE, "Stefan van der Walt", _TRAIN),
    _skimage("coffee.png", _CC0, "Rachel Michetti, courtesy of Pikolo Espresso Bar", _TRAIN),
    _skimage("coins.png", _FREE, "Brooklyn Museum Collection", _VAL),
    _skimage("grass.png", _CC0, "linolafett, DeviantArt", _STREAM),
    _skimage("gravel.png", _CC0, "CC0Textures, Gravel04", _STREAM),
    _skimage("hubble_deep_field.jpg", _FREE, "NASA, HubbleSite", _VAL),
    _skimage("retina.jpg", _CC0, "Mikael Häggström", _TRAIN),
    _skimage("rocket.jpg", _FREE, "SpaceX", _STREAM),
    _sklearn("china.jpg", "danielbuechele, Flickr", _TRAIN),
    _sklearn("flower.jpg", "vultilion, Flickr", _STREAM),
)
"""The registry. Every use has colour and grey, fine texture and smooth areas."""


def photos_installed() -> bool:
    """Whether the packages that hold the photos are installed."""
    return all(find_spec(package) for package in sorted({photo.package for photo in PHOTOS}))


def require_photos() -> None:
    """Raise NotFoundError where the packages that hold the photos are not installed."""
    if not photos_installed():
        raise NotFoundError(
            "the demo is cut from photos of scikit-image and scikit-learn, which the extra 'demo' "
            f"brings; {remedy('demo')}"
        )
