"""Tables as people keep them, as rows of text: CSV with any usual separator, JSON lines, Parquet.

A table is told by its name and read whole; what is ambiguous is refused, never guessed.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any, Final

from review_app.core.errors import ManifestError

SUFFIXES: Final = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})
"""The names of tables end so."""
MAX_BYTES: Final = 512 * 1024**2
"""The most bytes of a table, unpacked: it is read whole."""
_SEPARATORS: Final = (",", ";", "\t", "|")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its values by column, as text without blanks around; empty ones are left out."""

    row: int
    """Line of the file as a spreadsheet counts: the header of a CSV is row 1."""
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table, as it writes them, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


def plain_name(column: str) -> str:
    """A column's name as it is compared: without blanks around, in lower case."""
    return column.strip().lower()


def refuse_size(name: str, n_bytes: int) -> None:
    """Raise ManifestError for a table of more than `MAX_BYTES`."""
    if n_bytes > MAX_BYTES:
        raise ManifestError(
            f"{name} has {n_bytes / 1e6:,.0f} MB; at most {MAX_BYTES / 1e6:,.0f} MB are read. "
            "Divide it, or leave out columns that are not needed"
        )


def read_table(
    name: str, data: bytes, known: Iterable[str], renamed: Mapping[str, str] | None = None
) -> Table:
    """The table in ``data``, the file called ``name``; columns by their plain names.

    ``known`` are the columns that mean something to the caller: the separator of a CSV is the one
    that finds them, and each may occur once. ``renamed`` (plain name → known) gives columns other
    names.

    Raises:
        ManifestError: it is no such table, or two columns would go by one name.
    """
    known, renamed = tuple(known), dict(renamed or {})
    header, records = _reader(name, data)(name, data, (*known, *renamed))
    names = _names(name, header, known, renamed)
    rows = []
    for number, fields in records:
        if len(fields) > len(names) and any(fields[len(names) :]):
            raise ManifestError(
                f"{name}: row {number} has {len(fields)} values under a header of {len(names)} "
                "columns; put values that hold the separator into quotation marks"
            )
        values = {key: value for key, value in zip(names, fields, strict=False) if key and value}
        if values:
            rows.append(TableRow(number, values))
    return Table(tuple(header), tuple(rows))


_Records = Iterable[tuple[int, Sequence[str]]]
_Read = tuple[Sequence[str], _Records]


def _reader(name: str, data: bytes) -> Callable[[str, bytes, Sequence[str]], _Read]:
    suffix = name[name.rfind(".") :].lower()
    if suffix == ".parquet" or data.startswith(b"PAR1"):
        return _parquet
    if suffix in (".jsonl", ".ndjson"):
        return _json_lines
    return _separated


def _names(
    name: str, header: Sequence[str], known: Sequence[str], renamed: Mapping[str, str]
) -> list[str]:
    """The name that each column goes by."""
    plain = [plain_name(column) for column in header]
    absent = [column for column in renamed if column not in plain]
    if absent:
        raise ManifestError(
            f"{name} has no column {absent[0]!r} to take for {renamed[absent[0]]!r}, only: "
            f"{', '.join(header)}"
        )
    taken = set(renamed.values())
    # What another column is taken for means nothing under its own name any longer.
    names = [renamed.get(column, "" if column in taken else column) for column in plain]
    twice = [column for column in known if names.count(column) > 1]
    if twice:
        meant = [h.strip() for h, n in zip(header, names, strict=True) if n == twice[0]]
        raise ManifestError(
            f"{name}: row 1 names {twice[0]!r} more than once ({', '.join(meant)}); which one "
            "counts? Keep one, and give the others other names"
        )
    return names


def _separated(name: str, data: bytes, known: Sequence[str]) -> _Read:
    text = _text(name, data)
    said, text = _said_separator(text)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = said or _separator(first, known)
    reader = csv.reader(StringIO(text, newline=""), strict=True, delimiter=separator)
    records: list[tuple[int, Sequence[str]]] = []
    try:
        for fields in reader:
            if records or any(field.strip() for field in fields):
                records.append((reader.line_num + bool(said), [f.strip() for f in fields]))
    except csv.Error as error:
        raise ManifestError(
            f"{name} cannot be read as a CSV file in UTF-8 (row {reader.line_num}: {error}); look "
            "for a quotation mark that is not closed"
        ) from error
    return (records[0][1], records[1:]) if records else ((), ())


def _text(name: str, data: bytes) -> str:
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{name} cannot be read as a CSV file in UTF-8 ({error.reason} at byte "
            f"{error.start:,}); save it as such (in Excel: CSV UTF-8)"
        ) from error
    if "\0" in text:
        raise ManifestError(f"{name} cannot be read as a CSV file in UTF-8: it holds zero bytes")
    return text


def _said_separator(text: str) -> tuple[str | None, str]:
    """What Excel's first line ``sep=;`` says, and the text after that line."""
    first, _, rest = text.partition("\n")
    line = first.strip().strip('"')
    if line.lower().startswith("sep=") and len(line) == len("sep=;"):
        return line[-1], rest
    return None, text


def _separator(header: str, known: Sequence[str]) -> str:
    """What separates the columns of ``header``: what finds most known ones, else a comma."""

    def found(separator: str) -> int:
        try:
            fields = next(csv.reader([header], delimiter=separator), [])
        except csv.Error:
            return 0
        return len({plain_name(field) for field in fields} & set(known))

    return max(_SEPARATORS, key=found)


def _json_lines(name: str, data: bytes, known: Sequence[str]) -> _Read:
    columns: dict[str, int] = {}
    objects: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(_text(name, data).split("\n"), 1):
        if not line.strip():
            continue
        objects.append((number, _json_object(name, number, line)))
        for column in objects[-1][1]:
            columns.setdefault(column, len(columns))
    records = ((n, [_cell(one.get(column)) for column in columns]) for n, one in objects)
    return list(columns), records


def _json_object(name: str, number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{name}: line {number} is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise ManifestError(
            f'{name}: line {number} is no JSON object, as in {{"path": "a.jpg", "label": "real"}}'
        )
    return found


def _parquet(name: str, data: bytes, known: Sequence[str]) -> _Read:
    import pyarrow.parquet as parquet  # a tenth of a second, for the few tables that need it

    try:
        file = parquet.ParquetFile(BytesIO(data))
        groups = (file.metadata.row_group(n) for n in range(file.metadata.num_row_groups))
        size = sum(group.total_byte_size for group in groups)
        columns = list(file.schema_arrow.names)
        wanted = [column for column in columns if plain_name(column) in known]
        rows = file.read(columns=wanted).to_pylist() if size <= MAX_BYTES else []
    except Exception as error:  # pyarrow raises many kinds of its own
        raise ManifestError(f"{name} cannot be read as a Parquet file ({error})") from error
    refuse_size(name, size)
    return columns, (
        (number, [_cell(row.get(column)) for column in columns])
        for number, row in enumerate(rows, 2)
    )


def _cell(value: object) -> str:
    """A value of JSON or Parquet as a CSV would write it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()
