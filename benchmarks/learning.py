"""The learning loop: labels that leave, and what is learned from them.

``python -m benchmarks.learning [PART ...] [--quick] [--json]``; exit 1 when a bar does not hold.
Without a part, every one is measured, each in a folder of its own. Each part is a module with
``measure(folder, quick)``, whose figures ``bars(found, quick)`` judges; it says itself what it
measures, against which baseline, and what ``--quick`` leaves out.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol, cast

from benchmarks.outcome import PYTHON, Row, arguments, document, finish, parts_asked, tell_bars

PARTS: Final = {
    "compare": "benchmarks.learning_compare",
    "export": "benchmarks.learning_export",
    "kills": "benchmarks.learning_kills",
    "fuse": "benchmarks.learning_fuse",
    "learn": "benchmarks.learning_learn",
    "order": "benchmarks.learning_order",
}
"""The module of each part; it is imported only where it is measured."""


class Part(Protocol):
    """A part of the benchmark."""

    def measure(self, folder: Path, quick: bool) -> Row:
        """Figures, measured in the empty ``folder``."""
        ...

    def bars(self, found: Row, quick: bool) -> Iterator[Row]:
        """Each bar with what ``found`` says of it."""
        ...


def part(name: str) -> Part:
    """The part called ``name``."""
    return cast(Part, importlib.import_module(PARTS[name]))


def measure(names: list[str], quick: bool) -> dict[str, Any]:
    """The document of ``names``."""
    measures: Row = {}
    bars: list[Row] = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            measures[name] = part(name).measure(Path(folder), quick)
        bars += part(name).bars(measures[name], quick)
    return document("learning", quick, measures, bars, PYTHON)


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, "smaller worlds and fewer repetitions, by the same bars")
    options, names = parts_asked(parser, PARTS)
    found = measure(names, options.quick)
    return finish(found, options.json, tell_bars)


if __name__ == "__main__":
    sys.exit(main())
