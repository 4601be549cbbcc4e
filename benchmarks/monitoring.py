"""Monitoring: whether drift is told soon and falsely seldom, and whether intervals hold.

``python -m benchmarks.monitoring [PART ...] [--quick] [--json]``; exit 1 when a bar does not hold.
Each part is a module with ``measure(quick)``, whose figures ``bars(found)`` judges; it says itself
what it measures and against which baseline. ``--quick`` makes fewer runs by the same bars.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Final, Protocol, cast

import numpy as np
import scipy

from benchmarks.outcome import Row, arguments, document, finish, parts_asked, tell_bars

PARTS: Final = {
    "drift": "benchmarks.monitoring_drift",
    "calibration": "benchmarks.monitoring_calibration",
    "reviewers": "benchmarks.monitoring_reviewers",
}
"""The module of each part; it is imported only where it is measured."""


class MonitoringPart(Protocol):
    """A part of the benchmark."""

    def measure(self, quick: bool) -> Row:
        """Figures."""
        ...

    def bars(self, found: Row) -> Iterator[Row]:
        """Each bar with what ``found`` says of it."""
        ...


def measure(names: list[str], quick: bool) -> Row:
    """The document of ``names``."""
    measures: Row = {}
    bars: list[Row] = []
    for name in names:
        part = cast(MonitoringPart, importlib.import_module(PARTS[name]))
        measures[name] = part.measure(quick)
        bars += part.bars(measures[name])
    libraries = (f"NumPy {np.__version__}", f"SciPy {scipy.__version__}")
    return document("monitoring", quick, measures, bars, *libraries)


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, "fewer runs, by the same bars")
    options, names = parts_asked(parser, PARTS)
    found = measure(names, options.quick)
    return finish(found, options.json, tell_bars)


if __name__ == "__main__":
    sys.exit(main())
