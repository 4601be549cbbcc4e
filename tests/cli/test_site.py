"""serve: the address, the first sign-in, and the end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from review_app.jobs.service import JobService
from storage.database import Database
from storage.enums import JobKind
from tests.cli.conftest import Run, hear_ctrl_c
from tests.cli.test_jobs import asked_for
from tests.jobs.waiting import wait_for

ROOT = Path(__file__).parents[2]


@pytest.fixture
def served(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """The app as a process of its own, on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "review_app", "serve", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_ctrl_c,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("nothing_yet")
def test_the_first_start_prints_where_to_sign_in_does_jobs_and_ctrl_c_ends_it(
    served: subprocess.Popen[str], data_dir: Path
) -> None:
    assert served.stdout is not None
    lines = [served.stdout.readline() for _ in range(4)]
    address = re.search(r"open at (http://127\.0\.0\.1:[1-9]\d*)$", lines[0].strip())
    link = re.search(r"(http://\S+/login/link/\S+)$", lines[2].strip())
    assert address is not None
    assert link is not None
    assert "sign in as admin" in lines[1]
    assert httpx.get(f"{address[1]}/healthz").status_code == 200
    with httpx.Client() as browser:
        assert browser.get(link[1]).is_success
        assert browser.get(f"{address[1]}/api/v1/me").status_code == 401, "looking is not enough"
        assert browser.post(link[1]).is_redirect
        assert browser.get(f"{address[1]}/admin/").status_code == 200
    assert httpx.get(link[1]).status_code >= 400, "a link signs in once"
    (job,) = asked_for(data_dir, JobKind.FUSE)
    with closing(Database(f"sqlite:///{data_dir / 'review.db'}")) as database:
        jobs = JobService(database, kept=1000)
        wait_for(lambda: jobs.get(job).ended_at, "the job ends")
    served.send_signal(signal.SIGINT)
    out, err = served.communicate(timeout=240)
    assert served.returncode == 130
    assert "Traceback" not in err
    assert "/login/link/" not in err, "logs keep no link"
    assert out == ""


def test_a_port_that_is_taken_is_told_in_one_line(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run("user", "add", "ada", "--role", "admin")
        fault = run("serve", "--port", port).fault
    assert f"cannot listen on 127.0.0.1:{port}" in fault
    assert "REVIEW_PORT" in fault
