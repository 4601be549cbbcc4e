"""Starts ``deepfake-review serve`` within a second, so that it can be killed hundreds of times.

``python -m benchmarks.trust_launcher``: imports what the server needs, which takes seconds, then
forks a server for each port that stdin names, and tells its process id. All that the command does
is done anew in each: it opens the database, builds both mounts, and listens.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.review_site import free_port

_PATIENCE = 60.0


class Launcher:
    """The other side: starts a server over a folder, kills it, starts it again."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._server = 0
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and return once it is ready."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{self.port}\n")
        self._process.stdin.flush()
        self._server = int(self._process.stdout.readline())
        deadline = time.monotonic() + _PATIENCE
        with httpx.Client(base_url=self.url) as client:  # one: to make it takes 20 ms of a core
            while not _is_ready(client):
                if not self._is_there() or time.monotonic() > deadline:
                    raise RuntimeError("the server does not start; run `serve` to see why")
                time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL; returns once the process is gone."""
        if not self._server:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._server, signal.SIGKILL)
        while self._is_there():
            time.sleep(0.005)
        self._server = 0

    def _is_there(self) -> bool:
        try:
            os.kill(self._server, 0)
        except ProcessLookupError:
            return False
        return True


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


@contextmanager
def launcher(folder: Path) -> Iterator[Launcher]:
    """A launcher of servers over ``folder``; none of them runs yet."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.trust_launcher"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"REVIEW_DATA_DIR": str(folder)},
    )
    with process:
        servers = Launcher(process)
        try:
            yield servers
        finally:
            servers.kill()
            process.terminate()


def main() -> None:
    """Import, then fork a server for each line."""
    import review_app.cli
    import review_app.web.server  # noqa: F401 - what takes so long

    # Nobody waits for those that were killed.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _serve(line.strip())
        print(child, flush=True)


def _serve(port: str) -> None:
    """Do in the child what `deepfake-review serve` does."""
    import review_app.cli

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # What it says of sign-in links is no answer to whoever started it.
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(silent, stream)
    try:
        review_app.cli.app(["serve", "--port", port], standalone_mode=False)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
