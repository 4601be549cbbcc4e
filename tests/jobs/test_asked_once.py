"""What is asked for again under its key is done once, though the server was killed meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.database import Database
from tests.jobs.asking_once import ask

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("moment", "is_known"), [("before", False), ("after", True)])
def test_a_kill_leaves_a_job_with_its_answer_or_neither(
    database: Database, moment: str, is_known: bool
) -> None:
    command = [sys.executable, "-m", "tests.jobs.asking_once", str(database.engine.url), moment]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [ask(database), ask(database)] == [("1", is_known), ("1", True)]
    with database.read() as repos:
        assert [row.id for row in repos.jobs.open()] == [1]
