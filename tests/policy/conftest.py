"""Fixtures of the tests of the policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.core.permissions import Person
from review_app.policy.governance import PolicyService
from tests.applications import Deployment, deployment


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


@pytest.fixture
def policies(place: Deployment) -> PolicyService:
    return place.app.policies


@pytest.fixture
def admin(place: Deployment) -> Person:
    return place.factory.admin("ada")
