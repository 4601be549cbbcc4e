"""Stored files that are damaged are given to nobody, and whole ones are read once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from review_app.core.errors import DamagedImageError, NotFoundError
from review_app.core.hashing import sha256
from review_app.intake.store import MediaStore
from storage.models.image import Picture
from tests.applications import Deployment, deployment, write_pictures
from tests.intake.samples import encode, picture

JPEG = encode(picture(seed=1), "JPEG")
OTHER = encode(picture(seed=2), "JPEG")


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def replace(path: Path) -> None:
    """By another whole image of the same size."""
    path.unlink()
    path.write_bytes(OTHER)


def spoil_a_byte_in_place(path: Path) -> None:
    """With the times of before."""
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(b"\0")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def empty(path: Path) -> None:
    os.truncate(path, 0)


HARMS = [cut_off, replace, spoil_a_byte_in_place, empty]


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    store = MediaStore(tmp_path)
    store.add(sha256(JPEG), JPEG, JPEG, "image/jpeg")
    return store


def stored(*, hashed: bool = True) -> Picture:
    width, height = picture(seed=1).size
    known = sha256(JPEG) if hashed else None
    return Picture(sha256(JPEG), "image/jpeg", width, height, known)


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_is_given_to_nobody_even_if_it_was_whole_before(
    harm: Callable[[Path], None], store: MediaStore
) -> None:
    assert store.verified_public(stored()).read_bytes() == JPEG
    assert store.read_original(sha256(JPEG)) == JPEG
    harm(store.public(sha256(JPEG), "image/jpeg"))
    harm(store.original(sha256(JPEG)))
    with pytest.raises(DamagedImageError):
        store.verified_public(stored())
    with pytest.raises(DamagedImageError):
        store.read_original(sha256(JPEG))


@pytest.mark.parametrize("harm", [cut_off, empty])
def test_where_no_hash_is_known_it_is_decoded_to_the_end(
    harm: Callable[[Path], None], store: MediaStore
) -> None:
    assert store.verified_public(stored(hashed=False)).read_bytes() == JPEG
    harm(store.public(sha256(JPEG), "image/jpeg"))
    with pytest.raises(DamagedImageError):
        store.verified_public(stored(hashed=False))


def test_where_no_hash_is_known_it_must_have_the_right_size(store: MediaStore) -> None:
    smaller = encode(picture(seed=1).resize((64, 64)), "JPEG")
    store.public(sha256(JPEG), "image/jpeg").write_bytes(smaller)
    with pytest.raises(DamagedImageError):
        store.verified_public(stored(hashed=False))


def test_a_missing_file_is_told_as_missing(store: MediaStore) -> None:
    store.public(sha256(JPEG), "image/jpeg").unlink()
    store.original(sha256(JPEG)).unlink()
    with pytest.raises(NotFoundError):
        store.verified_public(stored())
    with pytest.raises(NotFoundError):
        store.read_original(sha256(JPEG))


def test_a_whole_file_is_read_once(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    real = Path.read_bytes

    def count(path: Path) -> bytes:
        read.append(path)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", count)
    for _ in range(3):
        store.verified_public(stored())
    assert len(read) == 1


@pytest.mark.parametrize("harm", HARMS)
def test_taking_the_same_file_in_again_mends_it(
    harm: Callable[[Path], None], tmp_path: Path
) -> None:
    with deployment(tmp_path) as place:
        pictures = write_pictures(tmp_path / "in", 1)
        place.app.intake.ingest(pictures, "test")
        found = picture_of(place)
        assert found.public_sha256 == sha256(place.app.media.verified_public(found).read_bytes())
        harm(place.app.media.public(found.sha256, found.public_type))
        harm(place.app.media.original(found.sha256))
        report = place.app.intake.ingest(pictures, "test")
        assert (report.added, report.duplicates) == (0, 1)
        place.app.media.verified_public(picture_of(place))
        assert place.app.media.read_original(found.sha256) == pictures[0].read_bytes()


def picture_of(place: Deployment) -> Picture:
    (item,) = place.items().values()
    with place.app.database.read() as repos:
        image = repos.images.get(item.image_id)
        assert image is not None
        assert image.picture is not None
        return image.picture
