"""Files and folders that appear whole or not at all.

Where the system can (Linux), a file has no name until it is whole, so that a program that is killed
leaves nothing. Elsewhere, and for folders, it is written beside its place under a name that begins
with a dot; what a killed program left there is deleted by the next one that writes beside it.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if os.name == "posix":
    import fcntl

_DRAFT = ".draft"
_FOLDER_DRAFT = ".deepfake-review-draft"
"""Folders that were begun are told from anybody else's by their names, from the first moment to the
last: no kill leaves one that nobody dares to delete."""
_NAMELESS = getattr(os, "O_TMPFILE", 0) if Path("/proc/self/fd").is_dir() else 0
_CANNOT = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL)


@contextmanager
def atomic_write(
    path: Path, *, mode: int = 0o666, exclusive: bool = False, nameless: bool = True
) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``path`` when the block ends, and is on disk then.

    Whoever reads ``path`` sees the old content or the new one; a block that raises leaves the old.
    ``mode`` is subject to the umask. ``exclusive``: where ``path`` is there by then, it stays, and
    FileExistsError is raised. ``nameless``: whether the system may be asked for a file without a
    name. The folder must be there. Raises OSError, which names ``path`` where the system names no
    file, as on a full disk.
    """
    _sweep_files(path)
    descriptor, draft = _open(path, mode, nameless)
    try:
        with _named(path), os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            _appear(file.fileno(), draft, path, exclusive)
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Have faults of the disk say what was written; a call on an open file does not know."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which is renamed to ``path`` when the block ends; one that raises leaves
    nothing. ``path`` must not be there, or be an empty folder. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep_folders(path.parent)
    draft, lock = _begun(path)
    try:
        yield draft
        draft.replace(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if lock is not None:
            os.close(lock)
    sync_folder(path.parent)


def _begun(path: Path) -> tuple[Path, int | None]:
    """A folder with a lock on it, to become ``path``."""
    while True:
        draft = path.with_name(f".{path.name[:50]}-{secrets.token_hex(4)}{_FOLDER_DRAFT}")
        draft.mkdir()
        with suppress(FileNotFoundError, BlockingIOError):  # somebody sweeps it, as yet unlocked
            lock = _lock(draft)
            if draft.is_dir():
                return draft, lock
            if lock is not None:
                os.close(lock)


def sync_folder(folder: Path) -> None:
    """Make a rename outlive a power cut, where the system has a way to."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path, mode: int, nameless: bool) -> tuple[int, Path | None]:
    """A new file with a lock on it, and its name if it has one."""
    if nameless and _NAMELESS:
        try:
            descriptor = os.open(path.parent, _NAMELESS | os.O_WRONLY, mode)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        else:
            _claim(descriptor)
            return descriptor, None
    while True:
        draft = _beside(path)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        if _claim(descriptor):
            return descriptor, draft
        os.close(descriptor)  # somebody swept it before it was locked


def _appear(descriptor: int, draft: Path | None, path: Path, exclusive: bool) -> None:
    if draft is None:
        with suppress(FileExistsError):
            _name(descriptor, path)
            return
        if exclusive:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        draft = _beside(path)
        _name(descriptor, draft)
    if exclusive:
        os.link(draft, path)
        return
    try:
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _name(descriptor: int, path: Path) -> None:
    """Give a nameless file its name. Only a call that is given a folder follows the link."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _beside(path: Path) -> Path:
    # Half of what a name may have, in the longest of letters.
    return path.with_name(f".{path.name[:60]}-{secrets.token_hex(4)}{_DRAFT}")


def _sweep_files(path: Path) -> None:
    for draft in path.parent.glob(f".{_plain(path.name[:60])}-????????{_DRAFT}"):
        if draft.is_file() and not draft.is_symlink():
            _remove_if_left(draft, lambda draft: draft.unlink(missing_ok=True))


def _sweep_folders(folder: Path) -> None:
    for draft in folder.glob(f".*-????????{_FOLDER_DRAFT}"):
        if draft.is_dir() and not draft.is_symlink():
            _remove_if_left(draft, lambda draft: shutil.rmtree(draft, ignore_errors=True))


def _plain(name: str) -> str:
    """``name`` as a pattern that means itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _remove_if_left(draft: Path, remove: Callable[[Path], None]) -> None:
    """Delete a draft whose writer is gone: as long as one lives, it holds the lock."""
    try:
        lock = _lock(draft)
    except OSError:
        return
    if lock is not None:
        try:
            remove(draft)
        finally:
            os.close(lock)


def _lock(path: Path) -> int | None:
    """The lock of ``path``, until it is closed; None where there are no locks. Raises OSError where
    somebody else has it."""
    if os.name != "posix":
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _claim(descriptor: int) -> bool:
    """Lock a new file; whether it still has the name it was made with, if any."""
    if os.name == "posix":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return os.fstat(descriptor).st_nlink > 0
    return True


def file_identity(path: Path) -> tuple[int, ...]:
    """What differs once a file is another one, or was written to.

    Raises:
        OSError: it is not there, or may not be looked at.
    """
    about = path.stat()
    return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
