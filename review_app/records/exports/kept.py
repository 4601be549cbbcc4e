"""Exports that were made in the background and wait to be fetched: each in a folder of its own,
under a name that nobody guesses."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from review_app.core.errors import InputError, NotFoundError
from review_app.core.files import atomic_folder
from review_app.core.hashing import sha256_of_file
from review_app.core.progress import Progress
from review_app.core.spooled_archive import SpooledArchive
from review_app.i18n import Text
from review_app.records.exports.request import ExportRequest

MOST: Final = 10
"""How many are kept; the oldest go first."""
PLACE: Final = r"[A-Za-z0-9_-]{22}"
"""The pattern of a place's name: 128 bits at random."""
_PLACE: Final = re.compile(PLACE)
Run = Callable[[ExportRequest, Path, Progress], dict[str, Any]]
"""A function that writes what is asked for to a path, and says what it wrote."""


def new_place() -> str:
    """The name of a place that no export has."""
    return secrets.token_urlsafe(16)


class KeptExports:
    """The exports in the folder ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(
        self, place: str, request: ExportRequest, run: Run, progress: Progress
    ) -> dict[str, Any]:
        """Have ``run`` write what is asked for into ``place``, whole or not at all; what it says,
        with the ``file`` to fetch and its ``bytes``. What an earlier attempt left there goes.

        Raises:
            InputError: there is no such place, the disk is full, or as ``run``.
        """
        folder = self._folder(place)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            with atomic_folder(folder) as draft:
                told = _written(draft, request, run, progress)
        except OSError as error:
            raise InputError(f"{folder} cannot be written ({error.strerror})") from error
        self._forget_old()
        return told

    def files(self, place: str) -> list[str]:
        """The names of what is in ``place``, the export first; empty where it is kept no more.

        A link is nothing that was exported: whoever planted it wants another file to be fetched.
        """
        try:
            folder = self._folder(place)
            if folder.is_symlink():
                return []
            found = [path.name for path in folder.iterdir() if _is_own(path)]
        except (OSError, InputError):
            return []
        return sorted(found, key=lambda name: (name.count("."), name))

    def path(self, place: str, name: str) -> Path:
        """The file ``name`` of ``place``. Raises NotFoundError where there is none."""
        if name not in self.files(place):
            raise NotFoundError(Text("export.not_kept"))
        return self._folder(place) / name

    def _folder(self, place: str) -> Path:
        if not _PLACE.fullmatch(place):
            raise InputError("there is no such place for an export")
        return self._root / place

    def _forget_old(self) -> None:
        places = [path for path in self._root.iterdir() if _PLACE.fullmatch(path.name)]
        for old in sorted(places, key=lambda path: path.lstat().st_mtime)[:-MOST]:
            with suppress(OSError):
                shutil.rmtree(old)


def _is_own(path: Path) -> bool:
    """Whether it is a file of the folder alone: no link, and no second name of a file elsewhere."""
    found = path.lstat()
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _written(draft: Path, request: ExportRequest, run: Run, progress: Progress) -> dict[str, Any]:
    if request.kind.table is not None:
        file = draft / f"{request.row_kind.value}.{request.kind}"
        told = run(request, file, progress)
    else:
        folder = draft / request.kind.value
        told = run(request, folder, progress)
        file = _packed(folder)
        shutil.rmtree(folder)
    return {
        "rows": told["rows"],
        "sha256": sha256_of_file(file),
        "as_of": told["as_of"],
        "file": file.name,
        "bytes": file.stat().st_size,
        "lost": len(told["lost"]),
    }


def _packed(folder: Path) -> Path:
    """An archive of the folder beside it. Each file goes as it is packed, so that the disk has each
    image once, and nobody has a list of them."""
    out = folder.with_name(f"{folder.name}.zip")
    with SpooledArchive(out) as archive:
        # Until there is none: some file systems leave out others than those that are gone.
        while _pack(archive, folder):
            pass
    return out


def _pack(archive: SpooledArchive, folder: Path) -> int:
    """How many files of the folder it has packed."""
    n = 0
    for n, path in enumerate(_files(folder), 1):  # noqa: B007 - how many there were
        archive.write(path, path.relative_to(folder))
        path.unlink()
    return n


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, in no order, one after the other."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
            else:
                yield Path(entry.path)
