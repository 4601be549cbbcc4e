"""What every benchmark ends with: bars that hold or do not, one JSON document, an exit code."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
PYTHON = f"Python {platform.python_version()}"


def judged(what: str, value: float | None, bar: float, holds: bool, baseline: str = "") -> Row:
    """A bar, and whether ``value`` holds it."""
    return {"what": what, "value": value, "bar": bar, "holds": bool(holds), "baseline": baseline}


def at_most(what: str, value: float, bar: float, baseline: str = "") -> Row:
    """A bar that holds up to ``bar``."""
    return judged(what, value, bar, value <= bar, baseline)


def at_least(what: str, value: float, bar: float, baseline: str = "") -> Row:
    """A bar that holds from ``bar`` on."""
    return judged(what, value, bar, value >= bar, baseline)


def document(
    name: str, quick: bool, measures: Row, bars: Iterable[Row], *libraries: str
) -> dict[str, Any]:
    """What ``--json`` prints; ``libraries`` are those, with versions, that the figures hang on."""
    machine = f"{_processor()}, {os.cpu_count()} cores"
    return {
        "name": name,
        "machine": ", ".join([machine, *libraries]),
        "quick": quick,
        "measures": measures,
        "bars": list(bars),
    }


def _processor() -> str:
    """What the processor calls itself, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def arguments(description: str | None, quick: str) -> argparse.ArgumentParser:
    """The options that all have; ``quick`` says what ``--quick`` leaves out."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


def parts_asked(
    parser: argparse.ArgumentParser, known: Iterable[str]
) -> tuple[argparse.Namespace, list[str]]:
    """The options, and which of the ``known`` parts to measure: those that are named, or all."""
    names = list(known)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(names)}")
    options = parser.parse_args()
    if unknown := [name for name in options.parts if name not in names]:
        parser.error(f"no part {unknown[0]!r}; there are: {', '.join(names)}")
    return options, options.parts or names


def finish(found: Row, as_json: bool, tell: Callable[[Row], object]) -> int:
    """Print the document, or let ``tell`` print it for people; the exit code says whether all bars
    hold."""
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        tell(found)
    return 0 if all(bar["holds"] for bar in found["bars"]) else 1


def tell_bars(found: Row) -> None:
    """Print each bar: whether it holds, its value, and the baseline."""
    for bar in found["bars"]:
        verdict = "holds" if bar["holds"] else "MISSED"
        figures = f"{bar['value']:.4g} (bar {bar['bar']:g})"
        print(f"{verdict:6} {bar['what']}: {figures} {bar['baseline']}".rstrip())
