"""Files and folders appear whole or not at all, whatever becomes of who writes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from review_app.core.files import atomic_folder, atomic_write

BOTH = pytest.mark.parametrize("nameless", [True, False])
WRITE = """
import sys
from pathlib import Path
from review_app.core.files import atomic_folder, atomic_write
path = Path(sys.argv[2])
def wait():
    print("half", flush=True)
    sys.stdin.readline()
if sys.argv[1] == "folder":
    with atomic_folder(path) as folder:
        (folder / "part").write_bytes(bytes(100_000))
        wait()
else:
    with atomic_write(path, nameless=sys.argv[1] == "nameless") as file:
        file.write(bytes(100_000))
        file.flush()
        wait()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def half_written(how: str, path: Path) -> subprocess.Popen[str]:
    """A process that is in the middle of writing ``path``."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, how, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@BOTH
def test_the_file_is_there_when_it_is_whole(nameless: bool, tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"first", b"second"):
        with atomic_write(path, nameless=nameless) as file:
            file.write(content)
            assert not path.exists() or path.read_bytes() == b"first"
        assert path.read_bytes() == content
    assert names(tmp_path) == ["file"]


@BOTH
def test_a_block_that_raises_leaves_what_was_there(nameless: bool, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def fail() -> None:
        with atomic_write(path, nameless=nameless) as file:
            file.write(b"half")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["file"]


def test_a_killed_writer_of_a_file_leaves_nothing(tmp_path: Path) -> None:
    kill(half_written("nameless", tmp_path / "file"))
    assert names(tmp_path) == []


@pytest.mark.parametrize("how", ["named", "folder"])
def test_what_a_killed_writer_leaves_goes_with_the_next_and_that_of_a_live_one_stays(
    how: str, tmp_path: Path
) -> None:
    kill(half_written(how, tmp_path / "new"))
    assert len(names(tmp_path)) == 1, "under another name"
    alive = half_written(how, tmp_path / "new")
    assert len(names(tmp_path)) == 1, "that of the killed one is gone"
    if how == "folder":
        with atomic_folder(tmp_path / "other") as folder:
            (folder / "part").touch()
    else:
        with atomic_write(tmp_path / "new", nameless=False) as file:
            file.write(b"of another")
    assert len(names(tmp_path)) == 2
    alive.communicate("\n")
    assert alive.returncode == 0
    expected = ["new", "other"] if how == "folder" else ["new"]
    assert names(tmp_path) == expected


@pytest.mark.parametrize("parts", [[], ["part"]], ids=["just begun", "filled"])
def test_a_folder_goes_whenever_its_writer_was_killed(parts: list[str], tmp_path: Path) -> None:
    left = tmp_path / ".new-12345678.deepfake-review-draft"
    left.mkdir()
    for part in parts:
        (left / part).touch()
    with atomic_folder(tmp_path / "other"):
        pass
    assert names(tmp_path) == ["other"]


def test_many_at_once_begin_a_folder_each(tmp_path: Path) -> None:
    def make(n: int) -> None:
        with atomic_folder(tmp_path / str(n)) as folder:
            (folder / "part").touch()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(make, range(200)))
    assert sorted(map(int, names(tmp_path))) == list(range(200))
    assert all(names(tmp_path / str(n)) == ["part"] for n in range(200))


def test_a_folder_of_somebody_else_stays_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / ".mine-12345678.draft").mkdir()
    with atomic_folder(tmp_path / "new") as folder:
        (folder / "part").touch()
    assert names(tmp_path) == [".mine-12345678.draft", "new"]
    assert names(tmp_path / "new") == ["part"]


@BOTH
def test_an_exclusive_file_is_that_of_the_first(nameless: bool, tmp_path: Path) -> None:
    path = tmp_path / "file"
    made: list[int] = []

    def make(n: int) -> None:
        try:
            with atomic_write(path, exclusive=True, nameless=nameless) as file:
                file.write(b"%d" % n)
            made.append(n)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=make, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() == b"%d" % made[0]
    assert len(made) == 1
    assert names(tmp_path) == ["file"]


@BOTH
def test_many_writers_of_one_file_leave_the_content_of_one(nameless: bool, tmp_path: Path) -> None:
    path = tmp_path / "file"

    def write(n: int) -> None:
        for _ in range(10):
            with atomic_write(path, nameless=nameless) as file:
                file.write(b"%d" % n * 5000)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in [b"%d" % n * 5000 for n in range(4)]
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_who_may_read_it(mode: int, tmp_path: Path) -> None:
    with atomic_write(tmp_path / "file", mode=mode) as file:
        file.write(b"")
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode & ~umask()


def umask() -> int:
    was = os.umask(0)
    os.umask(was)
    return was


EXPORT = """
import sys
from pathlib import Path
from review_app.records.exports import tables
from review_app.records.exports.encoding import ExportFormat
from storage.database import Database
stream = tables.LabelTable.stream
def slowly(table, form):
    for chunk in stream(table, form):
        yield chunk * 100_000
        print("half", flush=True)
        sys.stdin.readline()
tables.LabelTable.stream = slowly
tables.write_table(tables.LabelTable(Database(sys.argv[1])), Path(sys.argv[2]), ExportFormat.CSV)
"""
TRAINED = """
import sys
from pathlib import Path
from review_app.inference import checkpoint
from review_app.core.settings import DEFAULT_CHECKPOINT
loaded = checkpoint.Checkpoint.load(DEFAULT_CHECKPOINT)
write = checkpoint._write
def slowly(path, data):
    write(path, data)
    print("half", flush=True)
    sys.stdin.readline()
checkpoint._write = slowly
loaded.save(Path(sys.argv[2]))
"""


@pytest.mark.parametrize(("program", "left"), [(EXPORT, 0), (TRAINED, 1)])
def test_a_killed_export_or_training_leaves_nothing_that_the_next_does_not_clear(
    program: str, left: int, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("out")

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program, database_url, str(out / "out")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        return process

    kill(start())
    assert len(names(out)) == left
    assert not (out / "out").exists()
    again = start()
    again.communicate("\n\n\n\n")
    assert again.returncode == 0
    assert [name for name in names(out) if not name.startswith("out.")] == ["out"]
