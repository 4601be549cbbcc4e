"""The languages there are, and which of them somebody gets."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NewType

from babel.core import negotiate_locale

Language = NewType("Language", str)
"""A language that there is a catalogue of, as a BCP 47 tag."""

FOLDER = Path(__file__).parent / "catalogues"
ENGLISH = Language("en")
"""What the texts are written in first, and what is used where nobody asks, or a text is missing."""

LANGUAGES = (
    ENGLISH,
    *(Language(name) for name in sorted({p.stem for p in FOLDER.glob("*.json")} - {ENGLISH})),
)
"""Every language, one for each file of ``catalogues``; English first."""

_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9-]*)?)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def language_named(tag: str) -> Language:
    """The language ``tag``. Raises ``ValueError`` where there is no catalogue of it."""
    if tag not in LANGUAGES:
        raise ValueError(f"there is no such language; there are: {', '.join(LANGUAGES)}")
    return Language(tag)


@lru_cache(maxsize=64)
def negotiate(accepted: str, chosen: str | None = None) -> Language:
    """The language to answer in.

    ``chosen`` is what the person picked, if it is one of ours. Otherwise the best of ``accepted``,
    an ``Accept-Language`` header with quality values (RFC 9110, 12.5.4): the highest quality, among
    equals the first. Where the whole tag is none of ours its primary subtag counts, so ``de-AT`` is
    German. Parts that cannot be read are passed over; where nothing fits, English.
    """
    if chosen in LANGUAGES:
        return Language(chosen)
    ranges = [found for part in accepted.split(",") if (found := _RANGE.fullmatch(part))]
    weighed = [(float(found[2] or 1), found[1].lower()) for found in ranges]
    wanted = [tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0]
    by_tag = {language.lower(): language for language in LANGUAGES}
    best = negotiate_locale(wanted, by_tag, sep="-", aliases={})
    return by_tag[best] if best else ENGLISH
