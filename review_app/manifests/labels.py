"""What an image is, and the words by which people say so."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Label(StrEnum):
    """What an image is, as a manifest states it."""

    REAL = "real"
    """A camera made it."""
    FAKE = "fake"
    """Made or altered by a generator or an editor."""


WORDS: Final = {
    "real": Label.REAL,
    "genuine": Label.REAL,
    "authentic": Label.REAL,
    "bonafide": Label.REAL,
    "pristine": Label.REAL,
    "fake": Label.FAKE,
    "deepfake": Label.FAKE,
    "synthetic": Label.FAKE,
    "aigenerated": Label.FAKE,
    "forged": Label.FAKE,
}
"""Words that mean one label and no other, without blanks and hyphens. Numbers are none of them: 1
is fake in one set and real in the next."""


def label_of_word(word: str) -> Label | None:
    """The label that ``word`` means beyond doubt, in the singular or the plural; else None."""
    plain = "".join(c for c in word.casefold() if c not in " -_")
    return WORDS.get(plain) or WORDS.get(plain.removesuffix("s"))
