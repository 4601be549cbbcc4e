"""Faults of a score file, by row, and images that occur twice in it."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from pathlib import Path

import numpy as np

from review_app.core.errors import InputError
from review_app.scores.columns import RowColumns
from review_app.scores.remedies import Scale

SHOWN = 20
"""Faults that are told; the others are counted."""


class Faults:
    """The faults of a file, by row."""

    def __init__(self) -> None:
        self._shown: list[str] = []
        self._count = 0
        self.scale = Scale()
        """The scale of every p_fake in a row with a fault."""

    def add(self, row: int, what: str) -> None:
        """``row`` counts lines of the file: its header is row 1."""
        self._count += 1
        if len(self._shown) < SHOWN:
            self._shown.append(f"row {row}: {what}")

    def raise_any(self, path: Path) -> None:
        """Raise InputError where anything is wrong with the file at ``path``."""
        if not self._count:
            return
        more = self._count - len(self._shown)
        remedy = self.scale.remedy()
        faults = "1 fault" if self._count == 1 else f"{self._count:,} faults"
        raise InputError(
            f"{path} cannot be used, nothing of it was taken; {faults}: {'; '.join(self._shown)}"
            + (f"; and {more:,} more" if more else "")
            + (f". {remedy}" if remedy else "")
        )


class SeenImages:
    """The (image, detector) pairs that occurred, and where: 24 bytes each, by a 128-bit hash."""

    def __init__(self) -> None:
        self._hashes = bytearray()
        self._rows = array("q")

    def add(self, columns: RowColumns) -> None:
        """Remember the pairs of rows, and where they stand."""
        pairs = zip(columns.detector, columns.keys, strict=True)
        for detector, key in pairs:
            self._hashes += blake2b(f"{detector}\0{key}".encode(), digest_size=16).digest()
        self._rows.extend(columns.row)

    def repeated(self) -> list[tuple[int, int]]:
        """Rows whose pair occurred before, each with the first row that had it, in file order."""
        high, low = np.frombuffer(bytes(self._hashes), np.uint64).reshape(-1, 2).T
        order = np.lexsort((low, high))  # stable: rows of one pair stay in the file's order
        same = (np.diff(high[order]) == 0) & (np.diff(low[order]) == 0)
        starts = np.maximum.accumulate(np.where(np.append(False, same), 0, np.arange(len(order))))
        again = np.flatnonzero(np.append(False, same)) if len(order) else np.empty(0, np.intp)
        found = ((self._rows[order[at]], self._rows[order[starts[at]]]) for at in again)
        return sorted(found)
