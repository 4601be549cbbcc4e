"""Marks on an image: what may be one, and how much it encloses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from review_app.core.permissions import Person
from review_app.review.regions import Region, Shape
from tests.factories import Factory
from tests.review.bench import FAKE, Bench

SHARE = st.floats(0, 1, allow_nan=False)
TRIANGLE = ((0.1, 0.1), (0.5, 0.1), (0.1, 0.5))


@given(SHARE, SHARE, SHARE, SHARE)
def test_a_rectangle_encloses_what_the_polygon_of_its_corners_does(
    left: float, top: float, right: float, bottom: float
) -> None:
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    area = abs((right - left) * (bottom - top))
    if area < 1e-6:
        with pytest.raises(ValidationError, match="enclose"):
            Region(shape=Shape.RECTANGLE, points=((left, top), (right, bottom)))
        return
    rectangle = Region(shape=Shape.RECTANGLE, points=((left, top), (right, bottom)))
    assert rectangle.area == pytest.approx(area)
    if area > 1e-5:
        assert Region(shape=Shape.POLYGON, points=tuple(corners)).area == pytest.approx(area)


@pytest.mark.parametrize(
    ("shape", "points"),
    [
        ("rectangle", TRIANGLE),
        ("polygon", TRIANGLE[:2]),
        ("polygon", ((0, 0), (0.5, 0.5), (1, 1))),
        ("polygon", (*TRIANGLE, (1.1, 0.5))),
        ("polygon", (*TRIANGLE, (float("nan"), 0.5))),
        ("polygon", TRIANGLE * 22),
        ("circle", TRIANGLE),
    ],
)
def test_what_marks_nothing_on_the_image_is_refused(shape: str, points: object) -> None:
    with pytest.raises(ValidationError):
        Region.model_validate({"shape": shape, "points": points})


def test_regions_are_stored_with_the_answer_and_come_back_as_they_were(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    regions = (
        Region(shape=Shape.POLYGON, points=TRIANGLE),
        Region(shape=Shape.RECTANGLE, points=((0.2, 0.2), (0.4, 0.3))),
    )
    bench.label(ada, item, FAKE, regions=regions)
    (own,) = bench.review.recent(ada)
    assert own.regions == regions
