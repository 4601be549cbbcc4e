"""The real process for jobs, with functions that tests can watch: each does what its parameters
say."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from review_app.cli.job_worker import main
from review_app.core.errors import InputError, JobCancelled
from review_app.core.progress import Progress
from review_app.jobs.work import JobFunctions
from storage.enums import JobKind

COMMAND = (sys.executable, "-m", "tests.jobs.worker")


def count(application: Any, parameters: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Writes a line to the file ``log`` at its start, and then counts until the file ``go`` is
    there."""
    log, go = Path(parameters["log"]), Path(parameters["go"])
    with log.open("a") as lines:
        lines.write(f"{os.getpid()}\n")
    done = 0
    try:
        while not go.exists():
            done += 1
            progress(done, 1000)
            time.sleep(0.01)
    except JobCancelled:
        log.with_suffix(".cleared").touch()
        raise
    return {"items": application.monitoring.overview().total}


def fail(_application: Any, parameters: dict[str, Any], _progress: Progress) -> dict[str, Any]:
    if parameters.get("known"):
        raise InputError("there are 3 labels, and it takes 10")
    raise ValueError("first line\nsecond line")


def hang(_application: Any, parameters: dict[str, Any], _progress: Progress) -> dict[str, Any]:
    Path(parameters["log"]).write_text(f"{os.getpid()}\n")
    time.sleep(3600)
    return {}


FUNCTIONS: JobFunctions = {
    JobKind.EXPORT: count,
    JobKind.COMPARE: fail,
    JobKind.LEARN: hang,
}

if __name__ == "__main__":
    main(FUNCTIONS)
