"""A training manifest of what is settled: originals by their hash, weighed by how they were chosen.

An export tells of every item; a training wants images that are real or fake, each where its file
is, near-duplicates in one group, and weights that undo the choice of the policy. What is left out
is counted by its reason, and what whoever trains should know is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from review_app.core.errors import DamagedImageError, InputError, NotFoundError
from review_app.core.files import atomic_folder
from review_app.core.progress import Progress
from review_app.intake.store import MediaStore
from review_app.lab.datasets.origin import step, write_origin
from review_app.manifests.labels import ManifestLabel
from review_app.manifests.manifest import ManifestRow, write_manifest
from review_app.manifests.weights import effective_size
from review_app.policy.policy import Policy
from review_app.records.exports.selection import Selection
from review_app.records.settled import LeftOut
from review_app.records.settled_images import SettledImage, settled_images
from review_app.records.settled_spool import SettledSpool
from storage.database import Database
from storage.enums import TriageFlag
from storage.repositories import Repositories
from storage.repositories.export_columns import SETTLED
from storage.types import utc_now

NAME: Final = "manifest.csv"
"""The name of the manifest in its folder."""
IMAGES: Final = "images"
"""Folder beside it for copies."""


@dataclass(frozen=True)
class TrainingExport:
    """A report of what was written, and what was not."""

    path: Path
    rows: Sequence[ManifestRow]
    left_out: Counter[LeftOut]
    lost: Sequence[str]
    """Images whose stored file is missing or damaged, in words."""
    told: dict[str, int] = field(default_factory=dict)
    """How many rows are ``certifying``, ``audited``, ``corrected``, ``put_first`` or ``moved``."""

    def to_json(self) -> dict[str, Any]:
        """The document of ``export --manifest --json``."""
        weights = np.array([row.weight for row in self.rows])
        splits = Counter(row.split or "none" for row in self.rows)
        return {
            "path": str(self.path),
            "rows": len(self.rows),
            "labels": {label.value: self._count(label) for label in ManifestLabel},
            "splits": dict(sorted(splits.items())),
            "weights": {
                "smallest": float(weights.min()),
                "largest": float(weights.max()),
                "effective_n": effective_size(weights),
            },
            "left_out": {reason.value: self.left_out[reason] for reason in sorted(self.left_out)},
            "told": self.told,
        }

    def _count(self, label: ManifestLabel) -> int:
        return sum(row.label is label for row in self.rows)


def write_training_manifest(
    database: Database,
    media: MediaStore,
    folder: Path,
    *,
    copy: bool = False,
    mark: TriageFlag | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> TrainingExport:
    """Write the manifest of everything settled, or of items with ``mark``, into the new ``folder``,
    whole or not at all.

    Its paths are those of the stored originals, or, with ``copy``, of copies in the folder, which
    can then be taken elsewhere. Each original is read to its end before it is named.

    Raises:
        InputError: the folder is there and not empty, cannot be made, or nothing is settled.
    """
    refuse_existing_folder(folder)
    now = now or utc_now()
    left_out: Counter[LeftOut] = Counter()
    try:
        with atomic_folder(folder) as draft:
            with database.read() as repos:
                batches = Selection(mark=mark).batches(repos, now, names=SETTLED)
                settled = SettledSpool(settled_images(batches, now, left_out), draft)
                with closing(settled) as found:
                    grouped, moved = list(found), found.moved()
                proving = _certifying(repos, now)
            rows, lost = _rows(grouped, media, draft if copy else None, left_out, progress)
            if not rows:
                raise InputError(nothing_settled(left_out))
            write_manifest(draft / NAME, rows)
            counts = {reason.value: n for reason, n in left_out.items()}
            write_origin(draft / NAME, [step("export", folder, len(rows), [], left_out=counts)])
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror}); choose another folder"
        ) from error
    told = {
        "certifying": sum(one.sha256 in proving for one in grouped),
        "audited": sum(one.audited for one in grouped),
        "corrected": sum(one.corrected for one in grouped),
        "put_first": sum(one.put_first for one in grouped),
        "moved": moved,
    }
    return TrainingExport(folder / NAME, rows, left_out, lost, told)


def refuse_existing_folder(folder: Path) -> None:
    """Raise InputError unless ``folder`` is new, or empty."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(f"{folder} is there already; choose another folder, or move it away first")


def nothing_settled(left_out: Counter[LeftOut]) -> str:
    """What to say where there is nothing to train on."""
    counted = ", ".join(f"{n} {reason}" for reason, n in left_out.most_common()) or "no items"
    return f"no image is settled as real or fake yet ({counted}); there is nothing to train on"


def _certifying(repos: Repositories, now: datetime) -> frozenset[str]:
    """Hashes of the images whose labels the certificates in force may rest on."""
    current = repos.policies.current()
    policy = None if current is None else Policy.from_json(current.document)
    if policy is None or not policy.certificates:
        return frozenset()
    rows = repos.calibration.rows(policy.checkpoint, policy.head, now)
    return frozenset(row.key for row in rows)


def _rows(
    found: Sequence[SettledImage],
    media: MediaStore,
    copies: Path | None,
    left_out: Counter[LeftOut],
    progress: Progress | None,
) -> tuple[list[ManifestRow], list[str]]:
    """A row for each whole original; what is lost is counted, and told in words."""
    rows: list[ManifestRow] = []
    lost: list[str] = []
    if copies is not None:
        (copies / IMAGES).mkdir()
    for done, one in enumerate(found, 1):
        try:
            path = _file(one, media, copies)
        except (NotFoundError, DamagedImageError) as error:
            gone = isinstance(error, NotFoundError)
            left_out[LeftOut.MISSING if gone else LeftOut.DAMAGED] += 1
            lost.append(f"{one.name} ({media.original(one.sha256)}): {error}")
        else:
            known = (one.label, one.source, one.group, one.split, one.weight)
            rows.append(ManifestRow(len(rows) + 2, path.name, path, *known))
        if progress:
            progress(done, len(found))
    return rows, lost


def _file(one: SettledImage, media: MediaStore, copies: Path | None) -> Path:
    if copies is None:
        return media.verified_original(one.sha256)
    path = copies / IMAGES / f"{one.sha256}.{one.format.lower()}"
    path.write_bytes(media.read_original(one.sha256))
    return path
