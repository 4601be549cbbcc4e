"""Every source photo is there, free, documented, and serves one purpose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from review_app.core.errors import NotFoundError
from review_app.demo.photos import PHOTOS, Photo, Use

LICENCES = Path(__file__).parents[2] / "docs/demo-licences.md"


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.name)
def test_a_photo_ships_in_its_package_and_is_large_enough(photo: Photo) -> None:
    pixels = photo.load()
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert min(pixels.shape[:2]) >= 256


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.name)
def test_a_photo_is_listed_with_its_licence_and_credit(photo: Photo) -> None:
    row = next(
        line
        for line in LICENCES.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| `{Path(photo.file).name}` |")
    )
    assert f"| {photo.licence} |" in row
    assert photo.credit in row


def test_every_use_has_several_photos() -> None:
    assert len({photo.name for photo in PHOTOS}) == len(PHOTOS)
    for use in Use:
        assert len([photo for photo in PHOTOS if photo.use is use]) >= 2


def test_a_photo_that_is_gone_says_which_package_to_install() -> None:
    with pytest.raises(NotFoundError, match="make demo"):
        replace(PHOTOS[0], file="data/no-such-photo.png").load()
    with pytest.raises(NotFoundError, match="no_such_package"):
        replace(PHOTOS[0], package="no_such_package").load()
