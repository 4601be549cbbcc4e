"""A real server whose disk fills up and whose files are taken away: what it told is there."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.durability.serving import Process, Reviewer, queue
from tests.storage.harm import delete_the_log, log_of

NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def reviewing(data_dir: Path) -> Iterator[tuple[Process, Reviewer]]:
    with queue(data_dir, 40) as (_, token), Process(data_dir) as process:
        reviewer = Reviewer(process.url, token)
        yield process, reviewer
        reviewer.close()


def work(reviewer: Reviewer, n: int) -> None:
    """Take and answer ``n`` items."""
    for _ in range(n):
        (task,) = reviewer.take().raise_for_status().json()
        reviewer.answer(task["item_id"]).raise_for_status()


def until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def answers(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {row[0] for row in connection.execute("SELECT client_id FROM label")}


def test_a_full_disk_and_then_a_lost_log(
    data_dir: Path, reviewing: tuple[Process, Reviewer]
) -> None:
    process, reviewer = reviewing
    database = data_dir / "review.db"

    def ready() -> httpx.Response:
        return httpx.get(f"{process.url}/readyz")

    work(reviewer, 3)
    assert ready().status_code == 200
    (task,) = reviewer.take().json()

    full = (log_of(database).stat().st_size, resource.RLIM_INFINITY)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, full)
    refused = reviewer.answer(task["item_id"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (507, "not_stored")
    assert "answers wait in the page" in refused.json()["error"]["message"]
    until(lambda: ready().status_code == 503, "readyz tells of the full disk")
    assert str(data_dir) not in ready().text

    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
    reviewer.answer(task["item_id"]).raise_for_status()
    work(reviewer, 3)
    until(lambda: ready().status_code == 200, "readyz tells that there is room again")

    (task,) = reviewer.take().json()
    delete_the_log(database)
    lost = reviewer.answer(task["item_id"])
    assert (lost.status_code, lost.json()["error"]["code"]) == (503, "storage_lost")
    assert "db check" in lost.json()["error"]["message"]
    assert ready().status_code == 503
    assert reviewer.take().status_code == 503
    until(lambda: "was saved as" in process.log, "a copy is saved")
    process.kill()
    assert "review.db-wal is gone" in process.log

    (saved,) = data_dir.glob("review.db.rescued-*")
    assert set(reviewer.stored) <= answers(saved)
    assert len(reviewer.stored) == 7
