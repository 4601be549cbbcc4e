"""Kinds of manipulation that the page offers until an admin chooses others, and their names."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from review_app.i18n import t

COMMON_TAGS = (
    "face swap",
    "face edited",
    "wholly generated",
    "object added or removed",
    "background replaced",
    "text or document changed",
    "spliced or composed",
    "other",
)
"""The tags as they are stored, whoever chooses them in whatever language."""

MAX_TAGS = 20


def _distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))


Tag = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^;\x00-\x1f\x7f]{1,60}$")]
"""A kind of manipulation, in words; without the semicolon that separates tags in exports."""
Tags = Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS), AfterValidator(_distinct)]


def tag_name(tag: str) -> str:
    """What people read for ``tag``: those that the program comes with have a name in each
    language; an admin's own are names already."""
    return t(f"tags.{tag.replace(' ', '_')}") if tag in COMMON_TAGS else tag
