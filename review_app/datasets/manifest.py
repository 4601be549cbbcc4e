"""Manifests: CSV lists of images with what is known of them. No torch here; intake reads them too.

A manifest has a header with ``path`` (relative to the file, or absolute) and, where known,
``label`` (real or fake), ``source`` (where the image comes from), ``group`` (what must not be
split: a video, a person, a photo) and ``split`` (train, val, test or any other name). Other columns
are ignored.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path

from review_app.datasets.files import write_whole
from review_app.errors import ManifestError

_SHOWN = 5
_COLUMNS = ("path", "label", "source", "group", "split")
_Record = tuple[int, dict[str, str | None]]  # line of the file, values by column


class Label(StrEnum):
    """What an image is, as a manifest states it."""

    REAL = "real"
    """A camera made it."""
    FAKE = "fake"
    """Made or altered by a generator or an editor."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One image of a manifest."""

    row: int
    """Line of the file: the header is row 1, and blank lines count."""
    name: str
    """Path as the manifest writes it."""
    path: Path
    """Path to open."""
    label: Label | None = None
    source: str | None = None
    group: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows of one manifest file, in its order."""

    path: Path
    rows: tuple[ManifestRow, ...]

    @property
    def splits(self) -> frozenset[str]:
        """Names of the splits that occur."""
        return frozenset(row.split for row in self.rows if row.split)

    def split(self, name: str) -> tuple[ManifestRow, ...]:
        """Rows of the split called ``name``."""
        return tuple(row for row in self.rows if row.split == name)

    def to_measure(self, asked: str | None = None) -> tuple[str | None, tuple[ManifestRow, ...]]:
        """What figures are of: the split ``asked`` for, else ``test`` where it occurs, else all
        rows; its name (None for all) and rows. Raises ManifestError where ``asked`` does not occur.
        """
        if asked is not None and asked not in self.splits:
            known = ", ".join(sorted(self.splits)) or "none"
            raise ManifestError(f"{self.path} has no split {asked!r}; its splits: {known}")
        chosen = asked or ("test" if "test" in self.splits else None)
        return chosen, self.rows if chosen is None else self.split(chosen)

    def missing_files(self) -> tuple[ManifestRow, ...]:
        """Rows whose file is not there."""
        return tuple(row for row in self.rows if not row.path.is_file())


def read_manifest(path: Path, *, check_files: bool = False, check_groups: bool = True) -> Manifest:
    """Read and check the manifest at ``path``.

    Raises ManifestError, naming rows, for: a file that cannot be read as UTF-8 CSV, no ``path``
    column, no rows, rows without a path, unknown labels, paths given twice, (with ``check_groups``)
    a group in more than one split, and (with ``check_files``) files that are not there.
    """
    rows = _read_rows(path)
    if not rows:
        raise ManifestError(f"{path} has no rows; it needs one per image below its header")
    manifest = Manifest(path, rows)
    _refuse_duplicates(manifest)
    if check_groups:
        refuse_torn_groups(manifest)
    if check_files and (missing := manifest.missing_files()):
        raise ManifestError(
            f"{path}: {len(missing)} of {len(rows)} files are not there, at {named(missing)}; "
            f"paths are relative to {path.parent}"
        )
    return manifest


def write_manifest(path: Path, rows: Iterable[ManifestRow]) -> None:
    """Write ``rows`` to a new manifest at ``path``, whole or not at all.

    Images below the manifest's folder are named relative to it, others absolutely. Raises
    ManifestError where the file exists or cannot be written.
    """
    folder = Path(os.path.abspath(path.parent))  # noqa: PTH100 - a link stays what it is called
    refuse_existing(path)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((_name_from(folder, row.path), *_known(row)) for row in rows)
    try:
        write_whole(path, text.getvalue())
    except OSError as error:
        raise ManifestError(
            f"{path} cannot be written ({error.strerror}); choose another folder"
        ) from error


def refuse_existing(path: Path) -> None:
    """Raise ManifestError where ``path`` exists: a manifest is never overwritten."""
    if path.exists():
        raise ManifestError(f"{path} exists; choose another name, or move it away first")


def _name_from(folder: Path, image: Path) -> str:
    image = Path(os.path.abspath(image))  # noqa: PTH100
    return str(image.relative_to(folder) if image.is_relative_to(folder) else image)


def _known(row: ManifestRow) -> tuple[str, str, str, str]:
    return (row.label or "", row.source or "", row.group or "", row.split or "")


def require_labels(manifest: Manifest, rows: Sequence[ManifestRow], purpose: str) -> None:
    """Raise ManifestError unless ``rows`` all have labels and both classes occur."""
    unlabelled = [row for row in rows if row.label is None]
    if unlabelled:
        raise ManifestError(
            f"{manifest.path}: {len(unlabelled)} rows for {purpose} have no label, at "
            f"{named(unlabelled)}; write real or fake there, or leave the rows out"
        )
    labels = {row.label for row in rows}
    if len(labels) < 2:
        only = next(iter(labels)) if labels else "no"
        raise ManifestError(
            f"{manifest.path}: {only} images only among the {len(rows)} rows for {purpose}; "
            "real and fake images are both needed"
        )


def _read_rows(path: Path) -> tuple[ManifestRow, ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = reader.fieldnames or ()
            if not columns:
                raise ManifestError(f"{path} is empty; it needs a header with at least 'path'")
            if "path" not in columns:
                raise ManifestError(
                    f"{path} has no column 'path', only: {', '.join(columns)}; row 1 must name "
                    "the columns, separated by commas"
                )
            records = [(reader.line_num, record) for record in reader]
    except FileNotFoundError:
        raise ManifestError(f"there is no manifest {path}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(
            f"{path} cannot be read as a CSV file in UTF-8 ({error}); save it as such"
        ) from error
    return _typed(path, records)


def _typed(
    path: Path, records: Sequence[tuple[int, dict[str, str | None]]]
) -> tuple[ManifestRow, ...]:
    rows: list[ManifestRow] = []
    nameless: list[int] = []
    unknown: list[str] = []
    for number, record in records:
        known = {
            column: value.strip()
            for column, value in record.items()
            if isinstance(value, str) and value.strip()
        }
        label = known.get("label", "").lower()
        if "path" not in known:
            nameless.append(number)
        elif label and label not in set(Label):
            unknown.append(f"row {number} ({known['label']!r})")
        else:
            rows.append(_row(path, number, known, Label(label) if label else None))
    if nameless:
        raise ManifestError(f"{path}: no path in {listed(f'row {n}' for n in nameless)}")
    if unknown:
        raise ManifestError(
            f"{path}: {len(unknown)} labels are neither real nor fake, at {listed(unknown)}"
        )
    return tuple(rows)


def _row(path: Path, number: int, known: dict[str, str], label: Label | None) -> ManifestRow:
    return ManifestRow(
        row=number,
        name=known["path"],
        path=Path(os.path.normpath(path.parent / known["path"])),
        label=label,
        source=known.get("source"),
        group=known.get("group"),
        split=known.get("split", "").lower() or None,
    )


def _refuse_duplicates(manifest: Manifest) -> None:
    first: dict[Path, int] = {}
    twice: list[str] = []
    for row in manifest.rows:
        if row.path in first:
            twice.append(f"row {row.row} ({row.name}, as in row {first[row.path]})")
        first.setdefault(row.path, row.row)
    if twice:
        raise ManifestError(
            f"{manifest.path}: {len(twice)} paths are given twice, at {listed(twice)}; keep one "
            "row for each image"
        )


def torn_groups(rows: Iterable[ManifestRow]) -> dict[str, dict[str, int]]:
    """Groups in more than one split: for each, its splits with the first row there."""
    members: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if row.group and row.split:
            members[row.group].setdefault(row.split, row.row)
    return {group: splits for group, splits in members.items() if len(splits) > 1}


def refuse_torn_groups(manifest: Manifest) -> None:
    """Raise ManifestError, naming rows, where a group lies in more than one split."""
    torn = [
        f"{group!r} ({', '.join(f'{split} in row {row}' for split, row in splits.items())})"
        for group, splits in torn_groups(manifest.rows).items()
    ]
    if torn:
        raise ManifestError(
            f"{manifest.path}: {len(torn)} groups lie in more than one split: {listed(torn)}; "
            "put all images of a group into one split, or results would be too good to be true"
        )


def named(rows: Iterable[ManifestRow]) -> str:
    """The first few of ``rows`` for a message, and how many more there are."""
    return listed(f"row {row.row} ({row.name})" for row in rows)


def listed(items: Iterable[str]) -> str:
    """The first few of ``items`` for a message, and how many more there are."""
    everything = list(items)
    more = len(everything) - _SHOWN
    return ", ".join(everything[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
