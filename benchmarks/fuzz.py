"""Thousands of damaged files through intake: nothing crashes, each is accounted for, and what is
accepted has the pixels that another decoder finds.

``python -m benchmarks.fuzz [--files N] [--seed N] [--quick] [--json]``; exit 1 when a bar does not
hold. Files of every kind are made on the spot and damaged by a seeded generator, so that a name
tells how to make it again: file N of seed S. All of them are taken in by the real service in a
process of its own. Other decoders: tifffile; OpenCV for the others, where it is installed.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from benchmarks.fuzz_files import bases, mutated
from benchmarks.outcome import PYTHON, Row, arguments, at_most, document, finish
from benchmarks.scored_queue import ACTOR, opened
from review_app.bootstrap import Application
from review_app.core.errors import InputError, RefusedFile
from review_app.intake.decode import MATTE, DecodedImage, Limits, decode, upright
from review_app.intake.public_copy import public_copy
from review_app.intake.sources import SourceReading, count
from review_app.manifests.manifest import read_manifest
from review_app.manifests.tables import SUFFIXES
from review_app.scores.reading import stream_scores

FULL, QUICK = 5_000, 300
SEED = 20261129
SLOWEST = 5.0
"""Seconds that one file of a few kilobytes may take."""
NEAR = 4.0
"""Grey levels by which two decoders may differ on the mean: how colours are interpolated."""
LIMITS = Limits(max_bytes=8 * 1024**2, max_pixels=4_000_000)
WORK = "from benchmarks.fuzz import work; work()"


def write_files(folder: Path, n: int, seed: int) -> None:
    """``n`` damaged files, every kind as often as any other."""
    whole = bases()
    others = list(whole.values())
    for at in range(n):
        name = list(whole)[at % len(whole)]
        data = mutated(np.random.default_rng([seed, at]), whole[name], others)
        (folder / f"{at:05}-{name}").write_bytes(data)


def work() -> None:
    """Take everything in, in a process of its own, and print what became of it."""
    folder, journal = map(Path, sys.argv[1:3])
    found: Row = {"errors": [], "differ": [], "slowest": ["", 0.0], "compared": 0}
    reasons: Counter[str] = Counter()
    with opened(folder.parent / "data") as app:
        found["outcomes"] = _taken_in(app, folder, reasons)
    for path in sorted(folder.iterdir()):
        journal.write_text(path.name)
        clock = time.perf_counter()
        try:
            _looked_into(path, found)
        except Exception as error:  # every one of them is a fault
            found["errors"].append(f"{path.name}: {type(error).__name__}: {error}")
        seconds = time.perf_counter() - clock
        if seconds > found["slowest"][1]:
            found["slowest"] = [path.name, seconds]
    sys.stdout.write(json.dumps(found | {"reasons": reasons}))


def _taken_in(app: Application, folder: Path, reasons: Counter[str]) -> Row:
    """What the service makes of the folder as a whole: every candidate has one outcome."""
    report = app.intake.ingest([folder], ACTOR)
    reasons.update(str(refusal.reason) for refusal in report.refused)
    return {
        "candidates": count([folder], SourceReading(LIMITS.max_bytes)),
        "added": report.added,
        "duplicates": report.duplicates,
        "refused": len(report.refused),
    }


def _looked_into(path: Path, found: Row) -> None:
    """One file by itself: tables as manifests and score files, all else as an image."""
    if path.suffix in SUFFIXES:
        for read in (read_manifest, lambda path: list(stream_scores(path))):
            try:
                read(path)
            except InputError:
                continue
        return
    data = path.read_bytes()
    try:
        decoded = decode(data, path.name, LIMITS)
    except RefusedFile:
        return
    json.dumps(decoded.metadata, allow_nan=False)
    copy, _ = public_copy(data, decoded)
    if not np.array_equal(
        np.asarray(decode(copy, "copy", LIMITS).image), np.asarray(decoded.image)
    ):
        found["errors"].append(f"{path.name}: its public copy has other pixels")
    other = second(data, decoded)
    if other is None:
        return
    found["compared"] += 1
    mine = np.asarray(decoded.image, np.float64)
    far = float("inf") if other.shape != mine.shape else float(np.abs(other - mine).mean())
    if far > NEAR:
        found["differ"].append(f"{path.name}: {far:.1f} grey levels")


def second(data: bytes, decoded: DecodedImage) -> NDArray[np.float64] | None:
    """The pixels [height, width, 3] as another decoder has them; None where there is none that
    reads the file."""
    try:
        values = _by_tifffile(data) if decoded.format == "TIFF" else _by_opencv(data)
    except Exception:  # the other one may refuse what it likes
        return None
    if values is None or values.ndim != 3:
        return None
    from PIL import Image

    turned = upright(Image.fromarray(np.rint(values).astype(np.uint8)), decoded.orientation)
    return np.asarray(turned, np.float64)


def _by_tifffile(data: bytes) -> NDArray[np.float64] | None:
    """Grey and RGB of whole types; others have rules of their own for what is white."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        if not any(tag.code in (279, 325) for tag in page.tags):  # type: ignore[union-attr]
            return None  # without counts of bytes it reads the first strip alone
        values = np.asarray(page.asarray(), np.float64)
        kind, photometric = page.dtype, int(page.photometric)  # type: ignore[union-attr]
        planar = int(page.planarconfig or 1) == 2  # type: ignore[union-attr]
    if photometric not in (0, 1, 2) or kind is None or kind.kind != "u" or values.max() < 4096:
        return None
    if values.ndim == 3 and planar:
        values = np.moveaxis(values, 0, -1)
    values = values * (255 / np.iinfo(kind).max)
    if photometric == 0:
        values = 255 - values
    return np.repeat(values[..., None], 3, -1) if values.ndim == 2 else values[..., :3]


def _by_opencv(data: bytes) -> NDArray[np.float64] | None:
    try:
        import cv2
    except ImportError:
        return None
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    values = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if values is None:
        return None
    scale = 255 / np.iinfo(values.dtype).max
    floats = np.asarray(values, np.float64) * scale
    if floats.ndim == 2:
        return np.repeat(floats[..., None], 3, -1)
    if floats.shape[2] == 4:
        alpha = floats[..., 3:] / 255
        floats = floats[..., :3] * alpha + np.array(MATTE[::-1]) * (1 - alpha)
    return floats[..., 2::-1]


def measure(n: int, seed: int, folder: Path) -> Row:
    """What became of ``n`` damaged files; ``folder`` must be empty."""
    files, journal = folder / "in", folder / "journal"
    files.mkdir()
    write_files(files, n, seed)
    clock = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(files), str(journal)],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - clock
    at = journal.read_text() if journal.exists() else "taking in"
    measures: Row = {"files": n, "seed": seed, "seconds": seconds, "crash": None}
    try:
        found: Row = json.loads(done.stdout)
    except ValueError:
        found = {"crash": f"{at}: exit {done.returncode}: {done.stderr[-2000:]}"}
    return measures | found


def report(measures: Row, quick: bool) -> Row:
    """The document that ``--json`` prints."""
    crashed = measures["crash"] is not None
    outcomes = {} if crashed else dict(measures["outcomes"])
    lost = outcomes.pop("candidates", 0) - sum(outcomes.values())
    bars = (
        at_most("files that ended the process", int(crashed), 0),
        at_most("files without an outcome", abs(lost), 0),
        at_most("other errors than a refusal", len(measures.get("errors", ())), 0),
        at_most("accepted files with pixels unlike another decoder's", _unlike(measures), 0),
        at_most("seconds for the slowest file", measures.get("slowest", ("", 0))[1], SLOWEST),
    )
    return document("fuzz", quick, measures, bars, PYTHON)


def _unlike(measures: Row) -> int:
    return len(measures.get("differ", ()))


def main() -> int:
    """Run it, print it, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, f"{QUICK} files")
    parser.add_argument("--files", type=int, help=f"how many; {FULL:,} by default")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    n = options.files or (QUICK if options.quick else FULL)
    with tempfile.TemporaryDirectory() as folder:
        measures = measure(n, options.seed, Path(folder))
    return finish(report(measures, options.quick), options.json, _tell)


def _tell(found: Row) -> None:
    measures: dict[str, Any] = found["measures"]
    print(f"{measures['files']:,} files of seed {measures['seed']} in {measures['seconds']:.0f} s")
    for name in ("outcomes", "reasons", "compared", "crash", "errors", "differ"):
        print(f"{name:>10}: {measures.get(name)}")
    for bar in found["bars"]:
        print(f"{'holds' if bar['holds'] else 'FAILS'}: {bar['what']}: {bar['value']}")


if __name__ == "__main__":
    sys.exit(main())
