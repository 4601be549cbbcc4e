"""A deployment with images, answers and a checkpoint of its own, and backups of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.durability.backup.make import make_backup
from storage.enums import AuditKind, ItemState, LabelValue
from storage.repositories.items import Move
from tests.applications import Deployment, deployment, write_pictures


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data``, a data directory, and ``backup``, made of it. For copying."""
    folder = tmp_path_factory.mktemp("filled")
    with deployment(folder) as place:
        own = place.app.settings.data_dir / "checkpoints" / "own"
        shutil.copytree(DEFAULT_CHECKPOINT, own)
        place.app.detectors.register(own)
        place.app.intake.ingest(write_pictures(folder / "pictures", 6), "test")
        with place.app.database.write() as repos:
            waiting = repos.items.in_state(ItemState.PENDING, 3)
            moves = [Move(item.id, ItemState.IN_REVIEW, AuditKind.TRIAGED) for item in waiting]
            repos.items.move("test", moves)
        place.answer(LabelValue.FAKE, 2)
        make(place, folder / "backup")
    return folder


@pytest.fixture
def place(filled: Path, tmp_path: Path) -> Iterator[Deployment]:
    shutil.copytree(filled / "data", tmp_path / "data")
    with deployment(tmp_path) as place:
        yield place


@pytest.fixture
def backup(filled: Path, tmp_path: Path) -> Path:
    """A backup of what ``place`` was before the test."""
    return Path(shutil.copytree(filled / "backup", tmp_path / "backup"))


def make(place: Deployment, out: Path, **options: object) -> None:
    database = place.app.database.files.path
    make_backup(database, place.app.settings.data_dir, out, **options)  # type: ignore[arg-type]
