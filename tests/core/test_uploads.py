"""Uploads: whose they are, how much there may be, and how long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from review_app.core.errors import BusyError, NotFoundError, QuotaError, TooLargeError
from review_app.core.uploads import KEPT_SECONDS, LEAST_BYTES, Owner, Uploads

MIB = 1024**2
ADA, BEN = Owner("review", 1), Owner("review", 2)


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def uploads(tmp_path: Path, clock: Clock) -> Uploads:
    return Uploads(tmp_path / "uploads", 8 * MIB, clock)


def upload(uploads: Uploads, owner: Owner, name: str = "a.png", size: int = 10) -> str:
    arriving = uploads.arrive(owner, size, 4 * MIB)
    path = arriving / "sha" / name
    path.parent.mkdir()
    path.write_bytes(b"x" * size)
    name = uploads.keep(arriving, path)
    uploads.settle(arriving)
    return name


def files(uploads: Uploads) -> list[Path]:
    return [path for path in uploads.root.rglob("*") if not path.is_dir()]


def test_an_upload_is_found_by_its_owner_alone(uploads: Uploads) -> None:
    name = upload(uploads, ADA)
    assert uploads.find(ADA, name).read_bytes() == b"x" * 10
    for other in (BEN, Owner("admin", 1)):
        with pytest.raises(NotFoundError):
            uploads.find(other, name)


def test_the_same_file_twice_is_two_uploads(uploads: Uploads) -> None:
    first, second = upload(uploads, ADA), upload(uploads, ADA)
    uploads.find(ADA, first).unlink()
    assert uploads.find(ADA, second).exists()


@pytest.mark.parametrize(
    "name", ["", "/", "a", "{token}", "{token}/", "{token}/..", "{token}/a/b", "{token}/\0", "/etc"]
)
def test_what_is_no_name_names_nothing(uploads: Uploads, name: str) -> None:
    token = upload(uploads, ADA).split("/")[0]
    with pytest.raises(NotFoundError):
        uploads.find(ADA, name.format(token=token))


def test_what_is_no_plain_file_names_nothing(uploads: Uploads, tmp_path: Path) -> None:
    folder = uploads.find(ADA, upload(uploads, ADA)).parent
    (folder / "folder").mkdir()
    (folder / "link").symlink_to(folder / "a.png")
    os.mkfifo(folder / "pipe")
    for name in ("folder", "link", "pipe"):
        with pytest.raises(NotFoundError):
            uploads.find(ADA, f"{folder.name}/{name}")


def test_what_is_still_arriving_cannot_be_named(uploads: Uploads) -> None:
    arriving = uploads.arrive(ADA, 10, MIB)
    (arriving / "a.png").touch()
    with pytest.raises(NotFoundError):
        uploads.find(ADA, f"{arriving.name}/a.png")


def test_a_person_has_a_quota_that_counts_what_is_still_arriving(uploads: Uploads) -> None:
    first = uploads.arrive(ADA, 3 * MIB, 4 * MIB)
    with pytest.raises(QuotaError):
        uploads.arrive(ADA, 2 * MIB, 4 * MIB)
    uploads.arrive(BEN, 2 * MIB, 4 * MIB)
    uploads.settle(first)
    upload(uploads, ADA, size=3 * MIB)
    with pytest.raises(QuotaError):
        uploads.arrive(ADA, 2 * MIB, 4 * MIB)


def test_everybody_together_have_one_too(uploads: Uploads) -> None:
    upload(uploads, ADA, size=4 * MIB)
    upload(uploads, BEN, size=3 * MIB)
    with pytest.raises(QuotaError):
        uploads.arrive(Owner("admin", 3), 2 * MIB, 4 * MIB)
    uploads.arrive(Owner("admin", 3), MIB, 4 * MIB)


def test_what_could_never_be_taken_is_told_apart(uploads: Uploads) -> None:
    with pytest.raises(TooLargeError, match="4 MiB"):
        uploads.arrive(ADA, 5 * MIB, 4 * MIB)
    with pytest.raises(TooLargeError, match="8 MiB"):
        uploads.arrive(ADA, 9 * MIB, 20 * MIB)


def test_many_empty_files_fill_a_quota_as_well(uploads: Uploads) -> None:
    for _ in range(4):
        upload(uploads, ADA, size=0)
    with pytest.raises(QuotaError):
        uploads.arrive(ADA, 0, 4 * LEAST_BYTES)


def test_an_upload_goes_five_minutes_after_it_was_last_read(uploads: Uploads, clock: Clock) -> None:
    name = upload(uploads, ADA)
    clock.now += KEPT_SECONDS - 1
    uploads.find(ADA, name)
    clock.now += KEPT_SECONDS - 1
    assert uploads.sweep() == 0
    assert uploads.find(ADA, name).exists()
    clock.now += KEPT_SECONDS + 1
    assert uploads.sweep() == 1
    with pytest.raises(NotFoundError):
        uploads.find(ADA, name)
    assert [path.name for path in uploads.root.rglob("*")] == ["review"]


def test_what_is_in_use_stays_however_long_it_takes(uploads: Uploads, clock: Clock) -> None:
    name = upload(uploads, ADA)
    with uploads.in_use([uploads.find(ADA, name)]):
        clock.now += 10 * KEPT_SECONDS
        assert uploads.sweep() == 0
    assert uploads.sweep() == 0, "it has been read just now"
    clock.now += KEPT_SECONDS + 1
    assert uploads.sweep() == 1


def test_two_calls_at_once_do_not_share_an_upload(uploads: Uploads) -> None:
    name = upload(uploads, ADA)
    path = uploads.find(ADA, name)
    other = uploads.find(ADA, upload(uploads, ADA))
    with uploads.claim([path, path]):
        with pytest.raises(BusyError):
            uploads.find(ADA, name)
        with pytest.raises(BusyError), uploads.claim([other, path]):
            pass
        with uploads.claim([other]), uploads.in_use([path]):
            pass
    with uploads.claim([path]):
        path.unlink()
    with pytest.raises(NotFoundError), uploads.claim([path]):
        pass


def test_what_is_arriving_stays_and_what_broke_off_goes(uploads: Uploads, clock: Clock) -> None:
    slow, broken = (uploads.arrive(owner, 10, MIB) for owner in (ADA, BEN))
    for folder in (slow, broken):
        (folder / "tmp1").touch()
        os.utime(folder / "tmp1", (clock.now, clock.now))
    uploads.settle(broken)
    assert not broken.exists()
    clock.now += 10 * KEPT_SECONDS
    assert uploads.sweep() == 0
    assert (slow / "tmp1").exists()


def test_leftovers_of_an_earlier_process_are_swept_and_links_not_followed(
    uploads: Uploads, clock: Clock, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.png").touch()
    os.utime(outside / "kept.png", (0, 0))
    left = uploads.folder("review") / "7" / f"{'0' * 32}.part" / "tmpabc"
    left.parent.mkdir(parents=True)
    left.touch()
    bare = uploads.folder("admin") / "tmpxyz"
    bare.touch()
    (left.parent / "link").symlink_to(outside)
    (left.parent / "file").symlink_to(outside / "kept.png")
    for path in (left, bare, left.parent / "link", left.parent / "file"):
        os.utime(path, (clock.now, clock.now), follow_symlinks=False)
    assert uploads.sweep() == 0
    clock.now += KEPT_SECONDS + 1
    assert uploads.sweep() == 4
    assert files(uploads) == []
    assert (outside / "kept.png").exists()


def test_a_root_that_is_not_there_is_nothing_to_sweep(uploads: Uploads) -> None:
    assert uploads.sweep() == 0
