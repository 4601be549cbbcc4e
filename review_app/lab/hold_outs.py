"""What is left out of a training, each kind in turn, and what the others are then tried on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import InputError
from review_app.inference.dataset import LabelledFeatures

FEWEST_FAKES = 20
"""Fakes of a generator, over all splits, for it to be left out in turn."""
FEWEST_TESTED = 5
"""Test images of what is left out."""

Bools = NDArray[np.bool_]


class HoldOutBy(StrEnum):
    """A way to tell kinds of images apart."""

    GENERATOR = "generator"
    """Its fakes are left out, wherever they are; every real image stays."""
    SOURCE = "source"
    """Real and fake images of it are left out."""


_WANTED = {
    HoldOutBy.GENERATOR: f"{FEWEST_FAKES} fakes, {FEWEST_TESTED} of them for the test",
    HoldOutBy.SOURCE: f"{FEWEST_TESTED} test images, and some to learn from",
}


@dataclass(frozen=True, slots=True)
class HoldOut:
    """One kind that a detector is not shown."""

    name: str
    left_out: Bools
    """Which images to learn from belong to it, bool [n learning]."""
    kind: Bools
    """Which test images belong to it, bool [n test]."""
    tested: Bools
    """Which test images tell how it is recognised: those, and with a generator the real images of
    the sources that they come from, bool [n test]."""


@dataclass(frozen=True, slots=True)
class HoldOuts:
    """Every kind that is left out in turn, by name."""

    kinds: tuple[HoldOut, ...]
    too_few: tuple[str, ...]
    """Kinds of which there are too few images to tell anything."""


def hold_outs(
    by: HoldOutBy,
    learning: LabelledFeatures,
    test: LabelledFeatures,
    only: tuple[str, ...] = (),
) -> HoldOuts:
    """The kinds among images to learn from and to test on; ``only`` those, where some are named.

    Raises InputError where nothing can be left out, a name of ``only`` is none of them, or what
    remains to learn from is of one class.
    """
    build = _without_generator if by is HoldOutBy.GENERATOR else _without_source
    names = _names(by, learning) + _names(by, test)
    found = [build(name, learning, test) for name in sorted(names)]
    enough = [each for each in found if _is_enough(by, each, names[each.name])]
    known = [each.name for each in enough]
    missing = [repr(name) for name in only if name not in known]
    chosen = [each for each in enough if not only or each.name in only]
    if missing or not chosen:
        raise InputError(
            f"no {' '.join([by, *missing])} can be left out: it takes {_WANTED[by]}; fill in the "
            f"column {by}, or choose from: {', '.join(known) or 'none'}"
        )
    for each in chosen:
        rest = learning.is_fake[~each.left_out]
        if rest.all() or not rest.any():
            raise InputError(
                f"without the {by} {each.name!r} the images to learn from are of one class; add "
                "images of another"
            )
    return HoldOuts(tuple(chosen), tuple(each.name for each in found if each not in enough))


def _names(by: HoldOutBy, data: LabelledFeatures) -> Counter[str]:
    """The kinds that occur, each with its number of images."""
    if by is HoldOutBy.SOURCE:
        return Counter(name for name in data.sources if name)
    pairs = zip(data.generators, data.is_fake, strict=False)
    return Counter(name for name, fake in pairs if name and fake)


def _without_generator(name: str, learning: LabelledFeatures, test: LabelledFeatures) -> HoldOut:
    kind = _of_generator(name, test)
    sources = np.array(test.sources or ("",) * len(test), dtype=object)
    beside = ~test.is_fake & np.isin(sources, sources[kind])
    return HoldOut(name, _of_generator(name, learning), kind, kind | beside)


def _of_generator(name: str, data: LabelledFeatures) -> Bools:
    if not data.generators:
        return np.zeros(len(data), dtype=np.bool_)
    return data.is_fake & np.array([each == name for each in data.generators], dtype=np.bool_)


def _without_source(name: str, learning: LabelledFeatures, test: LabelledFeatures) -> HoldOut:
    kind = test.from_source(name)
    return HoldOut(name, learning.from_source(name), kind, kind)


def _is_enough(by: HoldOutBy, each: HoldOut, n: int) -> bool:
    enough = by is HoldOutBy.SOURCE or n >= FEWEST_FAKES
    return enough and int(each.kind.sum()) >= FEWEST_TESTED and bool(each.left_out.any())
