"""Make a backup while others work."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from review_app.core.errors import InputError
from review_app.durability.backup import copying
from review_app.durability.backup.content import AFTER, BEFORE, CHECKPOINTS, Content, Media
from review_app.durability.backup.manifest import DATABASE, NAME, BackupManifest, Entry, OmittedFile
from review_app.durability.backup.verify import verify
from storage.snapshot import Progress, snapshot

_MARK = ".backup-under-way"
"""A folder that is not finished has this name in it: whoever finds one may delete the folder."""


def make_backup(
    database: Path,
    data_dir: Path,
    out: Path,
    *,
    links: bool = False,
    desks: Sequence[str] = (),
    copying_database: Progress = lambda done, total: None,
    copying_files: Progress = lambda done, total: None,
    verifying: Progress = lambda done, total: None,
) -> BackupManifest:
    """Back ``database`` and what it needs of ``data_dir`` up into the new folder ``out``.

    The database is copied first, and then the files that the copy refers to: those are there, for a
    file is stored before the row that names it, and none is ever changed. With ``links`` they get a
    second name instead, where ``out`` is on the same disk. Backups of ``desks`` are to be made
    beside it, below ``out``: the manifest names them. The folder appears when all is there and
    was read again.

    Raises:
        InputError: ``out`` exists, or cannot be written.
    """
    with _draft_of(out) as draft:
        maker = _Maker(data_dir, draft, links)
        maker.add_named(BEFORE, database.parent)
        snapshot(database, draft / DATABASE, copying_database)
        (draft / DATABASE).chmod(0o600)
        maker.add_named(AFTER, database.parent)
        content = Content(draft / DATABASE)
        maker.add_media(list(content.media()), copying_files)
        maker.add_checkpoints(content.checkpoints())
        maker.files[DATABASE] = copying.hash_of(draft / DATABASE)
        manifest = BackupManifest(
            program=version("deepfake-review"),
            schema_revision=content.revision(),
            made_at=datetime.now(UTC),
            counts=content.counts(),
            audit_log=content.audit_head(),
            files=maker.files,
            left_out=maker.left_out,
            desks=list(desks),
        )
        (draft / NAME).write_text(json.dumps(manifest.model_dump(mode="json"), indent=1) + "\n")
        verify(draft, manifest, verifying)
    return manifest


class _Maker:
    """A maker that fills the folder ``draft``."""

    def __init__(self, data_dir: Path, draft: Path, links: bool) -> None:
        self._data_dir = data_dir
        self._draft = draft
        self._copy = copying.link if links else copying.copy
        self._folders: set[Path] = set()
        self.files: dict[str, Entry] = {}
        self.left_out: list[OmittedFile] = []

    def add_named(self, names: tuple[str, ...], beside: Path) -> None:
        """Small files of the data directory, or ``beside`` the database, where they are there; for
        nobody else to read."""
        for name in names:
            places = (self._data_dir / name, beside / name)
            found = next((place for place in places if place.is_file()), None)
            if found is not None:
                self.files[name] = copying.copy(found, self._draft / name, mode=0o600)

    def add_media(self, media: list[Media], progress: Progress) -> None:
        """Add the stored files; one that is not what it should be is left out and told."""
        for done, (path, sha256) in enumerate(media, start=1):
            self._add(path, sha256)
            progress(done, len(media))

    def add_checkpoints(self, recorded: list[Path]) -> None:
        """Those in the data directory; the program brings its own, and others lie elsewhere."""
        home = self._data_dir.resolve()
        # After a restore the recorded path is that of another machine; the name is the same.
        folders = {home / CHECKPOINTS / path.name for path in recorded}
        folders |= {path for path in recorded if path.is_relative_to(home)}
        for path in sorted(path for folder in folders for path in folder.glob("*")):
            if path.is_file():
                self._add(path.relative_to(home).as_posix(), None)

    def _add(self, path: str, sha256: str | None) -> None:
        source, target = self._data_dir / path, self._draft / path
        if target.parent not in self._folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(target.parent)
        try:
            entry = self._copy(source, target)
        except FileNotFoundError:
            self.left_out.append(OmittedFile(path=path, why="missing"))
            return
        if sha256 is not None and entry.sha256 != sha256:
            target.unlink()
            self.left_out.append(
                OmittedFile(path=path, why="damaged: another hash than was stored")
            )
            return
        self.files[path] = entry


@contextmanager
def _draft_of(out: Path) -> Iterator[Path]:
    """A folder that takes the name ``out`` if all goes well; one that was left behind by a run that
    was killed goes first."""
    if out.exists() or out.is_symlink():
        raise InputError(f"{out} exists already; a backup is never overwritten, choose a new name")
    draft = out.with_name(f"{out.name}.partial")
    try:
        _remove_leftover(draft)
        out.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
        (draft / _MARK).touch()
        try:
            yield draft
            (draft / _MARK).unlink()
            copying.flush()  # before it is called whole
            draft.rename(out)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise InputError(f"{error.filename or out}: {error.strerror}; nothing is kept") from error
    except sqlite3.Error as error:
        raise InputError(f"the database cannot be copied ({error}); nothing is kept") from error


def _remove_leftover(draft: Path) -> None:
    if draft.is_symlink() or (draft.exists() and not (draft / _MARK).is_file()):
        raise InputError(f"{draft} is in the way and not of this command; move it elsewhere")
    if draft.exists():
        shutil.rmtree(draft)
