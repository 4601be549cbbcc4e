"""Files that are held: for one person, for a while, and not too many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from review_app.core.errors import NotFoundError
from review_app.inspection import upload_cache
from review_app.inspection.upload_cache import KEPT_FOR, UploadCache

Bring = Callable[[int, bytes], str]


class Clock:
    """Goes only when told."""

    now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def files(tmp_path: Path) -> UploadCache:
    return UploadCache(tmp_path / "held", Clock())


@pytest.fixture
def bring(files: UploadCache, tmp_path: Path) -> Bring:
    def hold(person_id: int, data: bytes) -> str:
        path = tmp_path / "upload"
        path.write_bytes(data)
        return files.hold(person_id, path)

    return hold


def test_a_file_is_for_whoever_brought_it(files: UploadCache, bring: Bring) -> None:
    token = bring(1, b"one")
    assert files.get(1, token).read_bytes() == b"one"
    for person, name in ((2, token), (1, "another")):
        with pytest.raises(NotFoundError, match="read again"):
            files.get(person, name)


def test_the_next_file_of_a_person_takes_the_place_of_the_last(
    files: UploadCache, bring: Bring, tmp_path: Path
) -> None:
    old, other = bring(1, b"old"), bring(2, b"other")
    new = bring(1, b"new")
    assert files.get(1, new).read_bytes() == b"new"
    assert files.get(2, other).read_bytes() == b"other"
    assert len(list((tmp_path / "held").iterdir())) == 2
    with pytest.raises(NotFoundError):
        files.get(1, old)


def test_a_file_goes_when_its_time_is_over(tmp_path: Path) -> None:
    clock = Clock()
    files = UploadCache(tmp_path / "held", clock)
    (tmp_path / "upload").write_bytes(b"one")
    token = files.hold(1, tmp_path / "upload")
    clock.now += KEPT_FOR
    path = files.get(1, token)
    assert path.read_bytes() == b"one"
    clock.now += timedelta(seconds=1)
    files.sweep()
    assert not path.exists()
    with pytest.raises(NotFoundError):
        files.get(1, token)


def test_nothing_stays_from_an_earlier_run(
    files: UploadCache, bring: Bring, tmp_path: Path
) -> None:
    path = files.get(1, bring(1, b"one"))
    UploadCache(tmp_path / "held")
    assert not path.exists()


def test_the_oldest_go_where_there_are_too_many(
    files: UploadCache, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_cache, "MAX_BYTES", 10)
    tokens = [bring(person, bytes(4)) for person in (1, 2, 3)]
    with pytest.raises(NotFoundError):
        files.get(1, tokens[0])
    assert files.get(3, tokens[2]).read_bytes() == bytes(4)
    large = bring(4, bytes(11))
    assert files.get(4, large).read_bytes() == bytes(11), "the newest is always there"
