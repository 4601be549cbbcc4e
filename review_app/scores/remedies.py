"""Remedies for a score file whose numbers are on another scale, or which is of another kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

STRONG = 0.25
"""A score and P(fake) contradict each other where one is at most this, the other at least 1 less
it: a threshold or a doubt of one's own explains less, but not that."""
_ROUNDED = 1e-3
"""A number above 1 or below 0 by so little is a sum of floats, and of no other scale."""


class Scale:
    """The scale of numbers that should be in [0, 1], told from those that are not."""

    def __init__(self) -> None:
        self._low = self._high = 0.5
        self._percent = False

    def add(self, text: str) -> None:
        """One number as the file has it."""
        self._percent |= text.endswith("%")
        try:
            value = float(text.removesuffix("%"))
        except ValueError:
            return
        if abs(value) < 1e300:
            self._low, self._high = min(self._low, value), max(self._high, value)

    def remedy(self) -> str | None:
        """What to do; None where every number was in [0, 1], or was none."""
        if self._percent:
            return "p_fake is in percent: leave the sign out, and divide by 100"
        if self._low >= 0 and self._high <= 1:
            return None
        if self._low >= -_ROUNDED and self._high <= 1 + _ROUNDED:
            return "p_fake is off by rounding: clip it to [0, 1]"
        if self._low < 0:
            return "p_fake looks like logits: write 1 / (1 + exp(-logit))"
        if self._high <= 100:
            return "p_fake looks like percent: divide by 100"
        return "p_fake is on another scale: write the probability that the image is fake"


def other_kind(path: Path, begin: bytes) -> str | None:
    """How to make a score file of one that begins otherwise; None where it may be CSV."""
    bare = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin.startswith(b"PAR1"):
        return f"{path} is a Parquet file, not CSV; {_by_pandas(path, 'read_parquet(IN)')}"
    if bare.startswith(b"["):
        return f"{path} is JSON, not CSV; {_by_pandas(path, 'read_json(IN)')}"
    if bare.startswith(b"{"):
        return f"{path} is JSON, not CSV; {_by_pandas(path, 'read_json(IN, lines=True)')}"
    return None


def contradicting(score: ArrayLike, p_fake: ArrayLike) -> int:
    """How many of the images [n] have a ``score`` that says surely the opposite of ``p_fake``."""
    low, high = np.minimum(score, p_fake), np.maximum(score, p_fake)
    return int(np.sum((low <= STRONG) & (high >= 1 - STRONG)))


def contradiction(n: int, rows: int) -> str:
    """What to tell of ``n`` rows out of ``rows`` that contradict themselves."""
    return (
        f"in {n:,} of {rows:,} rows score says the opposite of p_fake; thresholds are compared "
        "with score, 0 surely real and 1 surely fake. If it is the chance of being real: 1 - score"
    )


def _by_pandas(path: Path, reading: str) -> str:
    call = reading.replace("IN", repr(str(path)))
    out = repr(str(path.with_suffix(".csv")))
    return f'make one: python -c "import pandas; pandas.{call}.to_csv({out}, index=False)"'
