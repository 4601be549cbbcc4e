"""A process that does what takes long for one image: decode, read, draw. It knows no database.

Decoding of files that nobody vouches for, networks and views run here, at low priority, so that
they hold nobody else up, take nobody down with them, and give their memory back. Jobs come on
standard input, one JSON document a line; each is answered by one line on standard output, and the
bytes that the line announces after it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from review_app.copies.descriptors import Probe
from review_app.core.background import stand_back
from review_app.core.errors import InputError, RefusedFile, ReviewAppError
from review_app.core.memory import give_memory_back
from review_app.core.messages import PLACES, Job, Said, packed
from review_app.forensics.saliency import overlay
from review_app.forensics.views import PIXEL_VIEWS, View
from review_app.i18n import Text
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.engines import Engines
from review_app.inference.faces import FaceFinder
from review_app.inference.heads import HeadName
from review_app.inference.service import Detector
from review_app.inspection.drawing import webp
from review_app.intake.colours import to_srgb
from review_app.intake.credentials import Credentials
from review_app.intake.decode import (
    DecodedImage,
    Limits,
    as_stored,
    decode,
    shrinking_decoder,
    upright,
)
from review_app.intake.small import ENOUGH, small_picture
from review_app.intake.sources import read_bounded

SHOWN_PIXELS: Final = 800

Done = tuple[Said, list[bytes]]


def main() -> None:
    """Work until standard input ends, and not a moment longer."""
    warnings.simplefilter("ignore")  # nobody reads what decoders remark on odd files
    stand_back(int(sys.argv[1]))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    answering = threading.Lock()

    def work(job: Job) -> None:
        said, blobs = _outcome(job)
        line = json.dumps({**said, "id": job["id"], "blobs": [len(blob) for blob in blobs]})
        with answering:
            out.write(line.encode() + b"\n" + b"".join(blobs))
            out.flush()

    with ThreadPoolExecutor(PLACES, thread_name_prefix="work") as pool:
        for line in sys.stdin.buffer:
            pool.submit(work, json.loads(line))
        # The server has ended, perhaps killed: nobody is left to wait for what is in work.
        os._exit(0)


def _outcome(job: Job) -> Done:
    try:
        return _DOES[job["do"]](job)
    except ReviewAppError as error:
        return {"error": packed(error)}, []
    except Exception as error:  # reported with the job, and the next one is done
        return {"failed": f"{type(error).__name__}: {error}"}, []
    finally:
        give_memory_back()


def _warm_up(job: Job) -> Done:
    _detector(job).warm_up()
    return {}, []


def _read(job: Job) -> Done:
    """Every head's opinion of an image, what the file says, the image small, and its probe."""
    data = _bytes(job)
    decoded = _decoded(job, data)
    opinions = _detector(job).inspect(_seen(job, data, decoded))
    said = {
        "width": decoded.width,
        "height": decoded.height,
        "metadata": _credentials(job.get("trust")).beside(data, decoded),
        "opinions": {name.value: asdict(opinion) for name, opinion in opinions.items()},
        "faces": len(_finder().find(decoded.image)) if job.get("faces") else None,
    }
    shown = to_srgb(decoded.image, decoded.icc_profile)
    return said, [_shown(shown), Probe.of(decoded.image).to_bytes()]


def _seen(job: Job, data: bytes, decoded: DecodedImage) -> Image.Image:
    """The image as triage would have it."""
    if not job["shrunk"]:
        return decoded.image
    sees = _detector(job).checkpoint.card.backbone.sees
    limits = Limits(job["max_bytes"], job["max_pixels"])
    return shrinking_decoder(limits, sees)(data, job["name"])


def _draw(job: Job) -> Done:
    """A view of an image, WebP."""
    if job["view"] == "small":
        return {}, [small_picture(_decoded(job, _bytes(job), ENOUGH))]
    decoded = _decoded(job, _bytes(job))
    # Blocks of a JPEG lie where the file has them: the view is drawn there, and then turned.
    drawn = _draws(job, decoded.icc_profile)(as_stored(decoded.image, decoded.orientation))
    return {}, [webp(upright(drawn, decoded.orientation))]


def _draws(job: Job, profile: bytes | None) -> Callable[[Image.Image], Image.Image]:
    """What draws the view of pixels as they are stored; ``profile`` says how those look."""
    view = View(job["view"])
    if view is not View.SALIENCY:
        return PIXEL_VIEWS[view]
    detector = _detector(job)
    head = HeadName(job["head"])
    return lambda image: overlay(to_srgb(image, profile), detector.saliency(image, head))


def _bytes(job: Job) -> bytes:
    return read_bounded(Path(job["path"]), job["max_bytes"])


def _decoded(job: Job, data: bytes, least: int = 0) -> DecodedImage:
    limits = Limits(job["max_bytes"], job["max_pixels"])
    try:
        return decode(data, job["name"], limits, least)
    except RefusedFile:
        if job["do"] == "draw" and (pixels := _pixels(data)) > limits.max_pixels:
            sizes = {"megapixels": round(pixels / 1e6), "most": round(limits.max_pixels / 1e6)}
            text = Text("refusals.too_large_for_views", {"name": job["name"], **sizes})
            raise InputError(text) from None
        raise


def _pixels(data: bytes) -> int:
    """The number of pixels, as the header declares them; 0 where there is none."""
    with suppress(Exception), Image.open(BytesIO(data)) as image:
        return image.width * image.height
    return 0


def _shown(image: Image.Image) -> bytes:
    """A small JPEG without metadata."""
    small = (
        image.copy()
        if max(image.size) <= SHOWN_PIXELS
        else image.reduce(max(1, max(image.size) // (2 * SHOWN_PIXELS)))
    )
    small.thumbnail((SHOWN_PIXELS, SHOWN_PIXELS))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


@cache
def _credentials(trust: str | None) -> Credentials:
    return Credentials(None if trust is None else Path(trust))


@cache
def _finder() -> FaceFinder:
    return FaceFinder()


_loading = threading.Lock()


def _detector(job: Job) -> Detector:
    """What ``Detectors.model`` told of."""
    weights = tuple(job["weights"].items())
    with _loading:
        where = (job["checkpoint"], weights, job["engine"], job["engines_dir"])
        return _loaded(*where, job["shrunk"])


@cache
def _loaded(
    checkpoint: str,
    weights: tuple[tuple[str, str], ...],
    engine: str,
    engines_dir: str,
    shrunk: bool,
) -> Detector:
    files = {name: Path(path) for name, path in weights}
    engines = Engines(engine, Path(engines_dir))
    loaded = replace(Checkpoint.load(Path(checkpoint)), engine=engines.another, shrunk=shrunk)
    return Detector(loaded, weights=files, engines=engines)


_DOES: dict[str, Callable[[Job], Done]] = {"warm_up": _warm_up, "read": _read, "draw": _draw}

if __name__ == "__main__":
    main()
