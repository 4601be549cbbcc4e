"""The groups that a limit may have to hold in: fixed partitions of the images.

A group is told from a fact that triage knows of an image before anybody labels it, and by a rule
that no label can change. So which images are in a group, and how many labels a group has, says
nothing of what the labels say.
"""

from __future__ import annotations

from enum import StrEnum

Fact = str | float | None
"""What decides an image's group; None where it is not known."""

UNKNOWN = "unknown"
"""The group of images of which the fact is not known. It is never certified: what is in it has
nothing in common."""
SMALL_BELOW, LARGE_FROM = 256, 1024
"""Pixels of the shorter side. The shipped detector sees images below the first whole, and scales
larger ones down."""


class Grouping(StrEnum):
    """What images are grouped by."""

    SOURCE = "source"
    """The source that was declared when the image came in."""
    SIZE_CLASS = "size_class"
    """The shorter side in pixels: small, medium or large."""
    SCOPE = "scope"
    """The kind of images that the detector's gate takes the image for."""
    NOVELTY_BAND = "novelty_band"
    """How unlike the training images it is, z: usual, unusual or unlike."""


def group_of(grouping: Grouping, fact: Fact, novelty_cut: float | None = None) -> str:
    """The name of the image's group; `UNKNOWN` where what decides it is not known.

    ``fact``: the source, the shorter side, the kind, or the novelty. ``novelty_cut``: the z above
    which the checkpoint calls an image unlike; ``None`` where it does not say.
    """
    if fact is None or fact == "":
        return UNKNOWN
    if isinstance(fact, str):
        return fact
    if grouping is Grouping.SIZE_CLASS:
        return _size_class(fact)
    return UNKNOWN if novelty_cut is None else _novelty_band(fact, novelty_cut)


def _size_class(shorter: float) -> str:
    if shorter < SMALL_BELOW:
        return "small"
    return "medium" if shorter < LARGE_FROM else "large"


def _novelty_band(novelty: float, cut: float) -> str:
    if novelty > cut:
        return "unlike"
    return "usual" if novelty <= 0 else "unusual"
