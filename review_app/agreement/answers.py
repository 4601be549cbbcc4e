"""Answers of several people on the same images, in columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class GivenAnswer(NamedTuple):
    """One person's answer on one image."""

    item: int
    person: int
    fake: bool


@dataclass(frozen=True)
class AnswerColumns:
    """Answers of real or fake, parallel [n]; at most one of a person on an image."""

    item: Ints
    """[n], in 0 .. items - 1."""
    person: Ints
    """[n], in 0 .. people - 1."""
    fake: Bools
    """[n]."""
    truth: Ints
    """What is known of each image [items]: 1 fake, 0 real, -1 nothing."""
    people: int

    def __post_init__(self) -> None:
        if len({self.item.shape, self.person.shape, self.fake.shape}) != 1:
            raise InputError("The columns of answers are of one length.")
        if self.item.size and (self.item.max() >= len(self.truth) or self.item.min() < 0):
            raise InputError("An answer is on an image that is not there.")
        if self.person.size and (self.person.max() >= self.people or self.person.min() < 0):
            raise InputError("An answer is of a person who is not there.")

    @property
    def items(self) -> int:
        """The number of images."""
        return len(self.truth)

    @property
    def number(self) -> Ints:
        """How many answers each image has, [items]."""
        return np.bincount(self.item, minlength=self.items)

    @property
    def fakes(self) -> Ints:
        """How many of them say fake, [items]."""
        return np.bincount(self.item, weights=self.fake, minlength=self.items).astype(np.intp)


def columns_of(
    given: Iterable[GivenAnswer], known: dict[int, bool]
) -> tuple[AnswerColumns, list[int], list[int]]:
    """``given`` in columns, with the items and the people in the order of their numbers there;
    ``known``: the true label of items, by what ``given`` calls them."""
    rows = list(given)
    items, item = np.unique(np.array([row.item for row in rows], np.int64), return_inverse=True)
    people, person = np.unique(
        np.array([row.person for row in rows], np.int64), return_inverse=True
    )
    truth = np.array([int(known[i]) if i in known else -1 for i in items.tolist()], np.intp)
    fake = np.array([row.fake for row in rows], np.bool_)
    return AnswerColumns(item, person, fake, truth, people.size), items.tolist(), people.tolist()
