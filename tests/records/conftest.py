"""Fixtures of the tests of records."""

from __future__ import annotations

import pytest

from review_app.permissions import Person
from review_app.records.desk import RecordDesk
from storage.database import Database
from tests.factories import Factory
from tests.review.desks import Bench


@pytest.fixture
def bench(database: Database) -> Bench:
    """A review desk over ``database``, with a clock to turn."""
    return Bench(database)


@pytest.fixture
def records(bench: Bench) -> RecordDesk:
    """A record desk over the same database, by the same clock."""
    return RecordDesk(bench.database, bench.clock)


@pytest.fixture
def root(factory: Factory) -> Person:
    return factory.admin("root")


@pytest.fixture
def ada(factory: Factory) -> Person:
    return factory.person("ada")
