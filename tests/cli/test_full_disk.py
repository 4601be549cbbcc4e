"""Commands on a full disk: told in words, nothing half done."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.conftest import Run

ROOM = 100_000
"""Bytes of one file: enough for the database's log, too few for the images."""


@contextmanager
def full() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_images_that_find_no_room_are_told_and_taken_in_later(
    run: Run, tmp_path: Path, data_dir: Path
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    picture = tmp_path / "noise.png"
    Image.fromarray(noise).save(picture)
    assert picture.stat().st_size > ROOM
    run("user", "add", "ada", "--role", "admin")
    with full():
        fault = run("ingest", picture).fault
    assert "disk is full" in fault
    assert [path for path in (data_dir / "media").rglob("*") if path.is_file()] == []
    assert run("ingest", picture, "--json").document["added"] == 1
    with full():
        fault = run("backup", tmp_path / "backup").fault
    assert "nothing is kept" in fault
    assert not list(tmp_path.glob("backup*"))
