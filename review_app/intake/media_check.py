"""Every stored file, read from beginning to end: is it there, is it whole, is it needed?"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from review_app.core.chunks import batches
from review_app.core.errors import DamagedImageError, NotFoundError
from review_app.core.progress import Progress
from review_app.intake.store import MediaStore
from storage.database import Database
from storage.models.image import Picture

_BATCH = 500


@dataclass
class MediaReport:
    """Paths of files below the data directory."""

    checked: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    """Files that no image has: left by an intake that was cut off, or by a restore of the database
    alone. They do no harm."""

    @property
    def is_whole(self) -> bool:
        """Whether every file is there and has the content that it should."""
        return not (self.missing or self.damaged)

    @property
    def text(self) -> str:
        """The report for people: each file, and how many were read."""
        lines = [
            f"{what}: {path}"
            for what, paths in (("missing", self.missing), ("damaged", self.damaged))
            for path in paths
        ]
        orphans = f", {len(self.orphans)} that no image has" if self.orphans else ""
        return "\n".join([*lines, f"{self.checked} stored files read{orphans}"])

    def to_json(self) -> dict[str, object]:
        """The report for ``db check --media --json``."""
        return {
            "checked": self.checked,
            "missing": self.missing,
            "damaged": self.damaged,
            "orphans": self.orphans,
        }


def check_media(
    database: Database, media: MediaStore, progress: Progress = lambda done, total: None
) -> MediaReport:
    """Read the original and the copy for reviewers of every image that has a picture."""
    report = MediaReport()
    # What is taken in from now on is no orphan: its row comes after its file.
    left = {path: media.relative(path) for path in media.all_stored()}
    with database.read() as repos:
        pictures = repos.images.pictures() + repos.item_marks.hidden_pictures()
    for done, batch in enumerate(batches(pictures, _BATCH), start=1):
        for picture in batch:
            _read(media, picture, left, report)
        progress(min(done * _BATCH, len(pictures)), len(pictures))
    report.orphans = sorted(left.values())
    return report


def _read(media: MediaStore, picture: Picture, left: dict[Path, str], report: MediaReport) -> None:
    original = media.original(picture.sha256)
    public = media.public(picture.sha256, picture.public_type)
    for path, read in (
        (original, lambda: media.read_original(picture.sha256)),
        (public, lambda: media.verified_public(picture)),
    ):
        left.pop(path, None)
        report.checked += 1
        try:
            read()
        except NotFoundError:
            report.missing.append(media.relative(path))
        except DamagedImageError:
            report.damaged.append(media.relative(path))
