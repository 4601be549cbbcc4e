"""Commands run in this process, on a data directory of their own."""

from __future__ import annotations

import json
import logging
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from review_app.cli import app
from review_app.core.logs import StandardError
from review_app.core.settings import Settings
from tests.empty import begin


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output; anything else there is an error."""
        return json.loads(self.out)

    @property
    def fault(self) -> str:
        """The one line of a command that failed; progress bars have none then."""
        lines = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert (self.code, self.out, len(lines)) == (1, "", 1), self
        return lines[0].removeprefix("error: ")


Run = Callable[..., Outcome]

_built = cache(typer.main.get_command)
"""All commands from their functions, once: as long as what many of them do takes."""


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory of the commands, with an empty database; no setting of the machine gets
    through."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"REVIEW_{name.upper()}", raising=False)
    monkeypatch.setenv("REVIEW_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REVIEW_ENGINE", "torch")  # a trial would take longer than most commands
    begin(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def nothing_yet(data_dir: Path) -> None:
    """There is no data directory: whoever needs one makes it."""
    shutil.rmtree(data_dir)


@pytest.fixture
def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command, as ``run("ingest", path, "--json")``; ``says`` is what somebody types."""
    monkeypatch.setattr("typer.testing._get_command", _built)
    levels = {name: logging.getLogger(name).level for name in ("", "review_app", "storage")}

    def run(*arguments: object, says: str = "") -> Outcome:
        given = [str(argument) for argument in arguments]
        result = CliRunner().invoke(app, given, input=says)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    yield run
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, StandardError)]:
        root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def hear_ctrl_c() -> None:
    """For the child of a test: a job in the background inherits that Ctrl+C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
