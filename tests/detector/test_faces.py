"""Faces are found where they are, the same each time, and are never a reason to fail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review_app.core.errors import BackboneError
from review_app.demo.photos import PHOTOS
from review_app.inference.faces import FaceBox, FaceFinder
from review_app.inference.faces.box import best_apart, inside, overlap, shifted, squared
from review_app.inference.faces.finder import LEAST, MAX_FACES
from review_app.inference.faces.networks import WEIGHTS, WEIGHTS_SHA256, load_cascade
from review_app.inference.faces.search import scales

FACE = (170, 60, 280, 190)
"""Where the astronaut's face is, in pixels of a photo of 512: left, top, right, bottom."""


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    photo = next(photo for photo in PHOTOS if photo.name == "astronaut")
    return Image.fromarray(photo.load())


def _centre(face: FaceBox) -> tuple[float, float]:
    return face.x + face.width / 2, face.y + face.height / 2


def test_a_face_is_found_where_it_is(finder: FaceFinder, astronaut: Image.Image) -> None:
    (face,) = finder.find(astronaut)
    x, y = _centre(face)
    assert FACE[0] < x < FACE[2]
    assert FACE[1] < y < FACE[3]
    assert 60 < face.width < 150
    assert face.probability >= LEAST
    left, top, width, height = face.shares
    assert (left * 512, top * 512) == pytest.approx((face.x, face.y))
    assert (width * 512, height * 512) == pytest.approx((face.width, face.height))


def test_the_size_of_the_image_moves_the_box_along(
    finder: FaceFinder, astronaut: Image.Image
) -> None:
    (small,) = finder.find(astronaut)
    (large,) = finder.find(astronaut.resize((4096, 4096)))
    assert large.image_size == (4096, 4096)
    assert large.shares == pytest.approx(small.shares, abs=0.03)


def test_the_same_image_gives_the_same_boxes_on_any_thread(
    finder: FaceFinder, astronaut: Image.Image
) -> None:
    first = finder.find(astronaut)
    assert first
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _: FaceFinder().find(astronaut), range(4)))
    assert again == [first] * 4


def test_of_many_faces_the_largest_come_first_and_no_more_than_are_told(
    finder: FaceFinder, astronaut: Image.Image
) -> None:
    face = astronaut.crop((130, 20, 330, 220))
    crowd = Image.new("RGB", (600, 600), (90, 90, 90))
    for row in range(6):
        for column in range(6):
            size = 96 if (row, column) == (4, 1) else 70
            crowd.paste(face.resize((size, size)), (column * 100, row * 100))
    found = finder.find(crowd)
    assert len(found) == MAX_FACES
    areas = [one.width * one.height for one in found]
    assert areas == sorted(areas, reverse=True)
    assert (found[0].x // 100, found[0].y // 100) == (1, 4)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "I;16", "1"])
def test_every_kind_of_pixels_is_looked_at(
    finder: FaceFinder, astronaut: Image.Image, mode: str
) -> None:
    grey = astronaut.convert("L")
    image = (
        Image.fromarray(np.asarray(grey, np.uint16) * 257)
        if mode == "I;16"
        else astronaut.convert(mode)
    )
    found = finder.find(image)
    assert mode == "1" or len(found) == 1


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (11, 11), (13, 13)])
def test_an_image_of_any_size_is_looked_at(
    finder: FaceFinder, size: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    assert finder.find(Image.new("RGB", size, (200, 150, 130))) == ()
    assert not caplog.records


def test_what_goes_wrong_is_logged_and_no_face_found(
    finder: FaceFinder, tmp_path: Path, astronaut: Image.Image, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cut.jpg"
    astronaut.save(path)
    path.write_bytes(path.read_bytes()[:4000])
    with Image.open(path) as cut:
        assert finder.find(cut) == ()
    assert "no face can be looked for" in caplog.text


def test_weights_that_changed_are_refused(tmp_path: Path) -> None:
    data = bytearray(WEIGHTS.read_bytes())
    data[-1] ^= 1
    changed = tmp_path / "mtcnn.safetensors"
    changed.write_bytes(data)
    with pytest.raises(BackboneError, match="its content has changed"):
        load_cascade(changed, WEIGHTS_SHA256)
    with pytest.raises(BackboneError, match="install the program again"):
        load_cascade(tmp_path / "nowhere", WEIGHTS_SHA256)


def test_the_licence_of_the_weights_lies_beside_them() -> None:
    words = WEIGHTS.with_name("LICENCE").read_text(encoding="utf-8")
    assert "facenet-pytorch 2.6.0" in words
    assert "MIT License" in words
    assert WEIGHTS.stat().st_size < 2_100_000


def test_boxes_overlap_by_what_they_share() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [2, 2, 4, 4], [20, 20, 20, 20]], float)
    assert overlap(boxes[0], boxes).tolist() == pytest.approx([1, 1 / 3, 0.04, 0])
    assert overlap(boxes[0], boxes, of_smaller=True).tolist() == pytest.approx([1, 0.5, 1, 0])


def test_of_boxes_that_overlap_the_likeliest_stays_and_of_equals_the_first() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60], [50, 50, 60, 60]], float)
    assert best_apart(boxes, np.array([0.8, 0.9, 0.7, 0.7]), 0.5).tolist() == [1, 2]
    assert best_apart(np.empty((0, 4)), np.empty(0), 0.5).tolist() == []


def test_edges_move_by_shares_and_squares_keep_their_centre() -> None:
    boxes = np.array([[10, 20, 30, 60]], float)
    moved = shifted(boxes, np.array([[0.1, -0.1, 0, 0.5]], np.float32))
    assert moved[0].tolist() == pytest.approx([12, 16, 30, 80])
    assert squared(boxes)[0].tolist() == [0, 20, 40, 60]
    assert inside(np.array([[-3.5, 2.9, 7.2, 99]]), 8, 9).tolist() == [[0, 2, 7, 9]]


def test_the_pyramid_goes_from_the_smallest_face_to_the_whole_image() -> None:
    found = scales(256, 128, 20)
    assert found[0] == 12 / 20
    assert 128 * found[-1] >= 12 > 128 * found[-1] * 0.709
    assert scales(19, 500, 20) == []
