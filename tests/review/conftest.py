"""Fixtures of the review tests."""

from __future__ import annotations

import pytest

from review_app.permissions import Person
from storage.database import Database
from tests.factories import Factory
from tests.review.desks import Bench


@pytest.fixture
def bench(database: Database) -> Bench:
    """A desk over ``database``, with a clock to turn."""
    return Bench(database)


@pytest.fixture
def ada(factory: Factory) -> Person:
    return factory.person("ada")


@pytest.fixture
def ben(factory: Factory) -> Person:
    return factory.person("ben")


@pytest.fixture
def root(factory: Factory) -> Person:
    return factory.admin("root")
