"""A process that reads a SQLite file by the column: ``python -m storage.columns.worker``.

The driver makes Arrow of rows in C; but it brings an SQLite of its own, and two of them in one
process would take each other's locks away (sqlite.org/howtocorrupt.html, 2.2.1). So nothing else
may open the file here.

The first line of standard input is the file's address, as JSON; each further one a list of queries
[SQL, parameters]. Each query is answered by a stream of Arrow on standard output. All are over one
state of the database, that of the first query. It ends with standard input.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import Any, BinaryIO, Final

import adbc_driver_manager
import adbc_driver_sqlite

from storage.columns.lean import lean_pyarrow

pyarrow = lean_pyarrow()
_OPTIONS: Final = {"adbc.sqlite.query.batch_rows": "1000000"}
"""More than any query has rows: what a column holds is guessed from the first batch."""


def main(asked: BinaryIO, out: BinaryIO) -> None:
    """Answer until there are no more questions."""
    address = json.loads(asked.readline())
    with (
        closing(adbc_driver_sqlite.connect(address)) as database,
        closing(adbc_driver_manager.AdbcConnection(database)) as connection,
        closing(adbc_driver_manager.AdbcStatement(connection)) as statement,
    ):
        connection.set_autocommit(False)
        statement.set_options(**_OPTIONS)
        for line in asked:
            for sql, parameters in json.loads(line):
                _answer(statement, sql, parameters, out)


def _answer(statement: Any, sql: str, parameters: list[Any], out: BinaryIO) -> None:
    statement.set_sql_query(sql)
    statement.prepare()
    if parameters:
        arrays = [pyarrow.array([value]) for value in parameters]
        statement.bind(pyarrow.record_batch(arrays, list(map(str, range(len(arrays))))))
    handle, _ = statement.execute_query()
    found = pyarrow.RecordBatchReader.from_stream(handle)
    with found, pyarrow.ipc.new_stream(out, found.schema) as stream:
        for batch in found:
            stream.write_batch(batch)
    out.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
