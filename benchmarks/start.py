"""What a start costs, and what a server holds that nobody asks for anything.

``python -m benchmarks.start [PART...] [--quick] [--json]``; exit 1 when a bar does not hold. There
are ``commands`` (processor time of help and of commands that look something up), ``worker`` (of
what reads an image, until its network is there), ``server`` (processor time until it answers, and
its memory a while later) and ``demo`` (seconds from the command to the first page). The obvious
way, in the same run and in turns with ours: everything that the program may need is imported at the
start, and the network is timm's. Times are of the processor, which neighbours lengthen less than
they do seconds; figures are medians.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from benchmarks.outcome import (
    PYTHON,
    Row,
    arguments,
    at_most,
    document,
    finish,
    parts_asked,
    tell_bars,
)
from benchmarks.review_site import IDLE_MB, SETTLED_S, free_port, serving

EVERYTHING: Final = (
    "import torch, scipy.stats, scipy.optimize, pandas, alembic.command, gradio; "
    "from review_app.inference.torch_runtime import timm; timm(); "
    "import review_app.bootstrap; from review_app.cli.contents import CONTENTS, commands_of; "
    "[commands_of(each) for each in CONTENTS]; "
)
RUN: Final = (
    "import sys; sys.argv = ['deepfake-review', *{words!r}]; "
    "from review_app.cli import main; main()"
)
COMMANDS: Final = {
    "help": ["--help"],
    "user list": ["user", "list"],
    "db upgrade": ["db", "upgrade"],
}
OURS: Final = (
    "from review_app.inference.backbones import load_backbone; load_backbone('efficientnet_lite0')"
)
TIMMS: Final = (
    "from review_app.inference.torch_runtime import timm; "
    "timm().create_model('tf_efficientnet_lite0', pretrained=False).eval()"
)
SHARE, OPEN_S = 0.5, 45.0
"""The bars: share of the obvious way, seconds to the first page."""


def processor_seconds(code: str, folder: Path) -> float:
    """Processor time of a Python that runs ``code`` on the data directory ``folder``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"REVIEW_DATA_DIR": str(folder)}
    subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_turns(codes: Sequence[str], folder: Path, rounds: int) -> list[float]:
    """Medians of the processor time of each of ``codes``; the first round is not counted."""
    taken = [[processor_seconds(code, folder) for code in codes] for _ in range(rounds + 1)]
    return [round(median(column), 3) for column in zip(*taken[1:], strict=True)]


def commands(folder: Path, rounds: int) -> Row:
    """Processor seconds of each command: ours, and with everything imported first."""
    found = {}
    for name, words in COMMANDS.items():
        code = RUN.format(words=words)
        found[name] = in_turns([code, EVERYTHING + code], folder, rounds)
    return found


def worker(folder: Path, rounds: int) -> Row:
    """Processor seconds until the network is there: ours, and timm's."""
    return {"network": in_turns([OURS, TIMMS], folder, rounds)}


def server(folder: Path, rounds: int) -> Row:
    """Processor seconds of a server until it answers, and its megabytes once it has settled."""
    seconds, megabytes = [], []
    for _ in range(min(rounds, 3)):
        with serving(folder) as served:
            seconds.append(served.cpu_seconds())
            time.sleep(SETTLED_S)
            megabytes.append(served.megabytes())
    return {"seconds": round(median(seconds), 2), "megabytes": round(median(megabytes), 1)}


def demo(_folder: Path, rounds: int) -> Row:
    """Seconds from the demo's command to the first page, each time in a new data directory."""
    return {"seconds": round(median(_opened() for _ in range(rounds)), 1)}


PARTS: Final[dict[str, Callable[[Path, int], Row]]] = {
    "commands": commands,
    "worker": worker,
    "server": server,
    "demo": demo,
}


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    options, parts = parts_asked(arguments(__doc__, "one round instead of five"), PARTS)
    rounds = 1 if options.quick else 5
    with tempfile.TemporaryDirectory() as folder:
        processor_seconds(RUN.format(words=["user", "list"]), Path(folder))  # makes the database
        found = {part: PARTS[part](Path(folder), rounds) for part in parts}
    libraries = (PYTHON, f"load {os.getloadavg()[0]:.1f}")
    told = document("start", options.quick, found, bars_of(found), *libraries)
    return finish(told, options.json, tell_bars)


def bars_of(found: Row) -> list[Row]:
    """The bars of the parts that were measured."""
    bars = []
    for name, (ours, all_imported) in found.get("commands", {}).items():
        of = f"({ours} s of {all_imported})"
        bars.append(at_most(f"{name}, share of importing all", ours / all_imported, SHARE, of))
    if "worker" in found:
        ours, timms = found["worker"]["network"]
        bars.append(
            at_most("network, share of timm's", ours / timms, 1.0, f"({ours} s of {timms})")
        )
    if "server" in found:
        of = f"({found['server']['seconds']} s of the processor until it answers)"
        bars.append(at_most("idle server, MB", found["server"]["megabytes"], IDLE_MB, of))
    if "demo" in found:
        bars.append(at_most("seconds to the demo's page", found["demo"]["seconds"], OPEN_S))
    return bars


def _opened() -> float:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"REVIEW_DATA_DIR": folder, "REVIEW_PORT": str(port)}
        clock = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-m", "review_app", "demo"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            process.stdout.readline()
            assert httpx.get(f"http://127.0.0.1:{port}/login").is_success
            took = time.monotonic() - clock
            process.terminate()
            process.stdout.read()
    return took


if __name__ == "__main__":
    sys.exit(main())
