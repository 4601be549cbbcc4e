"""A million rows of a score file into the queue, and files of images: how long it takes, and whom
it holds up.

``python -m benchmarks.intake [PART...] [--quick] [--images FOLDER] [--json]``; exit 1 when a bar
does not hold. ``rows``: a made-up file of one detector is taken in twice by the real service, while
another thread writes now and then. Baseline: the obvious way, one row at a time, on a sample of the
same rows. ``files``: images against a loop that only reads, decodes and hashes them
(`benchmarks.intake_files`), those below FOLDER or made-up ones. ``--quick`` takes 50,000 rows and
bars in proportion, and few files.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.intake_files import SHARE, measure_files
from benchmarks.outcome import (
    PYTHON,
    Row,
    arguments,
    at_least,
    at_most,
    document,
    finish,
    parts_asked,
)
from benchmarks.scored_queue import ACTOR, opened
from review_app.bootstrap import Application
from review_app.manifests.manifest import ManifestLabel
from review_app.scores.card import HEAD, checkpoint_id, entropy
from review_app.scores.reading import stream_scores
from review_app.scores.row import ScoreRow
from review_app.scores.writing import write_scores
from storage.models import Image, Item
from storage.wal import BUSY_TIMEOUT_MS

FULL, QUICK = 1_000_000, 50_000
SAMPLE = 2_000
"""Rows that the baseline takes."""
PARTS = ("rows", "files")
QUICK_FILES = 200
ROUNDS, QUICK_ROUNDS = 5, 1
"""How often the files are taken in."""
SECONDS_PER_MILLION = 60.0
PEAK_MIB = 1024.0
LABELLED = 100
"""One row in so many has a label."""
SEED = 20260402
PAUSE = 0.05
"""Seconds between two writes of the other thread."""
DETECTOR = "theirs"


def write_file(path: Path, n: int) -> None:
    """A score file of ``n`` images with hash and path, half of them fake."""
    rng = np.random.default_rng(SEED)
    fake = rng.random(n) < 0.5
    p_fake = rng.beta(np.where(fake, 5, 1), np.where(fake, 1, 5)).round(6).tolist()
    write_scores(
        path,
        (
            ScoreRow(
                row=at + 2,
                path=f"archive/{at % 997:03}/{at:07}.jpg",
                sha256=hashlib.sha256(str(at).encode()).hexdigest(),
                detector=DETECTOR,
                p_fake=p_fake[at],
                score=p_fake[at],
                std=0.05,
                novelty=None,
                label=(ManifestLabel.FAKE if fake[at] else ManifestLabel.REAL)
                if at % LABELLED == 0
                else None,
                source="archive",
                split=None,
                time=None,
            )
            for at in range(n)
        ),
    )


def one_by_one(app: Application, path: Path) -> float:
    """Seconds for `SAMPLE` rows by the repositories, one at a time, in one transaction."""
    clock = time.perf_counter()
    with app.database.write() as repos:
        repos.checkpoints.keep_external(checkpoint_id(DETECTOR), {})
        for row in islice(stream_scores(path), SAMPLE):
            image = repos.images.add(Image(sha256=row.sha256, path=row.path))
            repos.items.add(Item(image_id=image.id, name=row.path, source=row.source), ACTOR)
            says = {"p_fake": row.p_fake, "score": row.score, "std": row.std, "novelty": None}
            nats = {"entropy": float(entropy(row.p_fake)), "mutual_information": 0.0}
            about = {"image_id": image.id, "checkpoint_id": checkpoint_id(DETECTOR), "head": HEAD}
            repos.predictions.add_many([about | says | nats])
    return time.perf_counter() - clock


@contextmanager
def writing(app: Application) -> Iterator[list[float]]:
    """Somebody who writes meanwhile; the seconds that each write had to wait."""
    waits: list[float] = []
    done = threading.Event()

    def work() -> None:
        while not done.wait(PAUSE):
            clock = time.perf_counter()
            with app.database.write():
                waits.append(time.perf_counter() - clock)

    thread = threading.Thread(target=work)
    thread.start()
    yield waits
    done.set()
    thread.join()


def measure(n: int, folder: Path) -> dict[str, Any]:
    """Seconds, waits and memory for ``n`` rows."""
    path = folder / "scores.csv"
    write_file(path, n)
    measures: dict[str, Any] = {"rows": n, "file_mib": path.stat().st_size / 2**20}
    with opened(folder / "baseline") as app:
        seconds = one_by_one(app, path)
        measures["one_by_one"] = {"rows": SAMPLE, "seconds": seconds}
    with opened(folder / "data") as app:
        for name in ("first", "again"):
            with writing(app) as waits:
                clock = time.perf_counter()
                report = app.scores.ingest(path, ACTOR)
                seconds = time.perf_counter() - clock
            longest = {"writes": len(waits), "longest_wait": max(waits)}
            measures[name] = {"rows": n, "seconds": seconds, "added": report.added} | longest
    measures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measures["database_mib"] = (folder / "data" / "review.db").stat().st_size / 2**20
    return measures


def report(found: Row, quick: bool) -> Row:
    """The document that ``--json`` prints, of the parts that were measured."""
    bars = [*(_bars_of_rows(found["rows"]) if "rows" in found else ())]
    if "files" in found:
        bars.append(_bar_of_files(found["files"]))
    return document("intake", quick, found, bars, PYTHON)


def _bars_of_rows(measures: Row) -> tuple[Row, ...]:
    slow, first = measures["one_by_one"], measures["first"]
    baseline = f"{slow['rows'] / slow['seconds']:,.0f} rows/s, one at a time"
    return (
        at_most(
            f"seconds for {first['rows']:,} rows",
            first["seconds"],
            SECONDS_PER_MILLION * measures["rows"] / FULL,
            baseline,
        ),
        at_most(
            "seconds that somebody else's write waited at most, before it would fail",
            max(first["longest_wait"], measures["again"]["longest_wait"]),
            BUSY_TIMEOUT_MS / 1000,
            f"{slow['seconds'] * measures['rows'] / slow['rows']:,.0f} s, one at a time",
        ),
        at_most(
            "MiB of memory", measures["peak_mib"], PEAK_MIB, f"file {measures['file_mib']:.0f} MiB"
        ),
    )


def _bar_of_files(measures: Row) -> Row:
    what = f"rate of {measures['files']:,} files, share of a loop that reads, decodes and hashes"
    loop, alone = (measures[name]["per_second"] for name in ("loop", "one_thread"))
    baseline = f"{loop:,.0f} files/s on as many threads, {alone:,.0f} on one"
    return at_least(what, measures["intake"]["per_second"] / loop, SHARE, baseline)


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, f"{QUICK:,} rows, and {QUICK_FILES} files once")
    parser.add_argument("--images", type=Path, help="the folder of the files")
    options, parts = parts_asked(parser, PARTS)
    found: Row = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "rows" in parts:
            found["rows"] = measure(QUICK if options.quick else FULL, folder)
        if "files" in parts:
            most, rounds = (QUICK_FILES, QUICK_ROUNDS) if options.quick else (None, ROUNDS)
            found["files"] = measure_files(options.images, folder, most, rounds)
    return finish(report(found, options.quick), options.json, _tell)


def _tell(found: Row) -> None:
    measures = found["measures"]
    if "rows" in measures:
        _tell_rows(measures["rows"])
    for name in ("intake", "loop", "one_thread") if "files" in measures else ():
        row = measures["files"][name]
        print(f"{name:10} {row['per_second']:9,.0f} files/s", end=" ")
        print(f"{row['processor_ms_per_file']:7.2f} ms of the processor a file")
    for bar in found["bars"]:
        print(f"{bar['what']}: {bar['value']:.2f} (bar {bar['bar']:g}; {bar['baseline']})")


def _tell_rows(measures: Row) -> None:
    slow = measures["one_by_one"]["rows"] / measures["one_by_one"]["seconds"]
    for name in ("first", "again", "one_by_one"):
        rows, seconds = measures[name]["rows"], measures[name]["seconds"]
        speed = rows / seconds
        print(f"{name:10} {rows:>9,} rows {seconds:7.1f} s {speed:9,.0f} rows/s", end=" ")
        print(f"{speed / slow:5.1f} x")


if __name__ == "__main__":
    sys.exit(main())
