"""Image files into the queue, against a loop that only reads, decodes and hashes the same files.

A part of `benchmarks.intake`. The loop runs twice: on one thread, and on as many threads as intake
has, which is the baseline. Each round takes the files in anew, into an empty deployment, and runs
both loops, in turns. Without real images they are made up: smoothed noise, as large as a photo.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.outcome import Row
from benchmarks.scored_queue import ACTOR, opened
from review_app.core.collector import left_alone
from review_app.intake.sources import files_below, not_taken

Times = tuple[float, float]
"""Seconds of the clock, and of the processor over all threads."""
MADE: Final = 400
"""Images that are made up where none are given."""
SHARE: Final = 0.8
"""The bar: intake's rate as a share of the loop's."""
_SIDE: Final = 1024
_COARSE: Final = 64
_QUALITY: Final = 90
_SEED: Final = 20261201


def make_images(folder: Path, n: int) -> None:
    """``n`` JPEGs in ``folder``, no two alike."""
    folder.mkdir()
    rng = np.random.default_rng(_SEED)
    for at in range(n):
        noise = rng.integers(0, 256, (_COARSE, _COARSE, 3), np.uint8)
        large = Image.fromarray(noise).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
        large.save(folder / f"{at:05}.jpg", quality=_QUALITY)


def read_decode_hash(path: Path) -> str:
    """All that the baseline does with a file."""
    data = path.read_bytes()
    with Image.open(BytesIO(data)) as image:
        image.convert("RGB")
    return hashlib.sha256(data).hexdigest()


def measure_files(images: Path | None, folder: Path, most: int | None, rounds: int) -> Row:
    """Seconds of the clock and of the processor, medians: intake, and the loop on one thread and on
    several. ``most``: of the files below ``images``, so many at most."""
    if images is None:
        images = folder / "images"
        make_images(images, MADE if most is None else min(most, MADE))
    files = [path for path in files_below(images) if not_taken(path) is None][:most]
    places = (folder / f"files-{at}" for at in range(rounds + 1))
    ways: dict[str, Callable[[], Times]] = {
        "intake": lambda: _take_in(files, next(places)),
        "loop": lambda: _timed(lambda: _on_threads(files)),
        "one_thread": lambda: _timed(lambda: _on_one(files)),
    }
    found: dict[str, list[Times]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            found[name].append(way())
    return {
        "files": len(files),
        "mib": round(sum(path.stat().st_size for path in files) / 2**20, 1),
        **{name: _medians(times[1:], len(files)) for name, times in found.items()},
    }


def _take_in(files: Sequence[Path], folder: Path) -> Times:
    with opened(folder) as app, left_alone():  # as a command has it, and a server
        times = _timed(lambda: app.intake.ingest(files, ACTOR))
        waiting = sum(app.monitoring.stats()["items"].values())
    assert waiting, "nothing was taken in"
    return times


def _on_threads(files: Sequence[Path]) -> None:
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for _ in pool.map(read_decode_hash, files):
            pass


def _on_one(files: Sequence[Path]) -> None:
    for path in files:
        read_decode_hash(path)


def _timed(way: Callable[[], object]) -> Times:
    clock, used = time.perf_counter(), time.process_time()
    way()
    return time.perf_counter() - clock, time.process_time() - used


def _medians(times: Sequence[Times], n: int) -> Row:
    seconds, used = (median(column) for column in zip(*times, strict=True))
    return {
        "seconds": round(seconds, 2),
        "per_second": round(n / seconds, 1),
        "processor_ms_per_file": round(1000 * used / n, 3),
    }
