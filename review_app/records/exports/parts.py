"""The parts of an image folder, one for each split: folders of labels, or archives of them.

Of an image that was put in nothing is kept in memory: what is to be told of it at the end lies on
disk.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from review_app.core.hashing import sha256_of_file
from review_app.core.spool import Spool
from review_app.core.spooled_archive import SpooledArchive
from review_app.manifests.labels import ManifestLabel
from review_app.manifests.manifest import ManifestRow
from review_app.records.exports.description import ExportedFile
from review_app.records.settled_images import SettledImage

METADATA: Final = "metadata.jsonl"
_LATER: Final = "train"
"""The split of images without one, when others have one."""


class FolderParts:
    """The parts below the folder ``root``, and what was put into them."""

    def __init__(self, root: Path, zipped: bool, split: bool) -> None:
        """``split``: whether some images have a split."""
        self.placed = Spool(root, _as_told, _as_placed)
        """The images that were put in, in order."""
        self.files: Spool[ExportedFile] = Spool(root, astuple, lambda told: ExportedFile(*told))
        self.counts: dict[str, Counter[str]] = {"label": Counter(), "split": Counter()}
        """How many of them have which label, and are in which split."""
        self._root = root
        self._zipped = zipped
        self._has_splits = split
        self._lines: dict[str, BinaryIO] = {}
        self._archives: dict[str, SpooledArchive] = {}

    def add(self, one: SettledImage, data: bytes) -> None:
        """Put an image into the part of its split."""
        part, name = self._part(one), _name(one)
        if self._zipped:
            self._archive(part).writestr(name, data)
        else:
            path = self._root / part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            self.files.append(ExportedFile(_below(part, name), len(data), one.sha256))
        self._tell(part, one)
        self.placed.append(one)
        self.counts["label"][str(one.label)] += 1
        self.counts["split"][self.split(one) or "none"] += 1

    def close(self) -> None:
        """Give the disk back that the lists of them take."""
        self.placed.close()
        self.files.close()

    def finish(self) -> None:
        """Put beside the images of each part what they are, and end its archive."""
        for part, lines in self._lines.items():
            lines.close()
            written = self._written(part)
            if self._zipped:
                self._archives[part].write(written, METADATA)
                self._archives[part].close()
                written.unlink()
                self.note_file(f"{part}.zip")
            else:
                written.replace(self._root / part / METADATA)
                self.note_file(_below(part, METADATA))

    def note_file(self, name: str) -> None:
        """Remember a file that lies there already."""
        path = self._root / name
        self.files.append(ExportedFile(name, path.stat().st_size, sha256_of_file(path)))

    def rows(self) -> Iterator[ManifestRow]:
        """The rows of a manifest of what was put in."""
        for number, one in enumerate(self.placed, 2):
            name = _name(one)
            known = (one.label, one.source, one.group, self.split(one), one.weight)
            yield ManifestRow(number, name, self._root / self._part(one) / name, *known)

    def split(self, one: SettledImage) -> str | None:
        """The split that an image is in; None where none has one."""
        return (one.split or _LATER) if self._has_splits else None

    def _part(self, one: SettledImage) -> str:
        return self.split(one) or (_LATER if self._zipped else "")

    def _tell(self, part: str, one: SettledImage) -> None:
        name = _name(one)
        row: dict[str, Any] = {
            "file_name": name,
            "path": name,
            "label": one.label.value,
            "source": one.source or "",
            "group": one.group or "",
            "split": self.split(one) or "",
            "sha256": one.sha256,
            "name": one.name,
            "weight": float(one.weight),
        }
        if part not in self._lines:
            self._lines[part] = self._written(part).open("wb")
        self._lines[part].write((json.dumps(row, ensure_ascii=False) + "\n").encode())

    def _written(self, part: str) -> Path:
        """The file that the lines of a part are written to, until all of them are."""
        return self._root / f".{part}.{METADATA}"

    def _archive(self, part: str) -> SpooledArchive:
        if part not in self._archives:
            self._archives[part] = SpooledArchive(self._root / f"{part}.zip")
        return self._archives[part]


def _as_told(one: SettledImage) -> list[Any]:
    return list(astuple(one))


def _as_placed(told: list[Any]) -> SettledImage:
    one = SettledImage(*told)
    return replace(one, label=ManifestLabel(one.label))


def _name(one: SettledImage) -> str:
    return f"{one.label}/{one.sha256}.{one.format.lower()}"


def _below(part: str, name: str) -> str:
    return f"{part}/{name}" if part else name
