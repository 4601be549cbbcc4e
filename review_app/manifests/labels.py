"""Labels of manifests: what an image is, and the words by which people say so."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ManifestLabel(StrEnum):
    """A label, as a manifest states it."""

    REAL = "real"
    """A camera made it."""
    FAKE = "fake"
    """A generator or an editor made or altered the image."""


WORDS: Final = {
    "real": ManifestLabel.REAL,
    "genuine": ManifestLabel.REAL,
    "authentic": ManifestLabel.REAL,
    "bonafide": ManifestLabel.REAL,
    "pristine": ManifestLabel.REAL,
    "fake": ManifestLabel.FAKE,
    "deepfake": ManifestLabel.FAKE,
    "synthetic": ManifestLabel.FAKE,
    "aigenerated": ManifestLabel.FAKE,
    "forged": ManifestLabel.FAKE,
}
"""Words that mean one label and no other, without blanks and hyphens. Numbers are none of them: 1
is fake in one set and real in the next."""


def label_of_word(word: str) -> ManifestLabel | None:
    """The label that ``word`` means beyond doubt, in the singular or the plural; else None."""
    plain = "".join(c for c in word.casefold() if c not in " -_")
    return WORDS.get(plain) or WORDS.get(plain.removesuffix("s"))
