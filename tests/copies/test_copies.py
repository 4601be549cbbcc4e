"""Copies are found however they were saved; what is no copy is not; among many as among few."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from review_app.copies.descriptors import THUMB, Descriptor, Probe, describe, turned, turned_back
from review_app.copies.regions import SIDE, regions
from review_app.copies.search import ALIKE, SAME, CopyIndex, similarity
from review_app.demo.photos import PHOTOS

DATA = Path(__file__).parents[2] / "../shared/data"


def photos() -> list[Image.Image]:
    return [Image.fromarray(photo.load()) for photo in PHOTOS]


def index_of(stored: Sequence[Descriptor]) -> CopyIndex:
    index = CopyIndex()
    index.add([(n, n + 1, one.phash) for n, one in enumerate(stored)])
    return index


def thumbs_of(stored: Sequence[Descriptor]) -> Callable[[Sequence[int]], list[bytes]]:
    return lambda rows: [stored[row].thumb for row in rows]


def test_every_orientation_is_undone() -> None:
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    every = [turned(image, n) for n in range(8)]
    assert len({one.tobytes() + bytes(one.shape) for one in every}) == 8
    for n, one in enumerate(every):
        assert np.array_equal(turned_back(one, n), image)


@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_a_photo_is_found_in_every_orientation_and_no_other_is(turn: Image.Transpose) -> None:
    every = photos()
    stored = [describe(photo) for photo in every]
    index, thumbs = index_of(stored), thumbs_of(stored)
    for number, photo in enumerate(every):
        found = index.search(Probe.of(photo.transpose(turn)), thumbs)
        assert [m.image_id for m in found if m.similarity >= SAME] == [number + 1]


def test_the_index_agrees_with_comparing_one_by_one() -> None:
    every = photos()
    stored = [describe(photo) for photo in every]
    probe = Probe.of(ImageOps.mirror(every[0]).rotate(6.5))
    found = {m.image_id: m.similarity for m in index_of(stored).search(probe, thumbs_of(stored))}
    alone = {n + 1: similarity(probe, one) for n, one in enumerate(stored)}
    expected = {n: value for n, value in alone.items() if value >= ALIKE}
    assert found == pytest.approx(expected)


def test_one_is_found_among_many() -> None:
    rng = np.random.default_rng(7)
    noise = rng.integers(-(2**63), 2**63 - 1, 100_000).tolist()
    photo = photos()[3]
    mine = describe(photo)
    index = CopyIndex()
    index.add([(n, n, value) for n, value in enumerate(noise)])
    index.add([(len(noise), 10**6, mine.phash)])
    blank = bytes(THUMB * THUMB)
    found = index.search(
        Probe.of(ImageEnhance.Brightness(photo).enhance(1.1)),
        lambda rows: [mine.thumb if row == len(noise) else blank for row in rows],
    )
    assert [match.image_id for match in found] == [10**6]
    assert found[0].similarity >= SAME


def test_a_probe_is_the_same_after_it_was_kept() -> None:
    framed = ImageOps.expand(photos()[4], 90, (255, 255, 255))
    probe = Probe.of(framed)
    assert len(probe.regions) > 1, "the photo inside the border is a region"
    again = Probe.from_bytes(probe.to_bytes())
    stored = describe(photos()[4])
    assert similarity(again, stored) == similarity(probe, stored) >= SAME


def test_a_flat_image_is_like_nothing() -> None:
    flat = Image.new("RGB", (300, 200), (90, 90, 90))
    assert similarity(Probe.of(flat), describe(flat)) == 0
    assert [region.shape for region in regions(flat)] == [(SIDE, SIDE)]
    assert regions(Image.new("L", (1, 1)))[0].shape == (SIDE, SIDE)


@pytest.mark.data
def test_faces_cut_alike_of_different_people_are_hardly_ever_taken_for_copies() -> None:
    if not DATA.is_dir():
        pytest.skip("needs the images of ../shared/data")
    with (DATA / "manifest.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "stylegan_ffhq"][::4]
    images = [Image.open(DATA / row["path"]).convert("RGB") for row in rows]
    stored = [describe(image) for image in images]
    index, thumbs = index_of(stored), thumbs_of(stored)
    taken = 0
    for number, image in enumerate(images[:100]):
        found = index.search(Probe.of(image), thumbs)
        assert found[0].image_id == number + 1
        taken += any(m.similarity >= SAME for m in found[1:])
    assert taken <= 2
