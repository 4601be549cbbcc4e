"""The map of scores, kept between two looks: reading and drawing 4,000 points is half of what a
look at the first screen costs, and most looks find the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Final

from review_app.monitoring.overview import ScoreMap, newest_scored, score_map
from storage.database import Database

KEPT_SECONDS: Final = 60.0
"""How long a map is kept though nothing newer was decided: scores may change without a decision."""


@dataclass(frozen=True)
class _LastMap:
    newest: tuple[int, ...]
    until: float
    map: ScoreMap


class KeptScoreMap:
    """The newest map of one database: the same object as before where nothing says that it would be
    another one. Safe to share between threads: the worst is that it is read twice."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: _LastMap | None = None

    def current(self) -> ScoreMap:
        """The map as it is now, or was `KEPT_SECONDS` ago or less, with nothing decided since."""
        kept, newest = self._kept, newest_scored(self._database)
        if kept is not None and kept.newest == newest and monotonic() < kept.until:
            return kept.map
        made = _LastMap(newest, monotonic() + KEPT_SECONDS, score_map(self._database))
        self._kept = made
        return made.map
