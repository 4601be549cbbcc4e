"""What a person points at (files, folders, archives, manifests) as one lazy stream of candidates.

Nothing is read before it is asked for, so a stream can be counted, shown and interrupted cheaply.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from review_app.datasets.manifest import Label, read_manifest
from review_app.errors import RefusalReason, RefusedFile
from review_app.intake.archives import ArchiveLimits, display_name, entries, is_litter, is_zip
from review_app.words import Text


@dataclass(frozen=True, slots=True)
class Candidate:
    """One file that may become an item; ``read`` gets its bytes or raises ``RefusedFile``."""

    name: str
    """For people: the path, or ``archive.zip/inner/path``."""
    read: Callable[[], bytes]
    label: Label | None = None
    """What a manifest says it is."""
    source: str | None = None
    group: str | None = None
    split: str | None = None
    row: int | None = None
    """Row of the manifest as a spreadsheet counts: the header is row 1."""


def expand(
    paths: Iterable[Path], max_bytes: int, archive_limits: ArchiveLimits | None = None
) -> Iterator[Candidate | RefusedFile]:
    """Yield every candidate under ``paths``, in a fixed order; what cannot be one is a refusal.

    Folders are walked in sorted order, without hidden files, litter of operating systems, and
    links that leave the folder. Zip archives (told by content) are streamed. A ``.csv`` that is
    named itself is a manifest.

    Raises:
        ManifestError: a manifest cannot be used as a whole.
    """
    limits = archive_limits or ArchiveLimits()
    for path in paths:
        if path.is_dir():
            yield from _folder(path, path.resolve(), max_bytes, limits)
        elif path.suffix.lower() == ".csv" and path.is_file():
            yield from _manifest(path, max_bytes)
        else:
            yield from _file(path, max_bytes, limits)


def count(paths: Iterable[Path], archive_limits: ArchiveLimits | None = None) -> int:
    """How many candidates and refusals ``expand`` will yield, for a progress bar; reads no image.

    Raises:
        ManifestError: as ``expand``.
    """
    return sum(1 for _ in expand(paths, max_bytes=1, archive_limits=archive_limits))


def _folder(
    folder: Path, root: Path, max_bytes: int, limits: ArchiveLimits
) -> Iterator[Candidate | RefusedFile]:
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
        if item.is_dir(follow_symlinks=False):
            yield from _folder(path, root, max_bytes, limits)
        elif path.suffix.lower() == ".csv":
            detail = "a table; name it itself to use it as a manifest"
            yield _refused(path, RefusalReason.NOT_AN_IMAGE, detail)
        elif not item.is_dir():
            yield from _file(path, max_bytes, limits)


def _leaves(link: Path, root: Path) -> bool:
    try:
        return not link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # dangling, or a loop
        return True


def _file(path: Path, max_bytes: int, limits: ArchiveLimits) -> Iterator[Candidate | RefusedFile]:
    name = display_name(str(path))
    try:
        if not path.exists():
            yield _refused(path, RefusalReason.MISSING, Text("intake.no_such_file"))
        elif not path.is_file():
            yield _refused(path, RefusalReason.UNREADABLE, Text("intake.not_regular"))
        elif is_zip(path):
            for entry in entries(path, max_bytes, limits):
                yield entry if isinstance(entry, RefusedFile) else Candidate(*entry)
        else:
            yield Candidate(name, partial(read_bounded, path, max_bytes))
    except OSError as error:
        yield _refused(path, RefusalReason.UNREADABLE, _why(error))


def _manifest(path: Path, max_bytes: int) -> Iterator[Candidate | RefusedFile]:
    for row in read_manifest(path).rows:
        if not row.path.is_file():
            detail = f"row {row.row} of {display_name(path.name)} names a file that is not there"
            yield _refused(row.path, RefusalReason.MISSING, detail)
            continue
        yield Candidate(
            name=display_name(str(row.path)),
            read=partial(read_bounded, row.path, max_bytes),
            label=row.label,
            source=row.source,
            group=row.group,
            split=row.split,
            row=row.row,
        )


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


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
