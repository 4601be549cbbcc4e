"""Views of stored images: computed once, by the worker process, and kept on disk."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256 as digest
from pathlib import Path
from typing import Any, Final

from review_app.core.messages import Job
from review_app.detectors.registry import Detectors
from review_app.forensics.views import VERSION, View
from review_app.inspection.workshop import JobResult, Workshop
from review_app.intake.decode import Limits
from review_app.intake.derived import DerivedFiles
from review_app.intake.small import NAME
from review_app.intake.store import MediaStore
from review_app.policy.governance import PolicyService

MEDIA_TYPE = "image/webp"
MAX_PIXELS = 50_000_000
"""The most pixels of an image that views are computed of: a larger one would take too long and too
much memory."""
_SMALL: Final = "small"
MAX_WAITING: Final = 100
"""Views that one person may wait for: a grid asks for many at once."""


class ViewService:
    """Pictures of ``forensics.views`` by content; safe to share between threads.

    ``max_bytes`` of them are kept; one that had to go is computed again. Each person's are computed
    one at a time: who asks for many delays nobody else.
    """

    def __init__(
        self,
        media: MediaStore,
        max_bytes: int,
        limits: Limits,
        policies: PolicyService,
        detectors: Detectors,
        workshop: Workshop,
    ) -> None:
        self._kept = DerivedFiles(media, max_bytes)
        self._policies = policies
        self._detectors = detectors
        self._media = media
        self._limits = limits
        self._workshop = workshop
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="view")
        self._running: dict[Path, Future[Path]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Keep what has been drawn; no call may follow."""
        self._pool.shutdown(cancel_futures=True)

    def request(
        self, person_id: int, sha256: str, view: View, name: str, *, again: bool = False
    ) -> Future[Path]:
        """The path of the picture of ``view`` of the stored image, once it lies there: WebP, its
        larger side at most ``LARGEST_SIDE``. ``name`` stands for the image in messages. It is drawn
        ``again`` though it is kept.

        The future raises InputError where the image is too large. Raises NotFoundError where the
        image's file is gone, and for the saliency of a detector whose model is not here,
        DamagedImageError where the file is another by now, and BusyError where the person waits
        for `MAX_WAITING` already.
        """
        variant, how = self._saliency() if view is View.SALIENCY else ("", {})
        kept = self._kept.place(sha256, f"{view}-{VERSION}{variant}.webp")
        return self._once(kept, person_id, sha256, {"view": view, "name": name, **how}, again)

    def small(self, person_id: int, sha256: str, name: str, *, again: bool = False) -> Future[Path]:
        """The path of a picture of the image itself, as ``request`` has it: its larger side at most
        `SMALL` pixels. It is made of any image that intake takes: making it smaller takes less than
        a view."""
        kept = self._kept.place(sha256, NAME)
        return self._once(kept, person_id, sha256, {"view": _SMALL, "name": name}, again)

    def draw(self, person_id: int, path: Path, view: View, name: str) -> Future[JobResult]:
        """The picture of ``view`` of a file, as ``request`` makes it, as the first of the blobs;
        nothing is kept.

        The future raises InputError where the image is too large, and RefusedFile for no image.
        """
        how = self._saliency_here() if view is View.SALIENCY else {}
        return self._submit(person_id, path, {"view": view, "name": name, **how})

    def _saliency(self) -> tuple[str, Job]:
        """The saliency of the head that triage decides on, by the name by which its pictures are
        kept."""
        policy = self._policies.current()
        how = self._detectors.model(policy.checkpoint)
        variant = digest(f"{policy.checkpoint}/{policy.head}".encode()).hexdigest()[:16]
        return f"-{variant}", {**how, "head": policy.head}

    def _saliency_here(self) -> Job:
        """The saliency of the detector that reads images here; see ``Detectors.reader``."""
        policy = self._policies.current()
        checkpoint = self._detectors.reader(policy.checkpoint).checkpoint
        decides = checkpoint.id == policy.checkpoint
        head = policy.head if decides else checkpoint.default_head.value
        return {**self._detectors.model(checkpoint.id), "head": head}

    def _once(self, kept: Path, person_id: int, sha256: str, job: Job, again: bool) -> Future[Path]:
        """The future of ``kept``: found, being made for somebody else, or made now."""
        with self._lock:
            here = self._here(kept, again)
        if here is not None:
            return here
        # It may be read whole for that.
        path = self._media.verified_original(sha256, again=again)
        with self._lock:
            here = self._here(kept, again)
            if here is not None:
                return here
            found: Future[Path] = Future()
            drawn = self._submit(person_id, path, job)
            self._running[kept] = found
        drawn.add_done_callback(lambda done: self._pool.submit(self._keep, kept, done, found))
        return found

    def _here(self, kept: Path, again: bool) -> Future[Path] | None:
        running = self._running.get(kept)
        if running is not None or again or not self._kept.find(kept):
            return running
        found: Future[Path] = Future()
        found.set_result(kept)
        return found

    def _keep(self, kept: Path, drawn: Future[JobResult], found: Future[Path]) -> None:
        try:
            self._kept.keep(kept, drawn.result().blobs[0])
        except Exception as error:  # whoever waits is told, whatever it was
            found.set_exception(error)
        else:
            found.set_result(kept)
        finally:
            with self._lock:
                self._running.pop(kept, None)

    def _submit(self, person_id: int, path: Path, job: dict[str, Any]) -> Future[JobResult]:
        most = self._limits.max_pixels
        limits = {
            "max_bytes": self._limits.max_bytes,
            "max_pixels": most if job["view"] == _SMALL else min(MAX_PIXELS, most),
        }
        whole = {"do": "draw", "path": str(path), **limits, **job}
        return self._workshop.submit(person_id, whole, MAX_WAITING)
