"""Columns as bytes: CSV, JSON lines and Parquet, a batch at a time."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from math import isfinite
from typing import Any, Final, Protocol

from review_app.records.exports.batch import Values

_FORMULA: Final = re.compile(
    r"(?:\A|(?<=[;\t]))(?=[=+\-@\t\r\n＝＋－＠])|(?<=[\r\n])(?=[=+\-@＝＋－＠])"
)
"""The places where a formula may begin in some spreadsheet or locale (OWASP, CSV injection): where
text begins, and where whoever separates cells by semicolons or tabs would take it apart."""
_BEGINS: Final = "=+-@\t\r\n＝＋－＠"
_BEFORE: Final = ";\t\r\n"
_DISTINCT: Final = ("sha256", "path")
"""Columns of text in which hardly a value occurs twice."""
_SAMPLE: Final = 64
"""The first values of a column, which tell whether equal ones are likely in it."""
_GROUP: Final = 20_000
"""The rows of a row group of Parquet."""


class ExportFormat(StrEnum):
    """A format of a table that leaves."""

    CSV = "csv"
    """A table for spreadsheets and pandas; formulas are neutralised."""
    JSONL = "jsonl"
    """One JSON object a line; text is exactly as it was typed."""
    PARQUET = "parquet"
    """Typed columns, compressed; text is exactly as it was typed."""


class Named(Protocol):
    """A column of a table, as far as its encoding goes."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        ...

    @property
    def type(self) -> type:
        """What its values are, unless they are None."""
        ...


Batches = Iterable[Sequence[Values]]
"""The values of each column, batch after batch."""


def encode(form: ExportFormat, columns: Sequence[Named], batches: Batches) -> Iterator[bytes]:
    """The table of ``batches``, which have the values of ``columns``, piece by piece."""
    return _ENCODERS[form](columns, batches)


def _csv(columns: Sequence[Named], batches: Batches) -> Iterator[bytes]:
    # Quoted, text stays one cell where a locale separates by semicolons.
    yield (",".join(_quoted(column.name) for column in columns) + "\r\n").encode()
    for batch in batches:
        cells = [
            _neutral_cells(values) if column.type is str else _cells(values, _plain)
            for column, values in zip(columns, batch, strict=True)
        ]
        if cells[0]:
            lines = map(",".join, zip(*cells, strict=True))
            yield ("\r\n".join(lines) + "\r\n").encode()


def _jsonl(columns: Sequence[Named], batches: Batches) -> Iterator[bytes]:
    members = [_member(column.name) for column in columns]
    for batch in batches:
        pairs = zip(members, batch, strict=True)
        cells = [_cells(values, member) for member, values in pairs]
        if cells[0]:
            lines = map(", ".join, zip(*cells, strict=True))
            yield ("{" + "}\n{".join(lines) + "}\n").encode()


def _cells(values: Values, write: Callable[[Any], str]) -> list[str]:
    """Each value as it is written; equal ones are written once."""
    if len(set(values[:_SAMPLE])) > _SAMPLE // 2:
        return list(map(write, values))
    distinct = set(values)
    # Two zeros of a float are equal, and written differently.
    if 2 * len(distinct) > len(values) or (0.0 in distinct and float in map(type, distinct)):
        return list(map(write, values))
    written = {value: write(value) for value in distinct}
    return [written[value] for value in values]


def _neutral_cells(values: Values) -> list[str]:
    return _cells(values if is_harmless(values) else list(map(_neutral, values)), _quoted)


def _quoted(value: str | None) -> str:
    if not value:
        return '""'
    return f'"{value}"' if '"' not in value else '"' + value.replace('"', '""') + '"'


def _plain(value: float | None) -> str:
    return '""' if value is None else repr(value)


def is_harmless(values: Values) -> bool:
    """Whether no text of them can begin a formula; it is found out about all of them at once."""
    text = ";".join(["", *filter(None, set(values))])  # type: ignore[list-item]
    begins = [letter for letter in _BEGINS if letter in text]
    return not any(before + letter in text for letter in begins for before in _BEFORE)


def _neutral(value: Any) -> Any:
    """Text gets an apostrophe wherever a cell may begin in it like a formula."""
    return _FORMULA.sub("'", value) if value else value


def _member(name: str) -> Callable[[Any], str]:
    """How a value is written as the member ``name`` of an object."""
    encoder = json.JSONEncoder(ensure_ascii=False)
    key = f"{encoder.encode(name)}: "
    text, nothing = json.encoder.encode_basestring, key + "null"

    def member(value: Any) -> str:
        if value is None:
            return nothing
        if type(value) is str:
            return key + text(value)
        is_plain = type(value) is float and isfinite(value)
        return key + (repr(value) if is_plain else encoder.encode(value))

    return member


def _parquet(columns: Sequence[Named], batches: Batches) -> Iterator[bytes]:
    import pyarrow  # a tenth of a second, for the few who need it
    from pyarrow import parquet

    types = {str: pyarrow.string(), int: pyarrow.int64()}
    types |= {float: pyarrow.float64(), bool: pyarrow.bool_()}
    schema = pyarrow.schema([(column.name, types[column.type]) for column in columns])
    sink = _Sink()
    repeated = [one.name for one in columns if one.type is str and one.name not in _DISTINCT]
    writer = parquet.ParquetWriter(sink, schema, compression="zstd", use_dictionary=repeated)
    waiting: list[Any] = []
    for batch in batches:
        if not batch[0]:
            continue
        arrays = [
            pyarrow.nulls(len(values), field.type)
            if values[0] is None and values.count(None) == len(values)
            else pyarrow.array(values, field.type)
            for values, field in zip(batch, schema, strict=True)
        ]
        waiting.append(pyarrow.record_batch(arrays, schema=schema))
        if sum(map(len, waiting)) >= _GROUP:
            writer.write_table(pyarrow.Table.from_batches(waiting, schema))
            waiting.clear()
            yield sink.drain()
    if waiting:
        writer.write_table(pyarrow.Table.from_batches(waiting, schema))
    writer.close()
    yield sink.drain()


class _Sink(io.RawIOBase):
    """A file to write, whose content is taken away as it grows."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._at += len(part)
        return len(part)

    def tell(self) -> int:
        return self._at

    def drain(self) -> bytes:
        """Everything that was written since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


_ENCODERS: Final = {
    ExportFormat.CSV: _csv,
    ExportFormat.JSONL: _jsonl,
    ExportFormat.PARQUET: _parquet,
}
