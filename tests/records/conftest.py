"""Fixtures of the tests of records."""

from __future__ import annotations

import pytest

from review_app.records.desk import RecordDesk
from tests.review.desks import Bench


@pytest.fixture
def records(bench: Bench) -> RecordDesk:
    """A record desk over the same database, by the same clock."""
    return RecordDesk(bench.database, bench.clock)
