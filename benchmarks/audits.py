"""Audits: how often the alarm is false, and how soon true alarms and true certificates are told.

``python -m benchmarks.audits [--quick] [--json]``; exit 1 when a bar does not hold. Simulated
audits with a fixed seed, judged after every single one; the baseline is an exact binomial test at
the same level, looked at as often. ``--quick`` draws fewer runs of the same length.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.stats import binom

from review_app.triage.breaker import ALPHA
from review_app.triage.evidence import Direction, boundary

AUDITS = 3000
LIMIT = 0.05
SEED = 20260301


@dataclass(frozen=True)
class Race:
    """How soon, if ever, each run [runs] reached its goal."""

    after: NDArray[np.int64]
    """Audits needed; ``AUDITS + 1`` where it was never reached."""

    @property
    def share(self) -> float:
        """Share of the runs that reached it."""
        return float((self.after <= AUDITS).mean())

    def within(self, audits: int) -> float:
        """Share of the runs that reached it within ``audits``."""
        return float((self.after <= audits).mean())

    @property
    def median(self) -> float:
        return float(np.median(self.after))


def races(truth: float, direction: Direction, alpha: float, runs: int) -> tuple[Race, Race]:
    """The e-process and the repeated binomial test on the same audits of error rate ``truth``."""
    rng = np.random.default_rng([SEED, round(truth * 1000)])
    errors = (rng.random((runs, AUDITS)) < truth).cumsum(axis=1, dtype=np.int32)
    above = direction is Direction.ABOVE
    lines = boundary(AUDITS, LIMIT, alpha, direction), _naive(alpha, above)
    first = [_first(errors >= line if above else errors <= line) for line in lines]
    return Race(first[0]), Race(first[1])


def measure(runs: int) -> dict[str, Any]:
    """Every scenario at the whole alpha, and the alarms at the half that each side spends."""
    scenarios = {
        "false_alarm": (LIMIT, Direction.ABOVE, ALPHA),
        "alarm_at_10": (0.10, Direction.ABOVE, ALPHA),
        "alarm_at_15": (0.15, Direction.ABOVE, ALPHA),
        "certified_at_2": (0.02, Direction.BELOW, ALPHA),
        "false_alarm_per_side": (LIMIT, Direction.ABOVE, ALPHA / 2),
        "alarm_at_10_per_side": (0.10, Direction.ABOVE, ALPHA / 2),
        "alarm_at_15_per_side": (0.15, Direction.ABOVE, ALPHA / 2),
    }
    measures: dict[str, Any] = {"runs": runs, "audits": AUDITS, "risk_limit": LIMIT}
    start = time.perf_counter()
    for name, (truth, direction, alpha) in scenarios.items():
        ours, naive = races(truth, direction, alpha, runs)
        measures[name] = {
            "truth": truth,
            "alpha": alpha,
            "share": ours.share,
            "within_300": ours.within(300),
            "median": ours.median,
            "peeking_share": naive.share,
            "peeking_median": naive.median,
        }
    return measures | {"seconds": time.perf_counter() - start}


def report(measures: dict[str, Any], quick: bool) -> dict[str, Any]:
    """The document that ``--json`` prints."""
    wanted = [
        ("false alarms at R = r = 5%", "false_alarm", "share", ALPHA),
        ("median audits to the alarm at a true 10%", "alarm_at_10", "median", 250),
        ("median audits to proof at a true 2%", "certified_at_2", "median", 270),
    ]
    bars = [
        {
            "what": f"{what}, alpha = {ALPHA}, looked at after each audit",
            "value": measures[scenario][key],
            "bar": bar,
            "holds": measures[scenario][key] <= bar,
            "baseline": f"binomial test at every look: {measures[scenario][f'peeking_{key}']:g}",
        }
        for what, scenario, key, bar in wanted
    ]
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    return {
        "name": "audits",
        "machine": f"{machine}, NumPy {np.__version__}, SciPy {scipy.__version__}",
        "quick": quick,
        "measures": measures,
        "bars": bars,
    }


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="400 runs instead of 2,000")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args()
    document = report(measure(runs=400 if options.quick else 2000), options.quick)
    if options.json:
        print(json.dumps(document, indent=1))
    else:
        for name, row in document["measures"].items():
            if isinstance(row, dict):
                print(f"{name:22} alpha {row['alpha']:.3f}  reached {row['share']:6.1%}", end="  ")
                print(f"median {row['median']:6.0f}  within 300 {row['within_300']:6.1%}", end="  ")
                print(f"(peeking {row['peeking_share']:6.1%}, {row['peeking_median']:6.0f})")
        for bar in document["bars"]:
            print(f"{bar['what']}: {bar['value']:g} (bar {bar['bar']:g}; {bar['baseline']})")
    return 0 if all(bar["holds"] for bar in document["bars"]) else 1


def _naive(alpha: float, above: bool) -> NDArray[np.int64]:
    """Counts at which a one-sided exact binomial test of the limit rejects, by audits."""
    n = np.arange(1, AUDITS + 1)
    if above:
        return np.asarray(binom.ppf(1 - alpha, n, LIMIT) + 1, np.int64)
    k = binom.ppf(alpha, n, LIMIT)
    return np.asarray(np.where(binom.cdf(k, n, LIMIT) <= alpha, k, k - 1), np.int64)


def _first(reached: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The number of audits at which each run [runs, audits] first reached it."""
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, AUDITS + 1)


if __name__ == "__main__":
    sys.exit(main())
