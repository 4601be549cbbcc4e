"""One row of a score file: its columns, and every fault that it may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isinf

from review_app.manifests.labels import ManifestLabel, label_of_word

REQUIRED = ("detector", "p_fake")
IDENTITY = ("path", "sha256")
"""A row has at least one of them; where both are given, the image is known by its hash."""
OPTIONAL = ("score", "std", "novelty", "label", "source", "split", "time")
COLUMNS = (*IDENTITY, *REQUIRED, *OPTIONAL)
LONGEST = {"path": 1024, "detector": 100, "source": 200, "split": 40}
"""Characters of text that are kept; longer text is a fault, for cut short it would mean another."""

SHA256_DIGITS = 64
SHA256 = re.compile(rf"[0-9a-fA-F]{{{SHA256_DIGITS}}}")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NOT_FINITE = {"nan", "inf", "infinity"}
_SHOWN = 40
"""Characters of a wrong value that a message repeats."""


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """The score that one detector gives one image."""

    row: int
    """Line of the file: the header is row 1, and blank lines count."""
    path: str | None
    sha256: str | None
    """64 lower-case hex digits."""
    detector: str
    p_fake: float
    """The probability that the image is fake, in [0, 1]."""
    score: float
    """What thresholds are compared with, in [0, 1]; ``p_fake`` where the file has no other."""
    std: float | None
    """Spread of ``p_fake``, at least 0."""
    novelty: float | None
    """How unlike the training images, in the detector's own unit."""
    label: ManifestLabel | None
    source: str | None
    split: str | None
    """The split, in lower case."""
    time: datetime | None
    """The time of the score, in UTC."""

    @property
    def key(self) -> str:
        """What identifies the image, as everywhere else: its hash, or ``path:...``."""
        return self.sha256 or f"path:{self.path}"


def utc_time(text: str) -> datetime:
    """The time that ``text`` tells, in UTC, which is also that of times without a zone. Raises
    ValueError where it is no time of ISO 8601."""
    found = datetime.fromisoformat(text)
    try:
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def parse_row(number: int, values: Mapping[str, str]) -> ScoreRow | list[str]:
    """The row of stripped ``values`` by column (absent: empty), or what is wrong with it."""
    reading = _Reading(values)
    reading.check_text()
    sha256 = reading.sha256()
    if not (values.get("path") or values.get("sha256")):
        reading.faults.append("neither path nor sha256")
    detector = values.get("detector", "")
    if not detector:
        reading.faults.append("no detector")
    p_fake = reading.number("p_fake", 1.0)
    if not values.get("p_fake"):
        reading.faults.append("no p_fake")
    score = reading.number("score", 1.0)
    std = reading.number("std")
    novelty = reading.number("novelty", low=None)
    label, time = reading.label(), reading.time()
    if reading.faults or p_fake is None:
        return reading.faults
    return ScoreRow(
        number,
        values.get("path") or None,
        sha256,
        detector,
        p_fake,
        p_fake if score is None else score,
        std,
        novelty,
        label,
        values.get("source") or None,
        values.get("split", "").lower() or None,
        time,
    )


class _Reading:
    """The typed values of one row; faults collect."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.faults: list[str] = []

    def number(
        self, column: str, high: float | None = None, *, low: float | None = 0.0
    ) -> float | None:
        """The number in ``column``; None where it is empty or wrong."""
        text = self._values.get(column, "")
        if not text:
            return None
        if not NUMBER.fullmatch(text):
            is_word = text.lower().lstrip("+-") in _NOT_FINITE
            wrong = "finite number" if is_word else "number (write 0.5 with a point)"
            self._fault(column, text, f"is not a {wrong}")
            return None
        value = float(text)
        if high is not None and not 0 <= value <= high:
            self._fault(column, text, "is outside [0, 1]")
        elif low is not None and value < low:
            self._fault(column, text, "is below 0")
        elif isinf(value):
            self._fault(column, text, "is too large")
        else:
            return value
        return None

    def check_text(self) -> None:
        """Faults of the columns that are taken as they are."""
        for column, longest in LONGEST.items():
            if len(text := self._values.get(column, "")) > longest:
                self._fault(column, text, f"has more than {longest} characters")
        if not (detector := self._values.get("detector", "")).isprintable():
            self._fault("detector", detector, "holds characters that cannot be shown")

    def sha256(self) -> str | None:
        text = self._values.get("sha256", "")
        if text and not SHA256.fullmatch(text):
            self._fault("sha256", text, "is no SHA-256 (64 hexadecimal digits)")
        return text.lower() or None

    def label(self) -> ManifestLabel | None:
        text = self._values.get("label", "")
        label = label_of_word(text) if text else None
        if text and label is None:
            self._fault("label", text, "is neither real nor fake (leave it empty if unknown)")
        return label

    def time(self) -> datetime | None:
        text = self._values.get("time", "")
        if not text:
            return None
        try:
            return utc_time(text)
        except ValueError:
            self._fault("time", text, "is no ISO 8601 time, as in 2026-01-31T12:00:00Z")
            return None

    def _fault(self, column: str, text: str, what: str) -> None:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        self.faults.append(f"{column} {shown!r} {what}")
