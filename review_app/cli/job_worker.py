"""A process that does the jobs that wait, and ends: ``python -m review_app.cli.job_worker``.

The first line of its standard input is a JSON document: the settings of the server, and the name
that jobs are taken under. When standard input ends, the server has ended, and so does this.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import closing
from typing import Any

from review_app.bootstrap import open_application
from review_app.cli.job_functions import JOB_FUNCTIONS
from review_app.core.background import stand_back
from review_app.core.logs import configure_logging
from review_app.core.settings import Settings
from review_app.jobs.work import JobFunctions, work_off

COMMAND = (sys.executable, "-m", "review_app.cli.job_worker")


def told(settings: Settings) -> dict[str, Any]:
    """What a server tells this process beside the name: all that it runs with."""
    return {"settings": settings.model_dump(mode="json")}


def main(functions: JobFunctions = JOB_FUNCTIONS) -> None:
    """Do the jobs that wait, with ``functions``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the server, and that ends this
    os.dup2(2, 1)  # whatever a library prints is no result
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_server, name="server", daemon=True).start()
    settings = Settings.model_validate(order["settings"])
    configure_logging(settings.log_level)
    stand_back(settings.reading_niceness)
    with closing(open_application(settings)) as app:
        work_off(app.jobs.leases, functions, app, order["runner"])


def _end_with_the_server() -> None:
    os.read(0, 1)
    os._exit(0)  # perhaps it was killed: what is half done is nobody's, and waits again


if __name__ == "__main__":
    main()
