"""How far the audit log had come, told outside of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.trust_tampering import DATABASE
from storage.database import Database
from storage.enums import AuditKind
from storage.repositories.event_log import Event
from storage.seals import heads
from storage.seals.heads import FILE, ChainHead
from tests.cli.conftest import Run, data_dir, run
from tests.seals.conftest import Copy, found, opened

__all__ = ["data_dir", "run"]


def _write(database: Database, *, durable: bool = True) -> None:
    with database.write(durable=durable) as repos:
        repos.audit.add(Event(AuditKind.EXPORTED, "ada"))


def _head(database: Database) -> ChainHead:
    with database.read() as repos:
        head = repos.audit.head()
    assert head is not None
    return head


def test_each_is_told_once_it_is_on_disk(database: Database) -> None:
    _write(database)
    first = _head(database)
    _write(database, durable=False)  # a power cut may take it: it is not told
    assert list(database.heads.read()) == [first]
    _write(database)
    assert list(database.heads.read()) == [first, _head(database)]
    assert _head(database).number == 3


def test_one_that_was_never_told_is_no_alarm_and_neither_is_half_a_line(copy: Copy) -> None:
    """As a kill leaves it, between the commit and the file, or in the middle of a line."""
    data = copy()
    lines = (data / FILE).read_text().splitlines()
    (data / FILE).write_text("\n".join(lines[:-3]) + f"\n{lines[-2][:20]}")
    assert found(data) == []
    with opened(data) as database:
        _write(database)
    assert found(data) == []


def test_a_database_put_back_to_an_older_copy_is_told(copy: Copy) -> None:
    data, older = copy(), copy()
    with opened(data) as database:
        _write(database)
        last = _head(database).number
    shutil.copyfile(older / DATABASE, data / DATABASE)
    for rest in ("-wal", "-shm"):
        (data / f"{DATABASE}{rest}").unlink(missing_ok=True)
    assert found(data) == [
        f"audit_event {last}: told elsewhere, and not in the log: it was cut short or begun anew"
    ]


def test_the_file_stays_small(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "MAX_BYTES", 2000)
    monkeypatch.setattr(heads, "KEPT_LINES", 10)
    for _ in range(60):
        _write(database)
    assert database.heads.path.stat().st_size < 2100
    assert list(database.heads.read())[-1] == _head(database)


def test_a_folder_that_cannot_be_written_to_holds_no_answer_up(
    database: Database, tmp_path: Path
) -> None:
    database.heads.path = tmp_path / "there is no such folder" / FILE
    _write(database)
    assert _head(database).number == 1


def test_a_head_kept_elsewhere_is_demanded(run: Run, copy: Copy, data_dir: Path) -> None:
    shutil.rmtree(data_dir)
    copy().rename(data_dir)
    head = run("db", "head", "--json").document["head"]
    assert run("user", "add", "dora").code == 0
    told = run("db", "check", "--expect", head)
    assert "not in the log" not in told.out, "a longer log is fine"
    assert (told.code, "desk second: " in told.out) == (1, True), "its folder was left behind"
    later = run("db", "head").out.strip()
    number, _, digest = later.partition(":")
    beyond = f"{int(number) + 3}:{digest}"
    for other in (beyond, f"{number}:{'0' * 64}"):
        told = run("db", "check", "--expect", head, "--expect", other)
        assert (told.code, "not in the log" in told.out) == (1, True), other
    assert "is no head" in run("db", "check", "--expect", "yesterday").fault
    (data_dir / FILE).unlink()
    assert run("db", "rekey").code == 0
    assert "not in the log" not in run("db", "check", "--expect", later).out
