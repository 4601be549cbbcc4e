"""Memory is given back when it is quiet, and caches of the database with it."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from review_app.core.memory import KEPT, QUIET, MemoryWatch, is_due, own_bytes
from review_app.core.settings import Settings
from review_app.opening import open_whole


class _Counts(ctypes.Structure):
    """What glibc's ``mallinfo2`` tells."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "used",
            "free",
            "keepcost",
        ]
    ]


def in_use() -> int:
    """Bytes that the C library has handed out."""
    try:
        tell = ctypes.CDLL(None).mallinfo2
    except (OSError, AttributeError):
        pytest.skip("the C library does not count")
    tell.restype = _Counts
    return int(tell().used)


@pytest.mark.parametrize(
    ("least", "now", "share", "due"),
    [
        (None, 1, 0.0, True),
        (None, 1, 2 * QUIET, False),
        (10 * KEPT, 11 * KEPT, 0.0, False),
        (10 * KEPT, 11 * KEPT + 1, QUIET, True),
        (10 * KEPT, 20 * KEPT, 2 * QUIET, False),
    ],
)
def test_memory_is_given_back_where_there_is_much_and_nobody_works(
    least: int | None, now: int, share: float, due: bool
) -> None:
    assert is_due(least, now, share) is due


def test_a_busy_process_is_left_alone() -> None:
    shrunk: list[int] = []
    watch = MemoryWatch(lambda: shrunk.append(1))
    sum(range(1_000_000))
    watch.look()
    assert not shrunk


def test_connections_that_nobody_uses_give_their_pages_back(tmp_path: Path) -> None:
    database = open_whole(Settings(data_dir=tmp_path))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE wide (text)")
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
            "INSERT INTO wide SELECT hex(zeroblob(2000)) FROM n"
        )
        connection.commit()
        connection.exec_driver_sql("SELECT max(length(text)) FROM wide").all()
    full, idle = in_use(), database.engine.pool.status()
    database.shrink()
    assert full - in_use() > 6_000_000
    assert database.engine.pool.status() == idle
    assert own_bytes() > 0
    database.close()
