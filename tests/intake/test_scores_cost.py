"""What it costs to take in a score file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from review_app.core.hashing import sha256
from review_app.manifests.manifest import ManifestLabel
from review_app.scores.row import ScoreRow
from tests.applications import Deployment, deployment
from tests.scores.files import row, write


def hashed(at: int, **values: Any) -> ScoreRow:
    return row(at, sha256=sha256(str(at).encode()), **values)


@pytest.mark.parametrize("known", [row, hashed])
@pytest.mark.parametrize("given", [row, hashed])
def test_the_work_grows_with_the_file_and_not_with_its_square(
    known: Callable[..., ScoreRow], given: Callable[..., ScoreRow], tmp_path: Path
) -> None:
    """Steps of SQLite's machine are counted, which tells a bad query plan at any speed."""
    found = []
    for n in (500, 2000):
        with deployment(tmp_path / str(n)) as place:
            steps = count_steps(place)
            others = [row(f"other/{i}", label=ManifestLabel.REAL) for i in range(n)]
            first = [known(i) for i in range(n)]
            again = [given(i if known is given else n + i, source="tv") for i in range(n)]
            for rows in (first, [*again, *others]):
                place.app.scores.ingest(write(tmp_path / "s.csv", rows), "tester")
            found.append(len(steps))
    assert found[0] > 100
    assert found[1] < 8 * found[0]


def count_steps(place: Deployment) -> list[None]:
    """Grows by one for each thousand steps of the connections made from now on."""
    steps: list[None] = []

    def watch(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(lambda: steps.append(None), 1000)

    event.listen(place.app.database.engine, "engine_connect", watch)
    return steps
