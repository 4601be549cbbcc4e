"""Small copies of the images that a report names, as data addresses."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO

from review_app.inference.dataset import Decoder
from review_app.lab.evaluation import Evaluation

_SIDE = 128


def thumbnails_of(evaluation: Evaluation, decode: Decoder) -> dict[int, str]:
    """JPEG thumbnails of the worst and most uncertain images, by position among the images.

    An image that is gone or cannot be opened any more has none: the figures stand without it.
    """
    found = {}
    for each in (image for images in evaluation.document["extremes"].values() for image in images):
        at = each["image"]
        if at < len(evaluation.paths) and at not in found:
            try:
                image = decode(evaluation.paths[at].read_bytes(), each["name"]).convert("RGB")
            except Exception:  # noqa: S112 - whatever a decoder raises, this one has none
                continue
            image.thumbnail((_SIDE, _SIDE))
            buffer = BytesIO()
            image.save(buffer, "JPEG", quality=80)
            found[at] = f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}"
    return found
