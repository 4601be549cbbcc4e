"""Marks and verdicts as COCO: a category for each verdict, which is the whole image, and one for
what somebody marked, in pixels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from review_app.core.errors import DamagedImageError, InputError, NotFoundError
from review_app.core.files import atomic_folder
from review_app.core.hashing import sha256
from review_app.core.progress import Progress
from review_app.intake.store import MediaStore
from review_app.records.exports.batch import ItemBatch
from review_app.records.exports.description import ColumnType, Description, ExportedFile
from review_app.records.exports.folder import FolderExport, write_description
from review_app.records.exports.said import Said
from review_app.records.exports.selection import EVERYTHING, Selection
from review_app.records.manifest import IMAGES, refuse_existing_folder
from review_app.records.settled import LeftOut
from review_app.review.regions import Region, Shape
from storage.database import Database
from storage.enums import LabelValue
from storage.repositories.export_columns import PICTURES
from storage.types import utc_now

ANNOTATIONS: Final = "annotations.json"
_VERDICTS: Final = {value: number for number, value in enumerate(LabelValue, 1)}
_REGION: Final = len(_VERDICTS) + 1
_CATEGORIES: Final = [
    *({"id": n, "name": value.value, "supercategory": "verdict"} for value, n in _VERDICTS.items()),
    {"id": _REGION, "name": "region", "supercategory": "mark"},
]


def write_coco(
    database: Database,
    media: MediaStore,
    folder: Path,
    selection: Selection = EVERYTHING,
    *,
    without_images: bool = False,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> FolderExport:
    """Write the labelled pictures of ``selection`` into the new ``folder``, whole or not at all:
    ``annotations.json`` and, unless ``without_images``, the images it names.

    Raises:
        InputError: the folder is there and not empty, or cannot be made.
    """
    refuse_existing_folder(folder)
    now = now or utc_now()
    found = _Coco()
    try:
        with atomic_folder(folder) as draft:
            with database.read() as repos:
                for batch in selection.batches(repos, now, progress, PICTURES):
                    found.add(batch)
            files, lost = _images(found, draft, None if without_images else media)
            document = found.document(now)
            (draft / ANNOTATIONS).write_bytes(document)
            files.append(ExportedFile(ANNOTATIONS, len(document), sha256(document)))
            described = Description(
                form="coco",
                row_of="image",
                as_of=now,
                rows=len(found.images),
                selection=selection.to_json(),
                counts={"label": dict(found.labels)},
                columns=[ColumnType(name, str) for name in ("file_name", "sha256")],
                table=ANNOTATIONS,
                files=files,
                left_out={reason.value: n for reason, n in found.left_out.items() if n},
            )
            manifest = write_description(draft, described)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror}); choose another folder"
        ) from error
    counts = {"label": dict(found.labels)}
    return FolderExport(folder, len(found.images), counts, Counter(found.left_out), lost, manifest)


@dataclass
class _Coco:
    """The parts of a COCO document, as they are found."""

    images: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
    left_out: Counter[LeftOut] = field(default_factory=Counter)

    def add(self, batch: ItemBatch) -> None:
        """The labelled pictures of a batch."""
        stored = batch.stored
        self.left_out[LeftOut.UNLABELLED] += len(batch) - len(batch.said)
        for at, said in sorted(batch.said.items()):
            if said.label is None:
                self.left_out[LeftOut.UNSETTLED] += 1
            elif not stored["has_picture"][at]:
                self.left_out[LeftOut.NO_PICTURE] += 1
            else:
                size = (stored["width"][at], stored["height"][at])
                self._add(stored["image_id"][at], size, said)
                name = f"{IMAGES}/{stored['sha256'][at]}.{stored['format'][at].lower()}"
                self.images[-1] |= {"file_name": name, "sha256": stored["sha256"][at]}

    def _add(self, image_id: int, size: tuple[int, int], said: Said) -> None:
        width, height = size
        assert said.label is not None
        self.images.append({"id": image_id, "width": width, "height": height})
        self.labels[said.label.value] += 1
        whole = {"bbox": [0, 0, width, height], "area": width * height, "segmentation": []}
        self._annotate(image_id, _VERDICTS[said.label], whole)
        for region in _regions(said):
            self._annotate(image_id, _REGION, in_pixels(region, size))

    def _annotate(self, image_id: int, category: int, where: dict[str, Any]) -> None:
        number = len(self.annotations) + 1
        known = {"id": number, "image_id": image_id, "category_id": category, "iscrowd": 0}
        self.annotations.append(known | where)

    def document(self, now: datetime) -> bytes:
        """The whole of it, as JSON."""
        document = {
            "info": {"description": "Labels from deepfake-review", "date_created": now.isoformat()},
            "images": self.images,
            "annotations": self.annotations,
            "categories": _CATEGORIES,
        }
        return json.dumps(document, allow_nan=False).encode()


def in_pixels(region: Region, size: tuple[int, int]) -> dict[str, Any]:
    """A mark on a picture of ``size`` (width, height), as COCO has it: ``bbox`` [x, y, width,
    height], ``area``, and ``segmentation``, a polygon of pixels [x, y, x, y, ...]."""
    width, height = size
    points = [(x * width, y * height) for x, y in region.points]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    if region.shape is Shape.RECTANGLE:
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return {
        "bbox": [left, top, right - left, bottom - top],
        "area": region.area * width * height,
        "segmentation": [[value for point in points for value in point]],
    }


def _regions(said: Said) -> Iterator[Region]:
    for answer in said.labels:
        yield from (Region.model_validate(region) for region in answer.regions or ())


def _images(
    found: _Coco, draft: Path, media: MediaStore | None
) -> tuple[list[ExportedFile], list[str]]:
    """Copies of the images, where they are wanted; and what is lost, in words."""
    files: list[ExportedFile] = []
    lost: list[str] = []
    if media is None:
        return files, lost
    (draft / IMAGES).mkdir()
    for image in found.images:
        try:
            data = media.read_original(image["sha256"])
        except (NotFoundError, DamagedImageError) as error:
            lost.append(f"{image['file_name']}: {error}")
        else:
            (draft / image["file_name"]).write_bytes(data)
            files.append(ExportedFile(image["file_name"], len(data), image["sha256"]))
    return files, lost
