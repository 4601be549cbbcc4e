"""Deployments with two detectors that have scored the same labelled images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from review_app.core.permissions import Person
from review_app.manifests.manifest import ManifestLabel
from tests.applications import Deployment, deployment
from tests.learning.test_comparison import draw
from tests.scores.files import row, write

OLD, NEW = "external:old", "external:new"


def write_pair(
    path: Path,
    n: int = 400,
    old: float = 0.8,
    new: float = 0.9,
    *,
    first: int = 0,
    labels: bool = True,
    split: str | None = "calibration",
) -> Path:
    """A score file of detectors ``old`` and ``new`` with these AUROCs."""
    data = draw(n, old, new, correlation=0.7)
    rows = [
        row(
            first + at,
            float(side.p_fake[at]),
            detector=name,
            label=(ManifestLabel.FAKE if data.is_fake[at] else ManifestLabel.REAL)
            if labels
            else None,
            source="phones" if at % 4 < 2 else "scans",
            split=split,
        )
        for name, side in (("old", data.champion), ("new", data.challenger))
        for at in range(n)
    ]
    return write(path, rows)


@contextmanager
def two_detectors(
    folder: Path, n: int = 400, *, settings: dict[str, object] | None = None, **given: float
) -> Iterator[tuple[Deployment, Person]]:
    """External detectors `OLD`, in force, and `NEW`; an admin."""
    with deployment(folder, **(settings or {})) as place:  # type: ignore[arg-type]
        admin = place.factory.admin("ada")
        place.app.scores.ingest(write_pair(folder / "scores.csv", n, **given), "tester")  # type: ignore[arg-type]
        place.app.policies.adopt(admin, OLD, "score", "to begin with")
        place.app.triage.run("tester")
        yield place, admin


def noise(n: int, seed: int = 0) -> np.ndarray:
    """Uniform numbers [n]."""
    return np.random.default_rng(seed).random(n)
