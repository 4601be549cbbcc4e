"""Fixtures of the tests of records."""

from __future__ import annotations

import pytest

from review_app.records.service import RecordService
from tests.review.bench import Bench


@pytest.fixture
def records(bench: Bench) -> RecordService:
    """The record service over the same database, by the same clock."""
    return RecordService(bench.database, bench.clock)
