"""A database in which what happens is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.database import Database
from tests.notifications.bench import TellingBench


@pytest.fixture
def telling(database: Database) -> Iterator[TellingBench]:
    bench = TellingBench(database)
    yield bench
    bench.close()
