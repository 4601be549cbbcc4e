"""Files that people have uploaded: on disk for some minutes, each for one person on one page."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from review_app.core.errors import BusyError, NotFoundError, QuotaError, TooLargeError
from review_app.i18n import Text

KEPT_SECONDS = 300.0
"""How long an upload stays after it was last read, in seconds."""
LEAST_BYTES = 4096
"""What a file counts for at least: an empty one takes room on disk, too."""
FILES_AT_ONCE = 4
"""What one person may have on a page at a time, in files of the largest size that it takes."""

_MIB = 1024**2
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of an upload: a person on a page, neither of which may have the other's."""

    page: str
    person_id: int


@dataclass(frozen=True, slots=True)
class _Arrival:
    owner: Owner
    size: int


class Uploads:
    """The uploads below ``root``, as ``page/person/token/name``; safe to share between threads.

    Folders whose names begin with @ belong to desks, which look after them.

    Outside they go by ``token/name``, which means something to their owner alone: whose they are
    is in the path, so a restart changes nothing. ``max_bytes`` limits all together; ``clock``
    tells the time in seconds, as the file system does.
    """

    def __init__(self, root: Path, max_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self._root = root.resolve()
        self._max_bytes = max_bytes
        self._clock = clock
        self._arriving: dict[Path, _Arrival] = {}
        self._in_use: Counter[Path] = Counter()
        self._claimed: set[Path] = set()
        self._lock = threading.RLock()

    @property
    def root(self) -> Path:
        """The folder of all pages' folders."""
        return self._root

    def folder(self, page: str) -> Path:
        """The folder of the uploads of ``page``, made if need be."""
        folder = self._root / page
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def arrive(self, owner: Owner, size: int, max_bytes: int) -> Path:
        """A new folder for an upload of ``size`` bytes to be written to, until it is settled.

        Raises:
            TooLargeError: ``owner`` may never have that much, which is ``max_bytes``.
            QuotaError: there is too much already, of ``owner`` or of everybody.
        """
        size = max(size, LEAST_BYTES)
        if size > min(max_bytes, self._max_bytes):
            most = min(max_bytes, self._max_bytes) // _MIB
            raise TooLargeError(Text("uploads.too_large", {"n": most}))
        with self._lock:
            home = self._home(owner)
            if self._taken(home, owner) + size > max_bytes:
                raise QuotaError(Text("uploads.too_many"))
            if self._taken(self._root, None) + size > self._max_bytes:
                raise QuotaError(Text("uploads.too_many_of_all"))
            arriving = home / f"{secrets.token_hex(16)}.part"
            arriving.mkdir(mode=0o700, parents=True)
            self._arriving[arriving] = _Arrival(owner, size)
        return arriving

    def keep(self, arriving: Path, path: Path) -> str:
        """Keep the file at ``path`` in the folder ``arriving``, and return what it goes by from now
        on."""
        token = secrets.token_hex(16)
        with self._lock:
            folder = self._home(self._arriving[arriving].owner) / token
            folder.mkdir(mode=0o700)
            path.rename(folder / path.name)
        self._touch(folder / path.name)
        return f"{token}/{path.name}"

    def settle(self, arriving: Path) -> None:
        """End an upload: nothing more arrives in its folder, and what was not kept is deleted."""
        shutil.rmtree(arriving, ignore_errors=True)
        with self._lock:
            self._arriving.pop(arriving, None)

    def find(self, owner: Owner, name: str) -> Path:
        """The file that goes by ``name``; it stays for a while from now.

        Raises:
            NotFoundError: ``owner`` has none of that name, or has it no longer.
            BusyError: a call is reading it, and deletes it then.
        """
        token, _, file_name = name.partition("/")
        gone = NotFoundError(Text("uploads.not_found"))
        if not _TOKEN.fullmatch(token) or not file_name or "/" in file_name:
            raise gone
        path = self._home(owner) / token / file_name
        with self._lock:
            try:
                # A link would lead elsewhere, a folder or a device is no upload.
                if not stat.S_ISREG(path.lstat().st_mode) or path.resolve() != path:
                    raise gone
                self._touch(path)
            except (OSError, ValueError):
                raise gone from None
            if path in self._claimed:
                raise BusyError(Text("uploads.in_use"))
        return path

    @contextmanager
    def in_use(self, paths: Iterable[Path]) -> Iterator[None]:
        """A block in which nothing of ``paths`` is deleted for its age."""
        held = list(paths)
        with self._lock:
            self._in_use.update(held)
        try:
            yield
        finally:
            for path in held:
                with suppress(OSError):
                    self._touch(path)
            with self._lock:
                self._in_use.subtract(held)
                self._in_use += Counter()  # drops those that are at zero

    @contextmanager
    def claim(self, paths: Iterable[Path]) -> Iterator[None]:
        """A block in which ``paths`` are `in_use` by one call alone, which may delete them.

        Raises:
            BusyError: another call has one of them.
            NotFoundError: another had it, and it is gone.
        """
        wanted = set(paths)
        with self._lock:
            if wanted & self._claimed:
                raise BusyError(Text("uploads.in_use"))
            if not all(path.is_file() for path in wanted):
                raise NotFoundError(Text("uploads.not_found"))
            self._claimed |= wanted
        try:
            with self.in_use(wanted):
                yield
        finally:
            with self._lock:
                self._claimed -= wanted

    def sweep(self) -> int:
        """Delete what nobody has read for a while, and what an upload that broke off has left, and
        return the number of files deleted. Whatever lies there goes by its age, links and leftovers
        of Gradio included.

        Whatever lies there goes by its age, links and leftovers of Gradio included. The number of
        files deleted.
        """
        deleted = 0
        for folder, folders, files in os.walk(self._root, topdown=False):
            path = Path(folder)
            if self._is_of_desk(path) or any(
                path.is_relative_to(arriving) for arriving in list(self._arriving)
            ):
                continue
            links = [name for name in folders if (path / name).is_symlink()]
            deleted += sum(self._drop(path / name) for name in [*files, *links])
            if len(path.relative_to(self._root).parts) > 1:
                self._drop_folder(path)
        return deleted

    def _is_of_desk(self, path: Path) -> bool:
        inside = path.relative_to(self._root).parts
        return bool(inside) and inside[0].startswith("@")

    def _drop(self, path: Path) -> bool:
        with self._lock, suppress(OSError):
            if path not in self._in_use and self._is_old(path):
                path.unlink()
                return True
        return False

    def _drop_folder(self, path: Path) -> None:
        with self._lock, suppress(OSError):
            if path not in self._arriving:
                path.rmdir()

    def _is_old(self, path: Path) -> bool:
        return path.lstat().st_mtime < self._clock() - KEPT_SECONDS

    def _touch(self, path: Path) -> None:
        now = self._clock()
        os.utime(path, (now, now), follow_symlinks=False)

    def _home(self, owner: Owner) -> Path:
        return self._root / owner.page / str(owner.person_id)

    def _taken(self, folder: Path, owner: Owner | None) -> int:
        """Bytes below ``folder``, with those that ``owner``, or anybody, is still sending."""
        coming = sum(
            one.size for one in self._arriving.values() if owner is None or one.owner == owner
        )
        return coming + sum(self._stored(folder))

    def _stored(self, folder: Path) -> Iterator[int]:
        for path, folders, files in os.walk(folder):
            inside = (name for name in folders if not self._is_of_desk(Path(path, name)))
            folders[:] = [name for name in inside if Path(path, name) not in self._arriving]
            for name in files:
                with suppress(OSError):
                    yield max(Path(path, name).lstat().st_size, LEAST_BYTES)
