"""The groups that a limit may have to hold in: fixed partitions of the images.

A group is told from facts that triage knows of an image before anybody labels it, and by a rule
that no label can change. So which images are in a group, and how many labels a group has, says
nothing of what the labels say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
    """The kind of content that the detector's gate takes the image for."""
    NOVELTY_BAND = "novelty_band"
    """How unlike the training images it is: usual, unusual or unlike."""


@dataclass(frozen=True)
class GroupFacts:
    """The facts of one image that groups are told from; None where one is not known."""

    source: str | None = None
    width: int | None = None
    height: int | None = None
    scope: str | None = None
    """The sources of the expert that the gate gives the largest share."""
    novelty: float | None = None
    """How unlike the training images the image is, z."""
    novelty_cut: float | None = None
    """The z above which the checkpoint calls an image unlike."""


def group_of(grouping: Grouping, facts: GroupFacts) -> str:
    """The name of the image's group; `UNKNOWN` where what decides it is not known."""
    match grouping:
        case Grouping.SOURCE:
            return facts.source or UNKNOWN
        case Grouping.SCOPE:
            return facts.scope or UNKNOWN
        case Grouping.SIZE_CLASS:
            return _size_class(facts.width, facts.height)
        case Grouping.NOVELTY_BAND:
            return _novelty_band(facts.novelty, facts.novelty_cut)


def _size_class(width: int | None, height: int | None) -> str:
    if not width or not height:
        return UNKNOWN
    shorter = min(width, height)
    if shorter < SMALL_BELOW:
        return "small"
    return "medium" if shorter < LARGE_FROM else "large"


def _novelty_band(novelty: float | None, cut: float | None) -> str:
    if novelty is None or cut is None:
        return UNKNOWN
    if novelty > cut:
        return "unlike"
    return "usual" if novelty <= 0 else "unusual"
