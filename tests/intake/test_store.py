"""Image files appear whole or not at all, and drafts of killed writers go away."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from review_app.core.errors import NotStoredError
from review_app.intake.store import MediaStore

SHA256 = "ab" + 62 * "0"


def files(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def test_the_original_and_the_copy_lie_apart(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    store.add(SHA256, b"as it came", b"without metadata", "image/jpeg")
    assert store.original(SHA256).read_bytes() == b"as it came"
    assert store.public(SHA256, "image/jpeg").read_bytes() == b"without metadata"
    assert files(tmp_path) == [f"original/ab/{SHA256}", f"public/ab/{SHA256}.jpg"]


def test_a_file_is_written_again_only_where_it_is_another(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    store.add(SHA256, b"first", b"first", "image/png")
    was = store.original(SHA256).stat()
    store.add(SHA256, b"first", b"first", "image/png")
    assert store.original(SHA256).stat().st_ino == was.st_ino
    store.original(SHA256).write_bytes(b"damag")
    store.add(SHA256, b"first", b"first", "image/png")
    assert store.original(SHA256).read_bytes() == b"first"


def test_only_the_owner_may_read_what_is_stored(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    store.add(SHA256, b"data", b"data", "image/png")
    assert store.original(SHA256).stat().st_mode & 0o077 == 0


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with largest_file(1000), pytest.raises(NotStoredError):
        MediaStore(tmp_path).add(SHA256, bytes(5000), b"small", "image/png")
    assert files(tmp_path) == []


@contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """Let the system refuse to write files beyond ``n_bytes``, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_drafts_of_killed_writers_are_swept_and_those_of_live_ones_stay(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    store.sweep()  # nothing there yet
    store.add(SHA256, b"data", b"data", "image/png")
    old, fresh = tmp_path / "drafts" / "old", tmp_path / "drafts" / "fresh"
    (tmp_path / "drafts").mkdir()
    for draft in (old, fresh):
        draft.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    store.sweep()
    assert (old.exists(), fresh.exists()) == (False, True)
