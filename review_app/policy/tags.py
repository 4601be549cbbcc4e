"""Kinds of manipulation that the page offers until an admin chooses others, and their names."""

from __future__ import annotations

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
"""As they are stored, whoever chooses them in whatever language."""


def tag_name(tag: str) -> str:
    """What people read for ``tag``: those that the program comes with have a name in each
    language; an admin's own are names already."""
    return t(f"tags.{tag.replace(' ', '_')}") if tag in COMMON_TAGS else tag
