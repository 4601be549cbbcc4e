"""The rows of one detector as columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import InputError
from review_app.scores.remedies import contradicting

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """The scores that one detector gives n images; all arrays are [n], in the file's order."""

    path: Path
    detector: str
    p_fake: Float64
    score: Float64
    """What thresholds are compared with: surely real at 0, surely fake at 1."""
    std: Float64
    """NaN where the file has none."""
    novelty: Float64
    """NaN where the file has none."""
    labelled: NDArray[np.bool_]
    is_fake: NDArray[np.bool_]
    """False also where there is no label: see ``labelled``."""
    source: NDArray[np.object_]
    """"" where there is none."""
    split: NDArray[np.object_]
    """"" where there is none."""
    time: Float64
    """Seconds since 1970, UTC; NaN where the file has none."""

    def __len__(self) -> int:
        return len(self.p_fake)

    def take(self, rows: NDArray[Any]) -> ScoreTable:
        """The images at ``rows``: indices, or a mask [n]."""
        columns = (self.p_fake, self.score, self.std, self.novelty, self.labelled, self.is_fake)
        others = (self.source, self.split, self.time)
        return ScoreTable(
            self.path, self.detector, *(c[rows] for c in columns), *(c[rows] for c in others)
        )

    def contradicting(self) -> int:
        """Images whose score says the opposite of their P(fake)."""
        return contradicting(self.score, self.p_fake)

    def with_labels(self) -> ScoreTable:
        """The images that have a label; InputError unless both classes occur."""
        kept = self.take(self.labelled)
        fakes = int(kept.is_fake.sum())
        if not 0 < fakes < len(kept):
            raise InputError(
                f"{self.path}: of {len(self):,} images of detector {self.detector!r} {fakes:,} are "
                f"labelled fake and {len(kept) - fakes:,} real; both are needed, in the column "
                "label"
            )
        return kept
