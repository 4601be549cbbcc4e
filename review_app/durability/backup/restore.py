"""Put a backup in place: all of it or nothing."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from review_app.core.errors import InputError
from review_app.durability.backup.copying import copy, flush
from review_app.durability.backup.manifest import DATABASE, BackupManifest, folders, read_manifest
from review_app.durability.backup.verify import verify
from storage.snapshot import Progress

_DRAFT = ".restoring"
_SECRET = 0o600


def restore_backup(
    backup: Path,
    data_dir: Path,
    *,
    replace: bool = False,
    verifying: Progress = lambda done, total: None,
    copying_files: Progress = lambda done, total: None,
) -> tuple[BackupManifest, Path | None]:
    """Make ``data_dir``, which must be empty or not there, from the folder ``backup``.

    Everything is verified before anything is written, and again as it is written. With ``replace``
    a data directory that is there is kept under another name, which is told beside the manifest.

    Raises:
        InputError: the backup is not whole, or something is in the way.
    """
    manifest = read_manifest(backup)
    if not replace:
        _refuse_occupied(data_dir)
    verify(backup, manifest, verifying)
    try:
        aside = _move_aside(data_dir)
        _fill(backup, manifest, data_dir, copying_files)
    except OSError as error:
        raise InputError(f"{error.filename or data_dir}: {error.strerror}") from error
    return manifest, aside


def _refuse_occupied(data_dir: Path) -> None:
    if _is_occupied(data_dir):
        raise InputError(
            f"{data_dir} is in use; name another folder by REVIEW_DATA_DIR, or stop the server and "
            "add --replace, which keeps what is there under another name"
        )


def _is_occupied(data_dir: Path) -> bool:
    """Whether anything is there, but for what a restore that was killed left behind: until its end
    there is no database."""
    if not data_dir.exists():
        return data_dir.is_symlink()
    if not data_dir.is_dir():
        return True
    if (data_dir / _DRAFT).is_dir():
        return (data_dir / DATABASE).exists()
    return any(data_dir.iterdir())


def _move_aside(data_dir: Path) -> Path | None:
    if not _is_occupied(data_dir):
        return None
    aside = data_dir.with_name(f"{data_dir.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    data_dir.rename(aside)
    return aside


def _fill(backup: Path, manifest: BackupManifest, data_dir: Path, progress: Progress) -> None:
    """Copy into a folder inside, and move from there; the database comes last, so that nobody takes
    half of it for a deployment."""
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = data_dir / _DRAFT
    draft.mkdir(mode=0o700, exist_ok=True)
    for left in (*draft.iterdir(), *data_dir.iterdir()):
        if left != draft:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    for folder in folders(manifest.files):
        (draft / folder).mkdir()
    for done, (path, entry) in enumerate(manifest.files.items(), start=1):
        is_inner = "/" in path  # what lies at the top is the database, and secrets
        if copy(backup / path, draft / path, mode=0o644 if is_inner else _SECRET) != entry:
            raise InputError(f"{backup / path} was changed just now; nothing was restored")
        progress(done, len(manifest.files))
    flush()
    for part in sorted(draft.iterdir(), key=lambda part: part.name == DATABASE):
        part.rename(data_dir / part.name)
    draft.rmdir()
    flush()
