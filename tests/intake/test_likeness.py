"""Copies are joined with their original; what only has the same layout is not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import delete

from benchmarks.alike_images import LAYOUTS, WAYS, form
from storage.models import ImageDescriptor
from tests.applications import Deployment, deployment
from tests.intake.samples import encode, picture


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


def take(place: Deployment, folder: Path, *images: Image.Image) -> list[int | None]:
    """The place, from 0, of the first image that each was joined with, in the order given."""
    folder.mkdir()
    paths = [folder / f"{at:03}.png" for at in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        path.write_bytes(encode(image, "PNG"))
    place.app.intake.ingest(paths, "tester")
    rows = [item.image for _, item in sorted(place.items().items())]
    at = {row.id: number for number, row in enumerate(rows)}
    items = [item for _, item in sorted(place.items().items())]
    return [
        None if item.duplicate_group_id is None else at[item.duplicate_group_id] for item in items
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_different_screenshots_of_one_layout_are_not_joined(
    place: Deployment, tmp_path: Path, layout: str
) -> None:
    images = [LAYOUTS[layout](3, number) for number in range(3)]
    assert take(place, tmp_path / "in", *images) == [None] * 3


def test_images_of_one_colour_are_not_joined(place: Deployment, tmp_path: Path) -> None:
    flat = [Image.new("RGB", (300, 200), name) for name in ("black", "white", "red", "#fefefe")]
    flat.append(Image.new("RGB", (600, 400), "white"))
    assert take(place, tmp_path / "in", *flat) == [None] * 5


@pytest.mark.parametrize("layout", ["post", "form"])
def test_a_screenshot_that_is_passed_on_is_joined_with_itself(
    place: Deployment, tmp_path: Path, layout: str
) -> None:
    rng = random.Random(1)
    images = [LAYOUTS[layout](5, number) for number in range(2)]
    ways = ("JPEG, quality 50", "half the size", "up to 3 % off each side")
    copies = [WAYS[way](images[1], rng) for way in ways]
    assert take(place, tmp_path / "in", *images, *copies) == [None, None] + [1] * len(copies)


def test_a_photo_that_was_cropped_before_is_joined_either_way(
    place: Deployment, tmp_path: Path
) -> None:
    photo = picture(400, 300, seed=1)
    crop = photo.crop((12, 9, 400, 300)).resize((300, 220))
    first = take(place, tmp_path / "crop first", crop, picture(400, 300, seed=2))
    assert first == [None, None]
    assert take(place, tmp_path / "then all of it", photo) == [None, None, 0]


def test_images_from_before_there_were_descriptors_are_found_too(
    place: Deployment, tmp_path: Path
) -> None:
    take(place, tmp_path / "before", form(1, 1))
    with place.app.database.write() as repos:
        repos.session.execute(delete(ImageDescriptor))
    assert take(place, tmp_path / "after", WAYS["half the size"](form(1, 1), random.Random())) == [
        None,
        0,
    ]


def test_a_copy_of_an_image_whose_file_is_lost_is_still_joined(
    place: Deployment, tmp_path: Path
) -> None:
    photo = picture(400, 300, seed=1)
    take(place, tmp_path / "before", photo)
    (item,) = place.items().values()
    assert item.image.sha256
    place.app.media.original(item.image.sha256).unlink()
    assert take(place, tmp_path / "after", photo.resize((200, 150))) == [None, 0]
