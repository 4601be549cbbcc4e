"""Names that people take for one another: by capitals, or by letters of other alphabets.

A part of Unicode's UTS 39: skeletons of names (section 4) over the letters of Cyrillic, Greek and
Armenian that look like Latin ones, and no word of several of these alphabets (section 5). Most of
the thousands of other pairs in its table are undone by Unicode's own normal form, NFKC.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import combinations
from typing import Final

_PAIRS: Final = (
    # Cyrillic
    "АA ВB ЕE ЅS ІI ЈJ КK МM НH ОO РP СC ТT УY ХX ҮY ԚQ ԜW ҺH ӀI ԌG ѴV",
    "аa еe ѕs іi јj кk мm оo рp сc тt уy хx үy ԛq ԝw һh ӏl ԁd ѵv гr пn",
    # Greek
    "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC",
    "αa γy ηn ιi κk νv οo ρp σo ςs τt υu χx ϲc ϳj",
    # Armenian
    "ՕO ՍU ՏS օo սu ոn ցg հh յj",
    # Latin, of other languages and of phonetics
    "ıi ȷj ɑa ɡg ɩi",
)
_LETTERS: Final = str.maketrans({pair[0]: pair[1] for line in _PAIRS for pair in line.split()})
"""Each to the Latin letter that it looks like."""
_SIGNS: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("‘’‛ʼʹʽ′`´", "'"))
_STROKES: Final = str.maketrans("I1|0", "lllO")
_SMALL_STROKES: Final = str.maketrans("1|0", "llo")
"""The strokes without a capital I: once letters are small, nobody takes an i for an l."""
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point, and the blank of Braille: nobody sees them."""
_SCRIPTS: Final[tuple[str, ...]] = ("armenian", "cyrillic", "greek", "latin")
_WORD: Final = re.compile(r"[^\W\d_]+")

Skeletons = tuple[str, str, str]
"""The skeletons of a name as it is written, in small letters, and in the small letters of what it
looks like."""


def skeletons(name: str) -> Skeletons:
    """What people may see in ``name``. Two names are confusable where any of theirs, at the same
    place, are equal."""
    plain = " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", name)).split())
    shape, small = _latin(plain), _latin(_folded(plain))
    seen = _latin(_folded(shape))
    return (_joined(shape, _STROKES), _joined(small, _SMALL_STROKES), _joined(seen, _SMALL_STROKES))


def are_confusable(one: str, other: str) -> bool:
    """Whether people may take the two names for one another; equal ones are."""
    return any(map(str.__eq__, skeletons(one), skeletons(other)))


def confusable_pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Those of ``names``, all different, that people may take for one another."""
    known = [(name, skeletons(name)) for name in names]
    return [
        (one, other)
        for (one, seen), (other, others) in combinations(known, 2)
        if any(map(str.__eq__, seen, others))
    ]


def mixed_word(name: str) -> tuple[str, list[str]] | None:
    """The first word of ``name`` with letters of several alphabets that look alike, and which ones
    (``armenian``, ``cyrillic``, ``greek``, ``latin``); None where there is no such word."""
    for word in _WORD.findall(unicodedata.normalize("NFKC", name)):
        begins = {unicodedata.name(letter, "").partition(" ")[0].lower() for letter in word}
        scripts = [script for script in _SCRIPTS if script in begins]
        if len(scripts) > 1:
            return word, scripts
    return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.casefold())


def _latin(name: str) -> str:
    return unicodedata.normalize("NFD", name).translate(_LETTERS).translate(_SIGNS)


def _joined(name: str, strokes: dict[int, int]) -> str:
    return name.translate(strokes).replace("rn", "m")
