"""Manifests: lists of images with what is known of them. No torch here; intake reads them too.

A manifest is a table (`tables`) whose columns are ``path`` (relative to the file, or absolute) and,
where known, ``label`` (real or fake), ``source`` (where the image comes from), ``group`` (what must
not be split: a video, a person, a photo), ``split`` (train, val, test or any other name),
``generator`` (what made a fake; for a real image as good as ``photo``, or nothing) and ``weight``
(how many images of the stream it stands for; see `weights`). Other columns are ignored. `Dialect`
reads tables that call these by other names.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path

from review_app.core.errors import ManifestError
from review_app.core.files import atomic_write
from review_app.i18n import Text
from review_app.manifests.dialect import COLUMNS, OWN, Dialect, advice, hint
from review_app.manifests.exported import NO_CLAIM, is_export_table, table_of
from review_app.manifests.files import is_file
from review_app.manifests.labels import ManifestLabel
from review_app.manifests.tables import Table, TableRow, read_table, refuse_size
from review_app.manifests.weights import WANTED, weight_of

__all__ = ["Manifest", "ManifestLabel", "ManifestRow", "read_manifest", "write_manifest"]

_SHOWN = 5
_WHERE_KNOWN = ("generator", "weight")
"""Columns that are written where a row has one."""
_ELSEWHERE = ("http://", "https://", "ftp://", "s3://", "gs://", "file://", "data:")


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One image of a manifest."""

    row: int
    """Line of the file: the header is row 1, and blank lines count."""
    name: str
    """Path as the manifest writes it."""
    path: Path
    """Path to open."""
    label: ManifestLabel | None = None
    source: str | None = None
    group: str | None = None
    split: str | None = None
    weight: float | None = None
    generator: str | None = None
    """What made the image, as the manifest writes it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows of one manifest file, in its order."""

    path: Path
    rows: tuple[ManifestRow, ...]
    columns: tuple[str, ...] = COLUMNS
    """The columns as the file names them."""

    @property
    def hint(self) -> Text | None:
        """What to do where no label was read although the file seems to have some; else None."""
        if any(row.label for row in self.rows):
            return None
        return hint(self.path.name, self.columns)

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
        return tuple(row for row in self.rows if not is_file(row.path))


def read_manifest(
    path: Path,
    *,
    dialect: Dialect = OWN,
    check_files: bool = False,
    check_groups: bool = True,
    weighted: bool = True,
) -> Manifest:
    """Read and check the manifest at ``path``, or that of the export which ``path`` is; ``dialect``
    says what it calls things.

    Raises ManifestError, naming rows, for: a file that cannot be read as a table, no ``path``
    column or two of them, no rows, rows without a path, unknown labels, paths given twice, (with
    ``check_groups``) a group in more than one split, (with ``check_files``) files that are not
    there, and (where it is ``weighted``) weights that are none, or that only some rows have.
    """
    path = table_of(path)
    manifest = parse_manifest(path, _bytes(path), dialect, weighted=weighted)
    if check_groups:
        refuse_torn_groups(manifest)
    if check_files and (missing := manifest.missing_files()):
        why = why_missing(missing[0]) or f"paths are relative to {path.parent}"
        raise ManifestError(
            f"{path}: {len(missing)} of {len(manifest.rows)} files are not there, at "
            f"{named(missing)}; {why}"
        )
    return manifest


def parse_manifest(
    path: Path, data: bytes, dialect: Dialect = OWN, *, weighted: bool = False
) -> Manifest:
    """The manifest in ``data``, whose paths are relative to the folder of ``path``; nothing is
    opened. Raises ManifestError as `read_manifest`, but for groups and files. Unless it is
    ``weighted``, a column of that name is any other column, and ignored.
    """
    table = read_table(str(path), data, COLUMNS, dialect.columns)
    if not table.columns:
        raise ManifestError(f"{path} is empty; it needs a header with at least 'path'")
    if "path" not in dialect.names(table.columns):
        raise ManifestError(
            f"{path} has no column 'path', only: {', '.join(table.columns)}; "
            f"{advice(path.name, table.columns)}"
        )
    rows = _typed(path, table, dialect)
    if not rows:
        raise ManifestError(f"{path} has no rows; it needs one per image below its header")
    if weighted:
        rows = _weighted(path, table, rows)
    manifest = Manifest(path, rows, table.columns)
    _refuse_duplicates(manifest)
    return manifest


def why_missing(row: ManifestRow) -> str | None:
    """What to do about a file that is not there, where its name tells; else None."""
    if row.name.lower().startswith(_ELSEWHERE):
        return "an address; nothing is downloaded: fetch the file, and name it by its path"
    if len(row.name) > 2 and row.name[1] == ":" and row.name[2] in "\\/":
        return "a path of Windows; write it relative to the manifest"
    return None


def write_manifest(
    path: Path, rows: Iterable[ManifestRow], columns: Sequence[str] | None = None
) -> None:
    """Write ``rows`` to a new manifest at ``path``, whole or not at all.

    Images below the manifest's folder are named relative to it, others absolutely. Without
    ``columns``, there are those of generators and weights where a row has one; with them, only a
    row is in memory at a time. Raises ManifestError where the file exists or cannot be written.
    """
    folder = Path(os.path.abspath(path.parent))  # noqa: PTH100 - a link stays what it is called
    refuse_existing(path)
    if columns is None:
        rows = list(rows)
        columns = [name for name in COLUMNS if _is_written(name, rows)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            text = TextIOWrapper(file, encoding="utf-8", newline="")
            writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows({"path": _name_from(folder, row.path), **_known(row)} for row in rows)
            text.detach()
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


def _is_written(column: str, rows: Iterable[ManifestRow]) -> bool:
    return column not in _WHERE_KNOWN or any(getattr(row, column) is not None for row in rows)


def _known(row: ManifestRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in COLUMNS[1:]}


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


def _bytes(path: Path) -> bytes:
    try:
        refuse_size(str(path), path.stat().st_size)
        return path.read_bytes()
    except FileNotFoundError:
        raise ManifestError(f"there is no manifest {path}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ManifestError(f"{path} cannot be read ({why}); look at who may read it") from error


def _typed(path: Path, table: Table, dialect: Dialect) -> tuple[ManifestRow, ...]:
    rows: list[ManifestRow] = []
    nameless: list[int] = []
    unknown: dict[int, str] = {}
    silent = NO_CLAIM if is_export_table(table.columns) else frozenset()
    for given in table.rows:
        label, written = None, given.values.get("label", "")
        if "path" not in given.values:
            nameless.append(given.row)
        elif written and written not in silent and ((label := dialect.label(written)) is None):
            unknown[given.row] = written
        else:
            rows.append(_row(path, given, label))
    if nameless:
        raise ManifestError(f"{path}: no path in {listed(f'row {n}' for n in nameless)}")
    if unknown:
        where = listed(f"row {row} ({written!r})" for row, written in unknown.items())
        raise ManifestError(
            f"{path}: {len(unknown)} labels are neither real nor fake, at {where}; "
            f"{dialect.label_advice(unknown.values())}"
        )
    return tuple(rows)


def _weighted(path: Path, table: Table, rows: tuple[ManifestRow, ...]) -> tuple[ManifestRow, ...]:
    """``rows``, those of ``table``, with the weights that are written there."""
    written = [given.values.get("weight") for given in table.rows]
    if not any(written):
        return rows
    if without := [row for row, text in zip(rows, written, strict=True) if text is None]:
        raise ManifestError(
            f"{path}: {len(without)} rows have no weight though others have one, at "
            f"{named(without)}; write 1 where an image stands for itself alone"
        )
    weights = [weight_of(text or "") for text in written]
    found = zip(rows, written, weights, strict=True)
    if unusable := [f"row {row.row} ({text!r})" for row, text, weight in found if weight is None]:
        raise ManifestError(
            f"{path}: {len(unusable)} weights are not {WANTED}, at {listed(unusable)}; mend them, "
            "or call the column otherwise if it means something else"
        )
    return tuple(replace(row, weight=w) for row, w in zip(rows, weights, strict=True))


def _row(path: Path, given: TableRow, label: ManifestLabel | None) -> ManifestRow:
    known = given.values
    return ManifestRow(
        row=given.row,
        name=known["path"],
        path=_place(path.parent, known["path"]),
        label=label,
        source=known.get("source"),
        group=known.get("group"),
        split=known.get("split", "").lower() or None,
        generator=known.get("generator"),
    )


def _place(folder: Path, name: str) -> Path:
    """The path of the file that a manifest in ``folder`` calls ``name``, slashes of either way."""
    place = Path(os.path.normpath(folder / name))
    if "\\" in name and not is_file(place):
        return Path(os.path.normpath(folder / name.replace("\\", "/")))
    return place


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
