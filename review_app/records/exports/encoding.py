"""Columns as bytes: CSV, JSON lines and Parquet, a batch at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Final, Protocol

from review_app.records.exports.values import Values, arrow
from storage.columns.lean import lean_pyarrow

_DISTINCT: Final = ("sha256", "path")
"""Columns of text in which hardly a value occurs twice."""
_GROUP: Final = 20_000
"""The rows of a row group of Parquet."""
_AT_ONCE: Final = 2_500
"""The rows of which lines are in memory at a time, in several copies."""


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
    schema = _record_batch(columns, [()] * len(columns)).schema
    # Those that have rows.
    found = (_record_batch(columns, batch) for batch in batches if len(batch[0]))
    return _ENCODERS[form](schema, found)


def _record_batch(columns: Sequence[Named], batch: Sequence[Values]) -> Any:
    pairs = zip(columns, batch, strict=True)
    arrays = [arrow(values, column.type) for column, values in pairs]
    return lean_pyarrow().record_batch(arrays, [column.name for column in columns])


def _csv(schema: Any, batches: Iterator[Any]) -> Iterator[bytes]:
    from review_app.records.exports.lines import CSV, lines, quoted

    # Quoted, text stays one cell where a locale separates by semicolons.
    yield (",".join(map(quoted, schema.names)) + "\r\n").encode()
    before = ["", *[","] * (len(schema) - 1)]
    for batch in _slices(batches):
        yield lines(batch, before, "\r\n", CSV)


def _jsonl(schema: Any, batches: Iterator[Any]) -> Iterator[bytes]:
    from review_app.records.exports.lines import JSON, lines

    keys = [f"{json.dumps(name)}: " for name in schema.names]
    before = ["{" + keys[0], *(f", {key}" for key in keys[1:])]
    for batch in _slices(batches):
        yield lines(batch, before, "}\n", JSON)


def _slices(batches: Iterator[Any]) -> Iterator[Any]:
    for batch in batches:
        yield from (batch.slice(at, _AT_ONCE) for at in range(0, len(batch), _AT_ONCE))


def _parquet(schema: Any, batches: Iterator[Any]) -> Iterator[bytes]:
    import pyarrow
    from pyarrow import parquet

    texts = (field.name for field in schema if pyarrow.types.is_string(field.type))
    repeated = [name for name in texts if name not in _DISTINCT]
    sink = _Sink()
    writer = parquet.ParquetWriter(sink, schema, compression="zstd", use_dictionary=repeated)
    waiting: list[Any] = []
    for batch in batches:
        waiting.append(batch)
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
