"""An export that is killed at any moment leaves nothing that looks like one, and the next one
clears away what it had begun."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from review_app.core.hashing import sha256_of_file
from review_app.intake.store import MediaStore
from review_app.records.exports.kept import KeptExports, new_place
from review_app.records.exports.request import ExportKind, ExportRequest, run_export
from storage.database import Database
from storage.enums import ItemState, LabelValue
from tests.applications import Deployment, deployment, write_pictures

KILLS = 12
LASTS = 0.25
"""Seconds until a kill, at most."""


def settled(place: Deployment, folder: Path) -> None:
    """Four images of which people have said what they are."""
    place.app.intake.ingest(write_pictures(folder, 4), "test")
    person = place.factory.person()
    for item_id in range(1, 5):
        value = LabelValue.REAL if item_id % 2 else LabelValue.FAKE
        place.factory.decision(item_id)
        place.factory.label(person, item_id, value)
        place.factory.bring(item_id, ItemState.RESOLVED, verdict=value)


def export_for_ever(url: str, media: Path, kept: Path, kind: ExportKind) -> None:
    """Make one export after the other, in a process of its own."""
    database = Database(url)
    run = partial(run_export, database, MediaStore(media))
    while True:
        KeptExports(kept).make(new_place(), ExportRequest(kind), run, lambda done, total: None)


@pytest.mark.parametrize("kind", [ExportKind.PARQUET, ExportKind.IMAGEFOLDER])
def test_what_is_killed_leaves_whole_exports_or_none(tmp_path: Path, kind: ExportKind) -> None:
    with deployment(tmp_path) as place:
        settled(place, tmp_path / "in")
        url, media = place.app.settings.url, place.app.settings.data_dir / "media"
    kept, chance = tmp_path / "kept", random.Random(20261130)
    for _ in range(KILLS):
        child = os.fork()
        if child == 0:
            try:
                export_for_ever(url, media, kept, kind)
            finally:
                os._exit(1)
        time.sleep(chance.uniform(0, LASTS))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        for found in kept.glob("[!.]*"):
            _is_whole(found, kind)
    database = Database(url)
    run = partial(run_export, database, MediaStore(media))
    told = KeptExports(kept).make(new_place(), ExportRequest(kind), run, lambda done, total: None)
    database.close()
    assert told["rows"] == 4
    assert list(kept.glob(".*")) == [], "what was begun is cleared away"


def _is_whole(found: Path, kind: ExportKind) -> None:
    if kind is ExportKind.IMAGEFOLDER:
        assert [path.name for path in found.iterdir()] == ["imagefolder.zip"]
        return
    beside = json.loads((found / "images.parquet.manifest.json").read_bytes())
    (file,) = beside["files"]
    assert sha256_of_file(found / file["path"]) == file["sha256"]
