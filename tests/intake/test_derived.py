"""Files computed from images stay within a limit, and those in use stay."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.intake.derived import IN_USE_S, DerivedFiles
from review_app.intake.store import MediaStore

LIMIT = 1000


def names(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "derived").rglob("*") if path.is_file())


def keep(kept: DerivedFiles, name: str, n_bytes: int, age_s: float = 0.0) -> Path:
    """Store so many bytes under ``name``, last used so long ago."""
    path = kept.place(name[:2] + 62 * "0", name)
    kept.keep(path, _webp(n_bytes))
    used = time.time() - age_s
    os.utime(path, (used, used))
    return path


def _webp(n_bytes: int) -> bytes:
    """So many bytes that begin like a WebP."""
    return (b"RIFF" + (n_bytes - 8).to_bytes(4, "little", signed=True) + b"WEBP").ljust(n_bytes)


def test_what_is_cut_off_is_not_there(tmp_path: Path) -> None:
    kept = DerivedFiles(MediaStore(tmp_path), LIMIT)
    path = keep(kept, "aa.webp", 400)
    assert kept.find(path)
    os.truncate(path, 300)
    assert not kept.find(path)
    keep(kept, "aa.webp", 400)
    assert kept.find(path)


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    kept = DerivedFiles(MediaStore(tmp_path), LIMIT)
    keep(kept, "aa.webp", 400, age_s=5000)
    first = keep(kept, "bb.webp", 400, age_s=9000)
    assert names(tmp_path) == ["aa.webp", "bb.webp"]
    keep(kept, "cc.webp", 400)
    assert names(tmp_path) == ["aa.webp", "cc.webp"]
    assert not first.parent.exists(), "no empty folder is left behind"
    assert not kept.find(first)


def test_what_is_found_counts_as_used(tmp_path: Path) -> None:
    kept = DerivedFiles(MediaStore(tmp_path), LIMIT)
    older = keep(kept, "aa.webp", 400, age_s=9000)
    keep(kept, "bb.webp", 400, age_s=5000)
    assert kept.find(older)
    keep(kept, "cc.webp", 400)
    assert names(tmp_path) == ["aa.webp", "cc.webp"]


def test_what_is_in_use_stays_whatever_the_limit(tmp_path: Path) -> None:
    kept = DerivedFiles(MediaStore(tmp_path), 1)
    keep(kept, "aa.webp", 400, age_s=IN_USE_S / 2)
    keep(kept, "bb.webp", 400)
    assert names(tmp_path) == ["aa.webp", "bb.webp"]


def test_what_an_earlier_run_has_kept_counts(tmp_path: Path) -> None:
    keep(DerivedFiles(MediaStore(tmp_path), LIMIT), "aa.webp", 900, age_s=5000)
    keep(DerivedFiles(MediaStore(tmp_path), LIMIT), "bb.webp", 200)
    assert names(tmp_path) == ["bb.webp"]


def test_what_somebody_deleted_meanwhile_is_no_longer_counted(tmp_path: Path) -> None:
    kept = DerivedFiles(MediaStore(tmp_path), LIMIT)
    keep(kept, "aa.webp", 600, age_s=9000).unlink()
    keep(kept, "bb.webp", 600, age_s=5000)
    assert names(tmp_path) == ["bb.webp"], "there was room for it"
    assert not kept.find(kept.place("aa" + 62 * "0", "aa.webp"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=30))
def test_old_files_never_take_more_than_the_limit(sizes: list[int]) -> None:
    with TemporaryDirectory() as folder:
        kept = DerivedFiles(MediaStore(Path(folder)), LIMIT)
        for i, n_bytes in enumerate(sizes):
            path = keep(kept, f"{i:02}.webp", n_bytes, age_s=1e6 - i)
            assert path.exists(), "the newest is always there"
            files = [file for file in Path(folder).rglob("*") if file.is_file()]
            assert sum(file.stat().st_size for file in files) <= LIMIT
