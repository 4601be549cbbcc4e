"""Score files for tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from review_app.manifests.manifest import ManifestLabel
from review_app.scores.row import ScoreRow
from review_app.scores.writing import write_scores


def row(image: int | str, p_fake: float = 0.5, **values: object) -> ScoreRow:
    """A row of detector ``theirs``, of the image with this path or number."""
    path = image if isinstance(image, str) else f"images/{image:05}.jpg"
    given: dict[str, object] = {
        "row": 0,
        "path": path,
        "sha256": None,
        "detector": "theirs",
        "p_fake": p_fake,
        "score": p_fake,
        "std": None,
        "novelty": None,
        "label": None,
        "source": None,
        "split": None,
        "time": None,
        **values,
    }
    return ScoreRow(**given)  # type: ignore[arg-type]


def write(path: Path, rows: Iterable[ScoreRow]) -> Path:
    """A score file of ``rows``; row i of them is line i + 2."""
    write_scores(path, rows)
    return path


def good_detector(n: int, *, labels: bool = False, seed: int = 0) -> list[ScoreRow]:
    """``n`` images, every second one fake, that ``theirs`` tells apart without an error."""
    rng = np.random.default_rng(seed)
    far = rng.uniform(0.01, 0.4, n)
    return [
        row(
            at,
            float(1 - far[at] if at % 2 else far[at]),
            label=(ManifestLabel.FAKE if at % 2 else ManifestLabel.REAL) if labels else None,
        )
        for at in range(n)
    ]
