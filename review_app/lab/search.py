"""Grid searches over the hyper-parameters of heads, on cached features; resumable.

A head declares its grid in the registry, and its best cell is chosen on validation AUROC. Every
finished cell is a line of ``search.jsonl``, so that a search which was stopped goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from review_app.core.errors import DetectorError
from review_app.core.hashing import sha256_of_json
from review_app.core.progress import Progress
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.heads import (
    HEADS,
    SOURCE_SEED,
    Grid,
    HeadName,
    Matrix,
    Standardizer,
    Training,
)
from review_app.lab.metrics import auroc_interval
from review_app.manifests.files import write_whole

VERSION = 1
"""Part of every cell's key: raise it when training changes, and old cells are computed anew."""
JOURNAL = "search.jsonl"
RESULT = "search.json"


GRIDS: Mapping[HeadName, Grid] = dict(
    sorted(
        ((name, spec.grid) for name, spec in HEADS.items() if spec.grid),
        key=lambda each: -len(each[1]),
    )
)
"""The searches of every head that declares one, the largest first."""
SOURCE_GRIDS: Mapping[HeadName, Grid] = {
    name: grid for name, grid in GRIDS.items() if "source" in HEADS[name].trainings
}
"""Those of the source method's heads."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """One fit to make."""

    key: str
    head: HeadName
    params: dict[str, float]
    training: Training


Cells = dict[str, dict[str, Any]]
"""Finished cells by key, as their lines have them."""


def search(
    train: LabelledFeatures,
    val: LabelledFeatures,
    out: Path,
    *,
    grids: Mapping[HeadName, Grid] = GRIDS,
    seed: int = SOURCE_SEED,
    progress: Progress | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """Fit every cell of ``grids`` on ``train`` and judge it on ``val``.

    Returns, and writes to ``out/search.json``, ``{head: {"axes", "grid": [{"params", "val_auroc":
    [value, low, high], "seconds"}], "best"}}`` with the cells in the grid's order; ``best`` has the
    highest validation AUROC, of equals the first. The interval is the 95% bootstrap one of the
    validation images. Cells are fitted by ``workers`` threads (by default one a core), each on one
    thread of torch: the result has the same bits however many there are. ``progress`` counts cells.

    A cell that ``out/search.jsonl`` has for the same head, hyper-parameters, seed and data is not
    fitted again. Raises DetectorError where a class is missing, or ``out`` cannot be used.
    """
    for data, what in ((train, "training"), (val, "validation")):
        if data.is_fake.all() or not data.is_fake.any():
            raise DetectorError(
                f"the {len(data)} {what} images are not of both classes; add real and fake ones"
            )
    data_key = _digest(train, val)
    cells = [
        _cell(head, params, grid.training(params), seed, data_key)
        for head, grid in grids.items()
        for params in grid.cells()
    ]
    done = _read(out / JOURNAL)
    standardizer = Standardizer.fit(train.features, train.weighting)
    fit = partial(
        _fit, standardizer.apply(train.features), standardizer.apply(val.features), train, val, seed
    )
    _fit_missing(cells, done, fit, out, progress, workers)
    document = {head.value: _chosen(grid, head, cells, done) for head, grid in grids.items()}
    _write(out / RESULT, json.dumps(document, indent=1, allow_nan=False) + "\n")
    return document


def _fit_missing(
    cells: Sequence[_Cell],
    done: Cells,
    fit: Callable[[_Cell], dict[str, Any]],
    out: Path,
    progress: Progress | None,
    workers: int | None,
) -> None:
    """Fit what ``done`` lacks; every cell is written as soon as it is finished."""
    missing = [cell for cell in cells if cell.key not in done]
    finished = len(cells) - len(missing)
    if progress:
        progress(finished, len(cells))
    _write(out / JOURNAL, _lines(done))  # a folder that cannot be written is found before the work
    pool = ThreadPoolExecutor(workers or os.cpu_count(), thread_name_prefix="search")
    try:
        # The longest first, so that no core waits for one that was begun last.
        jobs = {pool.submit(fit, cell): cell for cell in sorted(missing, key=_effort, reverse=True)}
        for job in as_completed(jobs):
            done[jobs[job].key] = job.result()
            _write(out / JOURNAL, _lines(done))
            finished += 1
            if progress:
                progress(finished, len(cells))
    finally:
        pool.shutdown(cancel_futures=True)


def _effort(cell: _Cell) -> float:
    return float(getattr(cell.training, "hidden", 1))


def _fit(
    inputs: Matrix,
    val_inputs: Matrix,
    train: LabelledFeatures,
    val: LabelledFeatures,
    seed: int,
    cell: _Cell,
) -> dict[str, Any]:
    start = time.perf_counter()
    head = cell.training.fit(inputs, train.is_fake, seed=seed, weights=train.weighting)
    p_fake = head.predict(val_inputs).p_fake
    seconds = time.perf_counter() - start
    return {
        "key": cell.key,
        "head": cell.head.value,
        "params": cell.params,
        "seed": seed,
        "val_auroc": auroc_interval(p_fake, val.is_fake, seed=seed, weights=val.weighting),
        "seconds": round(seconds, 3),
    }


def _chosen(grid: Grid, head: HeadName, cells: Sequence[_Cell], done: Cells) -> dict[str, Any]:
    lines = [done[cell.key] for cell in cells if cell.head is head]
    table = [{name: line[name] for name in ("params", "val_auroc", "seconds")} for line in lines]
    best = max(table, key=lambda line: line["val_auroc"][0])  # of equals, the first
    return {
        "axes": {name: list(values) for name, values in grid.axes.items()},
        "grid": table,
        "best": best["params"],
    }


def _cell(
    head: HeadName, params: dict[str, float], training: Training, seed: int, data: str
) -> _Cell:
    facts = [VERSION, head.value, asdict(training), seed, data]  # type: ignore[call-overload]
    key = sha256_of_json(facts)
    return _Cell(key, head, params, training)


def _digest(*parts: LabelledFeatures) -> str:
    """SHA-256 of features, labels and weights; which files they come from does not matter."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part.features.shape).encode())
        digest.update(part.features.tobytes())
        digest.update(part.is_fake.tobytes())
        if part.weighting is not None:
            digest.update(part.weighting.tobytes())
    return digest.hexdigest()


def _read(journal: Path) -> Cells:
    """The finished cells of ``journal``; none where there is none."""
    try:
        lines = journal.read_text(encoding="utf-8").splitlines()
        cells = [json.loads(line) for line in lines]
        return {cell["key"]: cell for cell in cells}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DetectorError(
            f"{journal} cannot be read ({error}); choose another folder, or delete the file: its "
            "cells are computed again"
        ) from error


def _lines(done: Cells) -> str:
    return "".join(json.dumps(cell, allow_nan=False) + "\n" for cell in done.values())


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise DetectorError(
            f"{path} cannot be written ({error.strerror}); choose another folder"
        ) from error
