"""Fixtures of the tests of intake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.intake.scores import ScoreReport
from review_app.scores.row import ScoreRow
from tests.applications import Deployment, deployment
from tests.intake.taking_scores import Take
from tests.scores.files import write


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


@pytest.fixture
def take(place: Deployment, tmp_path: Path) -> Take:
    """Takes in a file of these rows; row i of them is line i + 2."""

    def take(*rows: ScoreRow, detector: str | None = None) -> ScoreReport:
        return place.app.scores.ingest(write(tmp_path / "s.csv", rows), "tester", detector)

    return take
