"""The page of what was measured: ``docs/performance.md``, with its picture.

``python -m benchmarks.page [NAME | NAME/PART ...] [--quick]`` measures what is named, keeps each
document with its day in ``benchmarks/results``, and writes the page from all that are kept. Exit 1
when a bar that was just measured does not hold.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.outcome import Row
from benchmarks.page_picture import drawn, factor

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE, PICTURE = ROOT / "docs" / "performance.md", ROOT / "docs" / "images" / "performance.svg"
ORDER = (
    "engines",
    "cascade",
    "heads",
    "triage",
    "retriage",
    "intake",
    "review",
    "start",
    "admin",
    "learning",
)
"""How the page goes on; what is not named comes last."""
HEAD = """# Performance

What the benchmarks measured, each bar as it was set beforehand and whether it holds. Where a ratio
is told, both sides ran in turns in the same run on the same machine: ratios carry over to others,
seconds and images per second do not. `python -m benchmarks.page NAME ...` measures again and writes
this page; `make bench` only tells.

![By how much each figure holds its bar, or misses it](images/performance.svg)
"""


def measured(name: str, quick: bool) -> Row:
    """The document of the benchmark ``name``, or of one of its parts, and the day."""
    module, _, part = name.partition("/")
    command = [sys.executable, "-m", f"benchmarks.{module}", *([part] if part else []), "--json"]
    ran = subprocess.run(
        [*command, *(["--quick"] if quick else [])], cwd=ROOT, stdout=subprocess.PIPE, check=False
    )
    if ran.returncode not in (0, 1):
        raise SystemExit(f"{name} ended with {ran.returncode}, and measured nothing")
    found: Row = json.loads(ran.stdout)
    return found | {"name": name, "day": f"{datetime.now(UTC):%Y-%m-%d}"}


def keep(found: Row, folder: Path = RESULTS) -> None:
    """Keep the document in place of an earlier one of its name."""
    path = folder / f"{found['name'].replace('/', '-')}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")


def kept(folder: Path = RESULTS) -> list[Row]:
    """All documents that are kept, in the order of the page."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda one: (_place(one["name"]), one["name"]))


def page(found: Iterable[Row]) -> str:
    """The page in Markdown."""
    return HEAD + "".join(_section(one) for one in found)


def _section(found: Row) -> str:
    module, _, part = found["name"].partition("/")
    command = f"python -m benchmarks.{module}{f' {part}' if part else ''}"
    quick = " A quick run, on a part of the data." if found["quick"] else ""
    lines = [
        f"\n## {found['name'].replace('/', ': ').capitalize()}\n",
        f"{found['day']}, {found['machine']}. `{command}`{quick}\n",
        "| | measured | bar | | beside it |",
        "|---|---:|---:|---|---|",
        *(_line(bar) for bar in found["bars"]),
    ]
    return "\n".join(lines) + "\n"


def _line(bar: Row) -> str:
    value = "none" if bar["value"] is None else _figure(bar["value"])
    word = "holds" if bar["holds"] else "**missed**"
    sense = "" if bar["value"] is None else ("≥ " if factor(bar).is_at_least else "≤ ")
    what, beside = (text.replace("|", "\\|") for text in (bar["what"], bar["baseline"]))
    return f"| {what} | {value} | {sense}{_figure(bar['bar'])} | {word} | {beside} |"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _place(name: str) -> int:
    module = name.partition("/")[0]
    return ORDER.index(module) if module in ORDER else len(ORDER)


def write(found: Sequence[Row]) -> None:
    """Write the page and its picture."""
    PAGE.write_text(page(found), "utf-8")
    PICTURE.write_text(drawn(found), "utf-8")


def main() -> int:
    """Measure what is named, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="as each benchmark understands it")
    options = parser.parse_args()
    hold = True
    for name in options.names:
        found = measured(name, options.quick)
        keep(found)
        hold &= all(bar["holds"] for bar in found["bars"])
    write(kept())
    return 0 if hold else 1


if __name__ == "__main__":
    sys.exit(main())
