"""Sources that a person points at (files, folders, archives, manifests) become one lazy stream of
candidates.

Nothing is read before it is asked for, so a stream can be counted, shown and interrupted cheaply.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from review_app.core.errors import RefusalReason, RefusedFile
from review_app.i18n import Text
from review_app.intake.archives import ArchiveLimits, display_name, entries, is_litter, is_zip
from review_app.intake.candidates import Candidate
from review_app.intake.packed import with_labels
from review_app.intake.signatures import FileKind, identify
from review_app.manifests.dialect import OWN, Dialect
from review_app.manifests.exported import archives, is_export, table_of
from review_app.manifests.files import is_file
from review_app.manifests.layout import label_of_path
from review_app.manifests.manifest import read_manifest, why_missing
from review_app.manifests.tables import SUFFIXES

_OTHER_TABLES: Final = {
    ".json": "json_whole",
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods", ".numbers"), "spreadsheet"),
}
"""Suffixes of what people have their labels in besides, and why it is not taken."""


@dataclass(frozen=True, slots=True)
class SourceReading:
    """A reading of sources, and what is to be said of them besides candidates and refusals."""

    max_bytes: int
    archives: ArchiveLimits = field(default_factory=ArchiveLimits)
    dialect: Dialect = OWN
    tables: bool = True
    """Whether a table is a manifest. Never for what was uploaded: it could name any file here."""
    remarks: list[Text] = field(default_factory=list)
    """Added to while the stream is read."""


def expand(paths: Iterable[Path], reading: SourceReading) -> Iterator[Candidate | RefusedFile]:
    """Yield every candidate under ``paths``, in a fixed order; what cannot be one is a refusal.

    Folders are walked in sorted order, without hidden files, litter of operating systems, and
    links that leave the folder. Zip archives (told by content) are streamed; the one table in one
    is its manifest. A table that is named itself is a manifest.

    Raises:
        ManifestError: a manifest cannot be used as a whole.
    """
    for path in paths:
        if _is_folder(path) and is_export(path):
            yield from _export(path, reading)
        elif _is_folder(path):
            yield from _labelled_folders(path, reading)
        elif path.suffix.lower() in SUFFIXES and is_file(path):
            yield from _manifest(path, reading) if reading.tables else [_table(path)]
        elif path.suffix.lower() in _OTHER_TABLES and is_file(path):
            detail = Text(f"intake.{_OTHER_TABLES[path.suffix.lower()]}")
            yield _refused(path, RefusalReason.UNSUPPORTED, detail)
        else:
            yield from _file(path, reading)


def count(paths: Iterable[Path], reading: SourceReading) -> int:
    """How many candidates and refusals ``expand`` will yield, for a progress bar; reads no image.

    Raises:
        ManifestError: as ``expand``.
    """
    return sum(1 for _ in expand(paths, replace(reading, remarks=[])))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _export(folder: Path, reading: SourceReading) -> Iterator[Candidate | RefusedFile]:
    """The images of an export that was named itself, with the labels that it has for them."""
    packed = archives(folder)
    if packed:
        for archive in packed:
            yield from _file(archive, reading)
    elif reading.tables:
        yield from _manifest(table_of(folder), reading)
    else:
        yield _table(folder)


def _labelled_folders(folder: Path, reading: SourceReading) -> Iterator[Candidate | RefusedFile]:
    """The folder's files; and a remark where the names of its folders seem to be labels."""
    n, root = 0, display_name(str(folder))
    for found in _folder(folder, folder.resolve(), reading):
        if isinstance(found, Candidate) and not found.packed:
            n += label_of_path(Path(found.name).relative_to(root)) is not None
        yield found
    if n:
        reading.remarks.append(Text("intake.labels_of_folders", {"n": n, "folder": root}))


def _folder(folder: Path, root: Path, reading: SourceReading) -> Iterator[Candidate | RefusedFile]:
    try:
        with os.scandir(folder) as found:
            items = sorted(found, key=lambda item: item.name)
    except OSError as error:
        yield _refused(folder, RefusalReason.UNREADABLE, _why(error))
        return
    for item in items:
        path = folder / item.name
        if is_litter(item.name) or (item.is_symlink() and _leaves(path, root)):
            continue
        if item.is_dir(follow_symlinks=False) and is_export(path):
            detail = Text("intake.export_in_folder")
            yield _refused(path, RefusalReason.NOT_AN_IMAGE, detail)
        elif item.is_dir(follow_symlinks=False):
            yield from _folder(path, root, reading)
        elif path.suffix.lower() in SUFFIXES:
            detail = Text("intake.table_in_folder")
            yield _refused(path, RefusalReason.NOT_AN_IMAGE, detail)
        elif not item.is_dir():
            yield from _file(path, reading)


def _leaves(link: Path, root: Path) -> bool:
    try:
        return not link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # dangling, or a loop
        return True


def _file(path: Path, reading: SourceReading) -> Iterator[Candidate | RefusedFile]:
    name = display_name(str(path))
    try:
        if not path.exists():
            yield _refused(path, RefusalReason.MISSING, Text("intake.no_such_file"))
        elif not path.is_file():
            yield _refused(path, RefusalReason.UNREADABLE, Text("intake.not_regular"))
        elif is_zip(path):
            found = entries(path, reading.max_bytes, reading.archives)
            yield from with_labels(path, found, reading.dialect, reading.remarks)
        else:
            yield Candidate(name, partial(read_bounded, path, reading.max_bytes))
    except (OSError, ValueError) as error:
        yield _refused(path, RefusalReason.UNREADABLE, _why(error))


def _table(path: Path) -> RefusedFile:
    return RefusedFile(path.name, RefusalReason.UNSUPPORTED, Text("intake.table"))


def _manifest(path: Path, reading: SourceReading) -> Iterator[Candidate | RefusedFile]:
    manifest = read_manifest(path, dialect=reading.dialect, weighted=False)
    if manifest.hint:
        reading.remarks.append(manifest.hint)
    for row in manifest.rows:
        if not is_file(row.path):
            why = why_missing(row) or "names a file that is not there"
            detail = f"row {row.row} of {display_name(path.name)}: {why}"
            yield _refused(row.path, RefusalReason.MISSING, detail)
            continue
        yield Candidate(
            name=display_name(str(row.path)),
            read=partial(read_bounded, row.path, reading.max_bytes),
            label=row.label,
            source=row.source,
            group=row.group,
            split=row.split,
            row=row.row,
        )


def files_below(folder: Path) -> Iterator[Path]:
    """Every file that ``expand`` would look at in ``folder``, tables left out, in its order."""
    yield from _files(folder, folder.resolve())


def _files(folder: Path, root: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if is_litter(path.name) or (path.is_symlink() and _leaves(path, root)):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path, root)
        elif is_file(path) and path.suffix.lower() not in SUFFIXES:
            yield path


def not_taken(path: Path) -> str | None:
    """Why the file's first bytes are none of an image that intake takes; None where they are."""
    try:
        with path.open("rb") as file:
            signature = identify(file.read(4096))
    except OSError as error:
        return _why(error)
    if signature.kind is FileKind.SUPPORTED:
        return None
    return f"it is {signature.name}" if signature.kind is FileKind.OTHER else signature.name


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """The bytes of a regular file, never more than ``max_bytes`` of them.

    Raises:
        RefusedFile: too large, gone, or not readable.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(max_bytes + 1) if size <= max_bytes else b""
    except FileNotFoundError as error:
        raise _refused(path, RefusalReason.MISSING, Text("intake.went_away")) from error
    except OSError as error:
        raise _refused(path, RefusalReason.UNREADABLE, _why(error)) from error
    if max(size, len(data)) > max_bytes:
        values = {"size": max(size, len(data)), "most": max_bytes}
        detail = Text("inspect.too_many_bytes", values)
        raise _refused(path, RefusalReason.TOO_LARGE, detail)
    return data


def _refused(path: Path, reason: RefusalReason, detail: str | Text) -> RefusedFile:
    return RefusedFile(display_name(str(path)), reason, detail)


def _why(error: OSError | ValueError) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
