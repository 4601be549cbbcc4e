"""The languages there are, and which of them somebody gets."""

from __future__ import annotations

import re
from enum import StrEnum


class Language(StrEnum):
    """A language that every text exists in, as a BCP 47 tag."""

    EN = "en"
    """English: what the texts are written in first, and what is spoken where nobody asks."""
    DE = "de"
    """German."""
    ES = "es"
    """Spanish."""


NAMES = {Language.EN: "English", Language.DE: "Deutsch", Language.ES: "Español"}
"""Each in its own words, for those who read no other."""

_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*"
)


def negotiate(accepted: str, chosen: str | None = None) -> Language:
    """The language to answer in.

    ``chosen`` is what the person picked, if it is one of ours. Otherwise the best of ``accepted``,
    an ``Accept-Language`` header with quality values (RFC 9110, 12.5.4): the highest quality, among
    equals the first. Only the primary subtag counts, so ``de-AT`` is German. Parts that cannot be
    read are passed over; where nothing fits, English.
    """
    if chosen in set(Language):
        return Language(chosen)
    best, best_quality = Language.EN, 0.0
    for part in accepted.split(","):
        found = _RANGE.fullmatch(part)
        if found is None:
            continue
        tag, quality = found[1].lower(), float(found[2] or 1)
        if tag in set(Language) and quality > best_quality:
            best, best_quality = Language(tag), quality
    return best
