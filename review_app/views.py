"""Views of stored images: computed once, beside the requests, and kept on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from hashlib import sha256 as digest
from io import BytesIO
from pathlib import Path

from PIL import Image

from review_app.detector.heads import HeadName
from review_app.detector.service import Detector
from review_app.detectors import Detectors
from review_app.errors import InputError, NotFoundError
from review_app.forensics.planes import bounded
from review_app.forensics.saliency import overlay
from review_app.forensics.views import PIXEL_VIEWS, VERSION, View
from review_app.intake.decode import Limits, as_stored, decode, upright
from review_app.intake.derived import DerivedFiles
from review_app.intake.store import MediaStore
from review_app.triage.governance import PolicyDesk
from review_app.words import Text

MEDIA_TYPE = "image/webp"
MAX_PIXELS = 50_000_000
"""Of an image that views are computed of: a larger one would hold the others up for too long."""
SMALL = 480
"""Pixels of the larger side of a small picture: two beside each other on a phone are sharp."""
_WORKERS = 2
"""Views computed at a time: a person who asks for many delays only others who ask."""
_QUALITY = 90

Draw = Callable[[Image.Image], Image.Image]


class ViewService:
    """Pictures of ``forensics.views`` by content; safe to share between threads.

    ``max_bytes`` of them are kept; one that had to go is computed again.
    """

    def __init__(
        self,
        media: MediaStore,
        max_bytes: int,
        limits: Limits,
        policies: PolicyDesk,
        detectors: Detectors,
    ) -> None:
        self._kept = DerivedFiles(media, max_bytes)
        self._policies = policies
        self._detectors = detectors
        self._media = media
        self._limits = limits
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="view")
        self._running: dict[Path, Future[Path]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Finish what has begun; drop what has not."""
        self._pool.shutdown(cancel_futures=True)

    def request(self, sha256: str, view: View, name: str) -> Future[Path]:
        """Where the picture of ``view`` of the stored image lies, once it does: WebP, its larger
        side at most ``LARGEST_SIDE``. ``name`` stands for the image in messages.

        The future raises NotFoundError where the image's file is gone, and InputError where it is
        too large. Raises NotFoundError for the saliency of a detector whose model is not here.
        """
        variant, draw = self._saliency() if view is View.SALIENCY else ("", PIXEL_VIEWS[view])
        kept = self._kept.place(sha256, f"{view}-{VERSION}{variant}.webp")
        return self._once(kept, lambda: self._picture(sha256, draw, name))

    def small(self, sha256: str, name: str) -> Future[Path]:
        """As ``request``, of the image itself: its larger side at most `SMALL` pixels."""
        kept = self._kept.place(sha256, f"small-{SMALL}.webp")
        return self._once(kept, lambda: self._picture(sha256, shrink, name))

    def draw(self, data: bytes, view: View, name: str) -> Future[bytes]:
        """The picture of ``view`` of a file's bytes, as ``request`` makes it; nothing is kept.

        The future raises InputError where the image is too large, and RefusedFile for no image.
        """
        paint = self._saliency_here() if view is View.SALIENCY else PIXEL_VIEWS[view]
        return self._pool.submit(lambda: webp(self._drawn(data, paint, name)))

    def _saliency(self) -> tuple[str, Draw]:
        """Of the head that triage decides on; by which name its pictures are kept."""
        policy = self._policies.current()
        detector = self._detectors.detector(policy.checkpoint)
        head = HeadName(policy.head)
        variant = digest(f"{policy.checkpoint}/{head}".encode()).hexdigest()[:16]
        return f"-{variant}", partial(draw_saliency, detector, head)

    def _saliency_here(self) -> Draw:
        """Of the detector that reads images here; see ``Detectors.reader``."""
        policy = self._policies.current()
        detector = self._detectors.reader(policy.checkpoint)
        decides = detector.checkpoint.id == policy.checkpoint
        head = HeadName(policy.head) if decides else detector.checkpoint.default_head
        return partial(draw_saliency, detector, head)

    def _once(self, kept: Path, make: Callable[[], Image.Image]) -> Future[Path]:
        """The future of ``kept``: found, being made for somebody else, or made now."""
        with self._lock:
            running = self._running.get(kept)
            if running is not None:
                return running
            if self._kept.find(kept):
                found: Future[Path] = Future()
                found.set_result(kept)
                return found
            made = self._pool.submit(self._make, kept, make)
            self._running[kept] = made
        made.add_done_callback(lambda _done: self._forget(kept))
        return made

    def _forget(self, kept: Path) -> None:
        with self._lock:
            self._running.pop(kept, None)

    def _make(self, kept: Path, make: Callable[[], Image.Image]) -> Path:
        self._kept.keep(kept, webp(make()))
        return kept

    def _picture(self, sha256: str, draw: Draw, name: str) -> Image.Image:
        try:
            data = self._media.original(sha256).read_bytes()
        except OSError as error:
            raise NotFoundError(Text("refusals.file_missing", {"name": name})) from (error)
        return self._drawn(data, draw, name)

    def _drawn(self, data: bytes, draw: Draw, name: str) -> Image.Image:
        decoded = decode(data, name, self._limits)
        pixels = decoded.width * decoded.height
        if pixels > MAX_PIXELS:
            raise InputError(
                Text(
                    "refusals.too_large_for_views",
                    {
                        "name": name,
                        "megapixels": round(pixels / 1e6),
                        "most": round(MAX_PIXELS / 1e6),
                    },
                )
            )
        # Blocks of a JPEG lie where the file has them: the view is drawn there, and then turned.
        return upright(draw(as_stored(decoded.image, decoded.orientation)), decoded.orientation)


def shrink(image: Image.Image) -> Image.Image:
    """``image`` small enough for a grid of many; a small one as it is."""
    small = image.copy()
    small.thumbnail((SMALL, SMALL))
    return small


def draw_saliency(detector: Detector, head: HeadName, image: Image.Image) -> Image.Image:
    """Where ``head`` looks, drawn over ``image``."""
    return overlay(image, detector.saliency(image, head))


def webp(image: Image.Image) -> bytes:
    """``image`` as WebP, within the bound."""
    buffer = BytesIO()
    bounded(image).save(buffer, "WEBP", quality=_QUALITY, method=0)
    return buffer.getvalue()
