"""A server as far as jobs are concerned: a process with a runner over a data directory, until its
standard input ends."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from review_app.bootstrap import open_application
from review_app.cli.job_worker import told
from review_app.core.settings import Settings
from review_app.jobs.runner import JobRunner
from tests.jobs.worker import COMMAND

if __name__ == "__main__":
    with closing(open_application(Settings(data_dir=Path(sys.argv[1])))) as app:
        runner = JobRunner(app.jobs.leases, COMMAND, told(app.settings))
        runner.start()
        sys.stdin.read()
        runner.close()
