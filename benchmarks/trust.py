"""Trust: nothing acknowledged is lost, what is changed behind the program's back is told, and
whoever floods or guesses harms nobody else.

``python -m benchmarks.trust [--quick] [--json]``; exit 1 when a bar does not hold. Real servers are
killed, attacked and flooded over HTTP; each baseline is measured at the same server in the same
run. ``--quick`` kills less often, guesses fewer passwords, and compares fewer images.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks import trust_blinding, trust_flood, trust_kills, trust_passwords, trust_tampering
from benchmarks.outcome import (
    PYTHON,
    Row,
    arguments,
    at_least,
    at_most,
    document,
    finish,
    judged,
    tell_bars,
)

SIGN_IN_RATIO, NEXT_ITEM_RATIO, GROWTH = 2.0, 1.5, 1.1
CHANCE = 0.5


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    kills: int
    guesses: int
    items: int
    """The items of each group that nobody may tell from the other."""


FULL = Size(200, 1000, 300)
QUICK = Size(10, 300, 60)


def measure(size: Size, folder: Path) -> dict[str, Any]:
    """Everything; the folder must be empty."""
    return {
        "kills": trust_kills.measure(folder / "kills", size.kills),
        "tampering": trust_tampering.measure(folder / "tampering"),
        "blinding": trust_blinding.measure(folder / "blinding", size.items),
        "flood": trust_flood.measure(folder / "flood", size == QUICK),
        "passwords": trust_passwords.measure(folder / "passwords", size.guesses),
    }


def report(measures: Row, quick: bool) -> Row:
    """The document that ``--json`` prints."""
    bars = [bar for part, told in BARS.items() for bar in told(measures[part])]
    return document("trust", quick, measures, bars, PYTHON)


def _kill_bars(found: Row) -> Iterator[Row]:
    what = f"{found['kills']} kills under {found['people']} people, {found['acknowledged']} "
    what += "answers, skips and undos acknowledged: "
    yield at_most(f"{what}lost", found["lost"], 0)
    yield at_most(f"{what}doubled", found["doubled"] + found["never_sent"], 0)
    yield at_most(f"{what}items in a state their answers do not tell", found["torn"], 0)
    yield at_most(f"{what}changes that `db check` names", len(found["broken"]), 0)


def _password_bars(found: Row) -> Iterator[Row]:
    what = f"{found['guesses']} wrong passwords from {found['addresses']} addresses: others' "
    idle, attacked = found["idle_ms"]["p95"], found["attacked_ms"]["p95"]
    yield at_most(
        f"{what}sign-in p95, as a multiple of idle",
        found["p95_ratio"],
        SIGN_IN_RATIO,
        f"idle {idle:.0f} ms, attacked {attacked:.0f} ms",
    )
    yield at_most(f"{what}sign-ins refused", found["others_refused"], 0)


def _tampering_bars(found: Row) -> Iterator[Row]:
    what = f"of {found['planted']} changes behind the program's back, named by `db check`"
    yield at_least(what, found["named"], found["planted"])
    what = "changes that it names where there are none"
    yield at_most(what, len(found["false_alarms"]), 0)


def _blinding_bars(found: Row) -> Iterator[Row]:
    for group, when in product(("gold", "audit"), ("before", "after")):
        told = found[f"{group}_{when}"]
        what = f"AUROC of {group} images, by all that is told {when} the answer"
        low, high = told["low"], told["high"]
        interval = f"95% interval {low:.3f} to {high:.3f}, {told['n'][0]} and {told['n'][1]} images"
        yield judged(what, told["auroc"], CHANCE, low <= CHANCE <= high, interval)


def _flood_bars(found: Row) -> Iterator[Row]:
    what = "one person floods Inspect, views and uploads: others' next item p95, multiple of idle"
    idle, flooded = found["idle_p95_ms"], found["flooded_p95_ms"]
    told = f"idle {idle:.0f} ms, flooded {flooded:.0f} ms"
    yield at_most(what, found["ratio"], NEXT_ITEM_RATIO, told)
    what = f"memory after {found['floods']} floods, as a multiple of before"
    told = f"before {found['mib_before']:.0f} MiB, after {found['mib_after']:.0f} MiB"
    yield at_most(what, found["growth"], GROWTH, told)


BARS: dict[str, Callable[[Row], Iterator[Row]]] = {
    "kills": _kill_bars,
    "tampering": _tampering_bars,
    "blinding": _blinding_bars,
    "flood": _flood_bars,
    "passwords": _password_bars,
}


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    options = arguments(__doc__, "fewer kills, guesses and images").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measures = measure(QUICK if options.quick else FULL, Path(folder))
    return finish(report(measures, options.quick), options.json, tell_bars)


if __name__ == "__main__":
    sys.exit(main())
