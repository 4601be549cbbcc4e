"""Read score files: streamed, checked whole, and taken whole or not at all."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from review_app.core.chunks import batches
from review_app.core.errors import InputError
from review_app.manifests.labels import ManifestLabel
from review_app.manifests.manifest import listed
from review_app.scores.columns import RowColumns, parse_columns
from review_app.scores.faults import Faults, SeenImages
from review_app.scores.lines import ScoreRecord, read_header, records_of, refuse_size
from review_app.scores.row import COLUMNS, ScoreRow, parse_row
from review_app.scores.table import ScoreTable

MAX_ROWS = 5_000_000
"""Rows of one file unless told otherwise: about 100 bytes of memory each."""
MAX_DETECTORS = 100
"""The most detectors of one file; more of them mean that another column was taken for theirs."""
TOGETHER = 5000
"""Rows that are read and checked together: they take some megabytes."""
_NAN = float("nan")


def read_scores(path: Path, *, detector: str | None = None, max_rows: int = MAX_ROWS) -> ScoreTable:
    """The scores of ``detector``; it may be left out where the file has only one.

    Raises InputError as `stream_scores`, and for a file of several detectors where none is named.
    """
    columns: dict[str, _Columns] = {}
    for row in stream_scores(path, detector=detector, max_rows=max_rows):
        columns.setdefault(row.detector, _Columns()).add(row)
    chosen = _chosen(path, detector, sorted(columns))
    return columns[chosen].table(path, chosen)


def stream_scores(
    path: Path, *, detector: str | None = None, max_rows: int = MAX_ROWS
) -> Iterator[ScoreRow]:
    """The rows of `stream_columns`, one at a time."""
    for columns in stream_columns(path, detector=detector, max_rows=max_rows):
        yield from columns.rows()


def stream_columns(
    path: Path, *, detector: str | None = None, max_rows: int = MAX_ROWS
) -> Iterator[RowColumns]:
    """The rows of the file at ``path``, thousands at a time: all, or those of ``detector``, which
    also stands in for the column of that name where there is none.

    The whole file is checked, other detectors' rows too. Raises InputError, naming rows, for: a
    file that is missing, empty, too large, not UTF-8 or not CSV; columns missing or separated by
    something else; numbers that are none or out of range; hashes that are none; text that is too
    long; an image twice for one detector; and a detector that does not occur. At most 20 faults are
    told, the others counted. Faulty rows are told after the last one, so nothing may be applied
    before the stream has ended.
    """
    faults, images = Faults(), SeenImages()
    known: set[str] = set()
    for columns in _stream(path, max_rows, faults, detector):
        images.add(columns)
        _refuse_many(path, columns, known)
        known.update(columns.detector)
        chosen = columns if detector is None else columns.only(detector)
        if chosen:
            yield chosen
    for number, first in images.repeated():
        faults.add(number, f"the same image and detector as row {first}")
    faults.raise_any(path)
    if not known:
        raise InputError(f"{path} has no rows; it needs one per image below its header")
    if detector is not None:
        _chosen(path, detector, sorted(known))


def _refuse_many(path: Path, columns: RowColumns, known: AbstractSet[str]) -> None:
    """Raise InputError where these rows name too many detectors beside those ``known``."""
    if len(known | set(columns.detector)) <= MAX_DETECTORS:
        return
    met = set(known)
    for row, detector in zip(columns.row, columns.detector, strict=True):
        met.add(detector)
        if len(met) > MAX_DETECTORS:
            raise InputError(
                f"{path} names more than {MAX_DETECTORS} detectors up to row {row}; look at "
                "what the column detector holds"
            )


def _stream(
    path: Path, max_rows: int, faults: Faults, detector: str | None
) -> Iterator[RowColumns]:
    """The rows without a fault; those of the others are added to ``faults``."""
    try:
        refuse_size(path, max_rows)
        with path.open("rb") as file:
            records = records_of(path, file)
            names = read_header(path, records, () if detector is None else ("detector",))
            places = {name: at for at, name in enumerate(names) if name in COLUMNS}
            given = {} if "detector" in places or detector is None else {"detector": detector}
            n = 0
            for some in batches(records, TOGETHER):
                n += len(some)
                if n > max_rows:
                    raise InputError(
                        f"{path} has more than {max_rows:,} rows; divide the file, or raise "
                        "REVIEW_MAX_SCORE_ROWS"
                    )
                columns = parse_columns(some, len(names), places, given)
                if columns is None:
                    columns = RowColumns.of(_faultless(some, len(names), places, given, faults))
                if columns:
                    yield columns
    except FileNotFoundError:
        raise InputError(f"there is no score file {path}") from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); look at who may read it"
        ) from error


def _faultless(
    records: Sequence[ScoreRecord],
    n_columns: int,
    places: Mapping[str, int],
    given: Mapping[str, str],
    faults: Faults,
) -> list[ScoreRow]:
    """Those without a fault, one by one; the faults of the others are added to ``faults``."""
    found: list[ScoreRow] = []
    for record in records:
        parsed = _parsed(record, n_columns, places, given)
        if isinstance(parsed, ScoreRow):
            found.append(parsed)
        else:
            for fault in parsed:
                faults.add(record.row, fault)
            faults.scale.add(_field(record, places.get("p_fake")))
    return found


def _parsed(
    record: ScoreRecord, n_columns: int, places: Mapping[str, int], given: Mapping[str, str]
) -> ScoreRow | list[str]:
    """The row, or what is wrong with it; ``places``: where each column of ours is; ``given``: what
    stands in for columns that are not there."""
    if len(record.fields) != n_columns:
        return [f"{len(record.fields)} values under a header of {n_columns} columns"]
    values = {name: record.fields[at] for name, at in places.items()}
    return parse_row(record.row, {**values, **given})


def _field(record: ScoreRecord, at: int | None) -> str:
    return record.fields[at] if at is not None and at < len(record.fields) else ""


def _chosen(path: Path, wanted: str | None, known: list[str]) -> str:
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted is None:
        raise InputError(f"{path} has {len(known)} detectors: {listed(known)}; name one of them")
    if wanted not in known:
        raise InputError(f"{path} has no detector {wanted!r}, only: {listed(known)}")
    return wanted


class _Columns:
    """Rows as they come, in columns; names are kept once."""

    def __init__(self) -> None:
        self._numbers = {name: array("d") for name in ("p_fake", "score", "std", "novelty", "time")}
        self._labels = array("b")
        self._names: dict[str, int] = {"": 0}
        self._sources, self._splits = array("i"), array("i")

    def add(self, row: ScoreRow) -> None:
        time = None if row.time is None else row.time.timestamp()
        values = (row.p_fake, row.score, row.std, row.novelty, time)
        for column, value in zip(self._numbers.values(), values, strict=True):
            column.append(_NAN if value is None else value)
        self._labels.append(-1 if row.label is None else row.label is ManifestLabel.FAKE)
        self._sources.append(self._code(row.source))
        self._splits.append(self._code(row.split))

    def table(self, path: Path, detector: str) -> ScoreTable:
        """The columns as arrays."""
        numbers = {name: np.array(column) for name, column in self._numbers.items()}
        labels = np.array(self._labels)
        return ScoreTable(
            path,
            detector,
            numbers["p_fake"],
            numbers["score"],
            numbers["std"],
            numbers["novelty"],
            labels >= 0,
            labels == 1,
            self._decoded(self._sources),
            self._decoded(self._splits),
            numbers["time"],
        )

    def _code(self, name: str | None) -> int:
        return self._names.setdefault(name or "", len(self._names))

    def _decoded(self, codes: array[int]) -> NDArray[np.object_]:
        return np.array(list(self._names), np.object_)[np.array(codes, np.int64)]
