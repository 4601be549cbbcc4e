"""Predictions beside their seals, which name them by checkpoint, head and image."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from storage.seals.findings import Findings
from storage.seals.sealing import CHECKPOINT, HEAD, by_head
from storage.seals.tables import PREDICTION, Row

_SPAN = f"{PREDICTION.select} WHERE image_id BETWEEN ? AND ? ORDER BY image_id"
Span = Sequence[int]


class PredictionSeals:
    """A check that compares each seal with what there is, and remembers what is covered."""

    def __init__(self, driver: sqlite3.Connection, findings: Findings) -> None:
        self._driver = driver
        self._findings = findings
        self._covered: dict[tuple[str, str], list[Span]] = {}
        self._n = 0
        self._broken = False

    def compare(self, seals: Iterable[Sequence[Any]]) -> None:
        """Those of one event: checkpoint, head, spans of images, hash."""
        together: dict[str, list[Sequence[Any]]] = {}
        for seal in seals:
            together.setdefault(str(seal[2]), []).append(seal)
        for same in together.values():  # of one call each, whatever the heads
            there = by_head(self._rows(same[0][2]))
            for checkpoint, head, spans, digest in same:
                self._one((checkpoint, head), spans, digest, there.get((checkpoint, head), []))

    def finish(self) -> None:
        """Tell of predictions that no seal covers. They are looked for where there are more than
        were covered, or where something is wrong anyway."""
        n = self._driver.execute("SELECT count(*) FROM prediction").fetchone()[0]
        if n == self._n and not self._broken:
            return
        covered = {
            by: {image for first, last in spans for image in range(first, last + 1)}
            for by, spans in self._covered.items()
        }
        for row in self._driver.execute(PREDICTION.select):
            if row[0] not in covered.get((row[CHECKPOINT], row[HEAD]), ()):
                self._findings.add("prediction", "added", [row[0]], _by(row))

    def _rows(self, spans: Iterable[Span]) -> Iterable[Row]:
        for span in spans:
            yield from self._driver.execute(_SPAN, tuple(span))

    def _one(
        self, by: tuple[str, str], spans: Sequence[Span], digest: str, rows: Sequence[Row]
    ) -> None:
        self._covered.setdefault(by, []).extend(spans)
        n = sum(last - first + 1 for first, last in spans)
        self._n += n
        if PREDICTION.digest(rows) == digest:
            return
        self._broken = True
        images = {image for first, last in spans for image in range(first, last + 1)}
        missing = images - {row[0] for row in rows}
        detail = f"images, by {by[0]}, {by[1]}"
        if missing:
            self._findings.add("prediction", "missing", missing, detail)
        else:
            self._findings.add("prediction", "changed", images, detail)


def _by(row: Row) -> str:
    return f"images, by {row[CHECKPOINT]}, {row[HEAD]}"
