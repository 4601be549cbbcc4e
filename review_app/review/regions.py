"""Marks on an image: where somebody saw what made them answer. Pure.

Coordinates are shares of the image's width and height, from its upper left corner, so a mark means
the same on every size of the image.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_REGIONS = 20
MAX_POINTS = 64
_SMALLEST = 1e-6
"""Share of the image's area; a mark below it is a slip of the hand."""

Coordinate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Point = tuple[Coordinate, Coordinate]


class Shape(StrEnum):
    """A shape: the way in which the points of a region are read."""

    RECTANGLE = "rectangle"
    """Two opposite corners."""
    POLYGON = "polygon"
    """Three corners or more, in order; the last is joined to the first."""


class Region(BaseModel):
    """One mark: its shape, and its points as (x, y)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: Shape
    points: tuple[Point, ...] = Field(min_length=2, max_length=MAX_POINTS)

    @model_validator(mode="after")
    def _encloses_something(self) -> Region:
        if self.shape is Shape.RECTANGLE and len(self.points) != 2:
            raise ValueError("a rectangle has two points, opposite corners")
        if self.shape is Shape.POLYGON and len(self.points) < 3:
            raise ValueError("a polygon has three points at least")
        if self.area < _SMALLEST:
            raise ValueError("a region must enclose some of the image")
        return self

    @property
    def area(self) -> float:
        """Share of the image's area that it encloses, in [0, 1], by the shoelace formula."""
        if self.shape is Shape.RECTANGLE:
            (left, top), (right, bottom) = self.points
            return abs((right - left) * (bottom - top))
        joined = zip(self.points, (*self.points[1:], self.points[0]), strict=True)
        return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in joined)) / 2
