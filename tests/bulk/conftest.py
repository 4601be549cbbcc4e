"""A queue under a certified policy, with images in every state, and the service that moves them."""

from __future__ import annotations

from pathlib import Path

import pytest

from review_app.bulk import work
from review_app.bulk.service import BulkService
from review_app.core.permissions import Person
from review_app.intake.store import MediaStore
from storage.database import Database
from tests.bulk.scene import Scene
from tests.factories import Factory


@pytest.fixture(autouse=True)
def _nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PAUSE", 0.0)


@pytest.fixture
def scene(database: Database, factory: Factory, root: Person, tmp_path: Path) -> Scene:
    media = MediaStore(tmp_path / "media")
    service = BulkService(database, media, b"secret of the tests")
    return Scene(database, factory, root, service, media)
