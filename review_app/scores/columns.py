"""Rows of a score file, column by column: what holds of each value is asked of all at once.

A row by itself costs more than what is done with it. So this only tells whether rows are without
fault, and what they say; where one is not, `review_app.scores.row` says of each what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import or_
from typing import Final, TypeVar

import numpy as np

from review_app.manifests.labels import ManifestLabel, label_of_word
from review_app.scores.lines import ScoreRecord
from review_app.scores.row import COLUMNS, LONGEST, SHA256_DIGITS, ScoreRow, utc_time

T = TypeVar("T")
_HEXADECIMAL: Final = b"0123456789abcdefABCDEF"
_NUMERIC: Final = b"0123456789.+-eE"


@dataclass(frozen=True, slots=True)
class RowColumns:
    """The fields of `ScoreRow`, n rows each, in the file's order."""

    row: Sequence[int]
    path: Sequence[str | None]
    sha256: Sequence[str | None]
    detector: Sequence[str]
    p_fake: Sequence[float]
    score: Sequence[float]
    std: Sequence[float | None]
    novelty: Sequence[float | None]
    label: Sequence[ManifestLabel | None]
    source: Sequence[str | None]
    split: Sequence[str | None]
    time: Sequence[datetime | None]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def keys(self) -> list[str]:
        """What identifies each image; see `ScoreRow.key`."""
        pairs = zip(self.sha256, self.path, strict=True)
        return [sha256 or f"path:{path}" for sha256, path in pairs]

    def rows(self) -> Iterator[ScoreRow]:
        """The rows by themselves."""
        return map(
            ScoreRow, self.row, self.path, self.sha256, self.detector, self.p_fake, self.score,
            self.std, self.novelty, self.label, self.source, self.split, self.time,
        )  # fmt: skip

    @classmethod
    def of(cls, rows: Sequence[ScoreRow]) -> RowColumns:
        """The columns of ``rows``."""
        return cls(*([getattr(row, name) for row in rows] for name in cls.__slots__))

    def only(self, detector: str) -> RowColumns:
        """The rows of ``detector``."""
        if all(each == detector for each in self.detector):
            return self
        return RowColumns.of([row for row in self.rows() if row.detector == detector])


class _FaultyValueError(ValueError):
    """Some value is not as it should be."""


def parse_columns(
    records: Sequence[ScoreRecord],
    n_columns: int,
    places: Mapping[str, int],
    given: Mapping[str, str],
) -> RowColumns | None:
    """What ``records`` say; None where any of them has a fault. ``places``: where each column of
    ours is; ``given``: what stands in for columns that are not there."""
    if any(len(record.fields) != n_columns for record in records):
        return None
    table = list(zip(*(record.fields for record in records), strict=True))
    absent = {name: (given.get(name, ""),) * len(records) for name in COLUMNS}
    text = absent | {name: table[at] for name, at in places.items()}
    try:
        return _read([record.row for record in records], text)
    except ValueError:  # of a time, too
        return None


def _read(numbers: Sequence[int], text: Mapping[str, Sequence[str]]) -> RowColumns:
    """Raises ValueError where any value is not as it should be."""
    for name, longest in LONGEST.items():
        _require(max(map(len, text[name])) <= longest)
    detectors = set(text["detector"])
    _require("" not in detectors and all(each.isprintable() for each in detectors))
    _require({0, SHA256_DIGITS}.issuperset(map(len, text["sha256"])))
    _require(_holds_only(text["sha256"], _HEXADECIMAL))
    _require(all(map(or_, map(bool, text["path"]), map(bool, text["sha256"]))))
    p_fake = [value for value in _numbers_of(text["p_fake"], 0.0, 1.0) if value is not None]
    _require(len(p_fake) == len(numbers))
    scores = _numbers_of(text["score"], 0.0, 1.0)
    return RowColumns(
        numbers,
        [each or None for each in text["path"]],
        [each.lower() or None for each in text["sha256"]],
        text["detector"],
        p_fake,
        [own if s is None else s for s, own in zip(scores, p_fake, strict=True)],
        _numbers_of(text["std"], 0.0, None),
        _numbers_of(text["novelty"], None, None),
        _mapped_words(text["label"], _label),
        [each or None for each in text["source"]],
        [each.lower() or None for each in text["split"]],
        _mapped_words(text["time"], utc_time),
    )


def _require(holds: bool) -> None:
    if not holds:
        raise _FaultyValueError


def _numbers_of(column: Sequence[str], low: float | None, high: float | None) -> list[float | None]:
    """The numbers of a column; None where it is empty."""
    if not any(column):
        return [None] * len(column)
    _require(_holds_only(column, _NUMERIC))  # and what float() makes of these is what they say
    if all(column):
        found: list[float | None] = list(map(float, column))
    else:
        found = [float(each) if each else None for each in column]
    known = np.array([value for value in found if value is not None])
    _require(bool(np.isfinite(known).all()))
    _require(low is None or bool((known >= low).all()))
    _require(high is None or bool((known <= high).all()))
    return found


def _holds_only(column: Sequence[str], letters: bytes) -> bool:
    """Whether no text of a column holds others than these ASCII ``letters``."""
    text = "".join(column)
    return text.isascii() and not text.encode().translate(None, letters)


def _mapped_words(column: Sequence[str], read: Callable[[str], T]) -> list[T | None]:
    """What each word means; None where there is none."""
    meanings = {word: read(word) for word in set(column) if word}
    return [meanings.get(word) for word in column]


def _label(word: str) -> ManifestLabel:
    found = label_of_word(word)
    if found is None:
        raise _FaultyValueError
    return found
