"""The bytes of a score file become records here, in bounded memory: UTF-8, commas, one line a
row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from review_app.core.errors import InputError
from review_app.scores.remedies import other_kind
from review_app.scores.row import COLUMNS, IDENTITY, REQUIRED

MAX_LINE = 1 << 16
"""Bytes of one line: a line without an end must not fill memory."""
ROW_BYTES = 512
"""A file may have this many bytes for each row that is allowed; more is refused unread."""
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


class ScoreRecord(NamedTuple):
    """The fields of one row as text, stripped; the header's length is checked elsewhere."""

    row: int
    fields: Sequence[str]


def refuse_size(path: Path, max_rows: int) -> None:
    """Raise InputError for a file with more bytes than ``max_rows`` rows need, without reading."""
    size, limit = path.stat().st_size, max_rows * ROW_BYTES
    if size > limit:
        raise InputError(
            f"{path} has {size / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} MB are read, "
            f"{ROW_BYTES} bytes for each of {max_rows:,} rows. Divide the file, leave out columns "
            "that are not needed, or raise REVIEW_MAX_SCORE_ROWS"
        )


def read_header(path: Path, records: Iterator[ScoreRecord], given: Sequence[str] = ()) -> list[str]:
    """Names of the columns, from the first record; those of ``given`` may be missing.

    Raises InputError for an empty file, missing or repeated columns, and another delimiter.
    """
    first = next(records, None)
    if first is None:
        raise InputError(f"{path} is empty; it needs a header with {_wanted()}, and rows below it")
    names = [name.lower() for name in first.fields]
    missing = [name for name in REQUIRED if name not in (*names, *given)]
    if not set(IDENTITY) & set(names):
        missing.insert(0, " or ".join(IDENTITY))
    if missing:
        raise InputError(f"{path}: {_why_missing(missing, first.fields)}")
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if twice:
        raise InputError(f"{path}: row 1 names {', '.join(twice)} more than once; keep one each")
    return names


def records_of(path: Path, file: BinaryIO) -> Iterator[ScoreRecord]:
    """The rows of ``file``, header first; blank lines are left out but counted.

    Raises InputError, naming the row, for what is not UTF-8 text or not CSV.
    """
    reader = csv.reader(_lines(path, file), strict=True)
    try:
        for given in reader:
            fields = list(map(str.strip, given))
            if any(fields):
                yield ScoreRecord(reader.line_num, fields)
    except csv.Error as error:
        raise InputError(
            f"{path}: row {reader.line_num} cannot be read as CSV ({error}); look for a quotation "
            "mark that is not closed"
        ) from error


def _lines(path: Path, file: BinaryIO) -> Iterator[str]:
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        other = other_kind(path, line) if number == 1 else None
        if other is not None:
            raise InputError(other)
        if number == 1 and line.startswith(_BYTE_ORDER_MARKS):
            raise InputError(f"{path} is UTF-16, not UTF-8; save it as CSV in UTF-8")
        if len(line) > MAX_LINE:
            raise InputError(
                f"{path}: row {number} is longer than {MAX_LINE:,} bytes; this is no score file"
            )
        if b"\0" in line:
            raise InputError(f"{path}: row {number} holds zero bytes; this is no text file")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path}: row {number} is not UTF-8 (byte {error.start + 1} of the row); save the "
                "file as CSV in UTF-8"
            ) from error


def _why_missing(missing: Sequence[str], header: Sequence[str]) -> str:
    line = ",".join(header)
    for sign, words in _DELIMITERS.items():
        found = {part.strip(' "').lower() for part in line.split(sign)}
        if set(REQUIRED) <= found:
            return f"its columns seem to be separated by {words}; save it with commas instead"
    shown = line if len(line) <= 200 else f"{line[:200]}..."
    alone = "; --detector NAME stands in for it" if list(missing) == ["detector"] else ""
    return (
        f"it has no column {', '.join(missing)}, only: {shown}{alone}; row 1 must name "
        f"{_wanted()}, separated by commas"
    )


def _wanted() -> str:
    return f"{' or '.join(IDENTITY)}, {', '.join(REQUIRED)}"
