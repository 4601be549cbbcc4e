"""Commands in odd surroundings: nothing may be written, nobody reads, names are wrong."""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storage.enums import LabelValue
from tests.applications import deployment
from tests.cli.conftest import Outcome, Run
from tests.cli.test_full_disk import full

ROOT = Path(__file__).parents[2]
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """A data directory that whoever runs the commands may read, and nothing else."""
    folder = tmp_path
    with deployment(folder) as place:
        place.factory.admin()
        for _ in range(3):
            place.factory.item()
        place.scored(0.2, LabelValue.REAL)
    everything = [folder / "data", *(folder / "data").rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder / "data"
    for path in everything:
        path.chmod(0o755)


def heed_modes() -> None:
    """For a child that root starts: modes of files stop it as they stop everybody else."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


COMMANDS = """
import json, sys
from typer.testing import CliRunner
from review_app.cli import app

for words in json.loads(sys.argv[1]):
    done = CliRunner().invoke(app, words)
    print(json.dumps([done.exit_code, done.stdout, done.stderr]))
"""


def as_reader(data: Path, *commands: str) -> list[Outcome]:
    """What commands leave behind that somebody gives who may only read the data directory; all in
    one process, for to begin one takes longer than they do."""
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps([shlex.split(words) for words in commands])],
        cwd=data.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "REVIEW_DATA_DIR": str(data)},
        preexec_fn=heed_modes,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Outcome(*json.loads(line)) for line in done.stdout.splitlines()]


def test_a_read_only_data_directory_is_counted_exported_and_checked(kept: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in kept.rglob("*")}
    out = kept.parent / "labels.csv"
    commands = ("stats", f"export {out}", "db check", "user add ada")
    counted, exported, checked, refused = as_reader(kept, *commands)
    assert counted.code == 0, counted.err
    assert "total: 4" in counted.out
    assert exported.code == 0, exported.err
    assert "note: the data directory may only be read" in exported.err
    assert len(out.read_text().splitlines()) == 5
    assert checked.code == 0, checked.err
    assert "whole" in checked.out
    assert refused.code == 1
    last = refused.err.splitlines()[-1]
    assert last.startswith("error: the server may not write to its disk")
    assert str(kept / "review.db") in last
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*")} == before


def test_what_the_log_of_changes_holds_is_read_too(kept: Path) -> None:
    path = kept / "review.db"
    for each in (kept, path):
        each.chmod(0o777)
    writer = sqlite3.connect(path)
    writer.execute("UPDATE item SET name = 'changed' WHERE id = 1")
    writer.commit()  # and stays open: its log is not yet copied into the database
    assert (kept / "review.db-wal").stat().st_size > 0
    for each in kept.glob("review.db*"):
        each.chmod(0o444)
    kept.chmod(0o555)
    try:
        (shown,) = as_reader(kept, "stats --json")
        assert shown.code == 0, shown.err
    finally:
        kept.chmod(0o755)
        writer.close()


def command(*arguments: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-m", "review_app", *arguments],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def test_output_that_nobody_reads_ends_quietly(data_dir: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with command("stats", stdout=writing) as unread:
        os.close(writing)
        assert unread.stderr is not None
        assert (unread.stderr.read(), unread.wait()) == ("", 141)
    with command("stats", preexec_fn=lambda: os.close(1)) as closed:
        assert closed.stderr is not None
        assert (closed.stderr.read(), closed.wait()) == ("", 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_a_full_disk_is_told_with_what_was_written(
    run: Run, data_dir: Path, tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as nowhere, command("stats", stdout=nowhere) as output:
        assert output.stderr is not None
        assert output.stderr.read() == "error: No space left on device: standard output\n"
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    with full():
        fault = run("ingest", tmp_path / "noise.png").fault
    assert "disk is full" in fault
    assert str(data_dir / "media" / "original") in fault


def test_a_misspelt_setting_is_told_with_the_one_that_is_meant(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_DATADIR", "elsewhere")
    monkeypatch.setenv("REVIEW_Q", "1")
    outcome = run("stats", "--json")
    assert outcome.document["items"]["total"] == 0
    lines = [line for line in outcome.err.splitlines() if line.startswith("warning: ")]
    assert lines == [
        "warning: REVIEW_DATADIR is no setting and does nothing; is REVIEW_DATA_DIR meant?",
        "warning: REVIEW_Q is no setting and does nothing; docs/settings.md lists all",
    ]


def test_the_program_says_which_version_it_is(run: Run) -> None:
    outcome = run("--version")
    assert outcome.code == 0
    assert outcome.out.startswith("deepfake-review 0.")


def test_a_correction_offers_what_it_takes(run: Run, tmp_path: Path) -> None:
    words = " ".join(run("correct", "--help").out.replace("│", " ").split())
    assert "real, fake or undecidable" in words
    assert "unsure" not in words
    with deployment(tmp_path) as place:
        place.factory.admin()
        item = place.factory.item()
    fault = run("correct", item, "fakes", "--reason", "so").fault
    assert "real, fake or undecidable" in fault
