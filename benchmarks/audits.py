"""Audits: how often the alarm is false, and how soon true alarms and true certificates are told.

``python -m benchmarks.audits [--quick] [--json]``; exit 1 when a bar does not hold. Simulated
audits with a fixed seed, judged after every single one. Baselines: of a false alarm, an exact
binomial test looked at as often; of a change, the beta-binomial mixture that starts at the first
audit; and as the best that could be had, the likelihood ratio test that is told when the rate
changes, and to what. ``--quick`` draws fewer runs of the same length.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.stats import binom

from benchmarks.outcome import Row, arguments, at_least, at_most, document, finish
from review_app.audits.change_detection import alarm_path
from review_app.audits.e_values import Direction, Floats, evidence_path
from review_app.audits.side_test import ALPHA

AUDITS = 3000
SOON = 300
SEED = 20260301
CHUNK = 100
"""The number of runs judged at once."""
Runs = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Scenario:
    """Audits of one error rate, and how they are judged."""

    truth: float
    alpha: float
    limit: float = 0.05
    direction: Direction = Direction.ABOVE
    calm: int = 0
    """Audits before those, at an error rate of 2%."""
    after: int = AUDITS

    def runs(self, n: int) -> Iterator[Runs]:
        """Chunks of ``n`` runs [runs, audits]; equal audits for either alpha."""
        rng = np.random.default_rng([SEED, round(self.truth * 1000), self.calm])
        for start in range(0, n, CHUNK):
            rows = min(CHUNK, n - start)
            yield np.concatenate(
                [rng.random((rows, self.calm)) < 0.02, rng.random((rows, self.after)) < self.truth],
                axis=1,
            )


@dataclass(frozen=True)
class Race:
    """How soon, if ever, each run reached its goal."""

    after: Counts
    """Audits needed since the calm, or more than there are; runs that were there before it are
    left out."""
    audits: int
    """How many there are."""

    def summary(self) -> dict[str, float]:
        """Shares of the runs, and the median run."""
        return {
            "share": float((self.after <= self.audits).mean()),
            f"within_{SOON}": float((self.after <= SOON).mean()),
            "median": float(np.median(self.after)),
        }


def race(scenario: Scenario, runs: int) -> dict[str, Race]:
    """Ours and the baselines on the same audits."""
    found: dict[str, list[Counts]] = {}
    for wrong in scenario.runs(runs):
        for name, reached in _judges(scenario, wrong).items():
            found.setdefault(name, []).append(_first(reached))
    total = scenario.calm + scenario.after
    return {
        name: Race(_since(np.concatenate(parts), scenario.calm, total), scenario.after)
        for name, parts in found.items()
    }


def _judges(scenario: Scenario, wrong: Runs) -> dict[str, Runs]:
    """Who says after which audits [runs, audits] that the goal is reached."""
    line = -np.log(scenario.alpha)
    mixture = evidence_path(wrong, scenario.limit, scenario.direction) >= line
    if scenario.direction is Direction.BELOW:
        return {"ours": mixture, "peeking": _peeking(scenario, wrong)}
    judges = {"ours": alarm_path(wrong, scenario.limit) >= line, "mixture": mixture}
    if not scenario.calm:
        judges["peeking"] = _peeking(scenario, wrong)
    if scenario.truth > scenario.limit:
        judges["oracle"] = _oracle(scenario, wrong) >= line
    return judges


def measure(runs: int) -> dict[str, Any]:
    """Every scenario at the whole alpha, and the alarms at the half that each side spends."""
    below = Direction.BELOW
    scenarios = {"certified_at_2": Scenario(0.02, ALPHA, direction=below)}
    for name, alpha in (("", ALPHA), ("_per_side", ALPHA / 2)):
        scenarios |= {
            f"false_alarm{name}": Scenario(0.05, alpha),
            f"alarm_at_10{name}": Scenario(0.1, alpha),
            f"alarm_at_15{name}": Scenario(0.15, alpha),
            f"change_to_3r_at_5{name}": Scenario(0.15, alpha, calm=AUDITS, after=2 * SOON),
            f"change_to_2r_at_5{name}": Scenario(0.1, alpha, calm=AUDITS, after=2 * SOON),
            f"change_to_2r_at_10{name}": Scenario(0.2, alpha, 0.1, calm=AUDITS, after=2 * SOON),
        }
    measures: dict[str, Any] = {"runs": runs}
    start = time.perf_counter()
    for name, scenario in scenarios.items():
        races = {who: each.summary() for who, each in race(scenario, runs).items()}
        measures[name] = {**asdict(scenario), **races.pop("ours"), "baselines": races}
    return measures | {"seconds": time.perf_counter() - start}


_BARS = (
    ("false alarms at R = r = 5%", "false_alarm", "share", ALPHA, "peeking"),
    ("the same, per side", "false_alarm_per_side", "share", ALPHA / 2, "peeking"),
    ("median audits to the alarm at a true 10%", "alarm_at_10", "median", 250, "mixture"),
    ("the same, per side", "alarm_at_10_per_side", "median", 250, "mixture"),
    ("median audits to proof at a true 2%", "certified_at_2", "median", 270, "peeking"),
)
_CHANGES = (
    ("15% (3r) at r = 5%", "change_to_3r_at_5_per_side"),
    ("20% (2r) at r = 10%", "change_to_2r_at_10_per_side"),
)
_IN_TIME = 0.95


def report(measures: Row, quick: bool) -> Row:
    """The document that ``--json`` prints."""
    bars = [
        at_most(
            f"{what}, alpha = {measures[name]['alpha']:g}, looked at after each audit",
            measures[name][key],
            bar,
            f"{rival}: {measures[name]['baselines'][rival][key]:g}",
        )
        for what, name, key, bar, rival in _BARS
    ]
    for what, name in _CHANGES:
        row, key = measures[name], f"within_{SOON}"
        rivals = {who: found[key] for who, found in row["baselines"].items()}
        bars.append(
            at_least(
                f"alarmed within {SOON} audits of a change to {what}, after {AUDITS:,} audits at "
                "2%, per side",
                row[key],
                _IN_TIME,
                ", ".join(f"{who}: {share:g}" for who, share in rivals.items()),
            )
        )
    libraries = (f"NumPy {np.__version__}", f"SciPy {scipy.__version__}")
    return document("audits", quick, measures, bars, *libraries)


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    options = arguments(__doc__, "400 runs instead of 2,000").parse_args()
    found = report(measure(runs=400 if options.quick else 2000), options.quick)
    return finish(found, options.json, _tell)


def _tell(found: Row) -> None:
    for name, row in found["measures"].items():
        if isinstance(row, dict):
            print(f"{name:30} alpha {row['alpha']:.3f}")
            for who, shares in {"ours": row, **row["baselines"]}.items():
                print(
                    f"    {who:8} reached {shares['share']:6.1%}  within {SOON} "
                    f"{shares[f'within_{SOON}']:6.1%}  median {shares['median']:6.0f}"
                )
    for bar in found["bars"]:
        print(f"{bar['what']}: {bar['value']:g} (bar {bar['bar']:g}; {bar['baseline']})")


def _peeking(scenario: Scenario, wrong: Runs) -> Runs:
    """An exact one-sided binomial test of the limit, looked at after each audit."""
    n, errors = np.arange(1, wrong.shape[1] + 1), wrong.cumsum(axis=1)
    if scenario.direction is Direction.ABOVE:
        return np.asarray(errors > binom.ppf(1 - scenario.alpha, n, scenario.limit))
    k = binom.ppf(scenario.alpha, n, scenario.limit)
    most = np.where(binom.cdf(k, n, scenario.limit) <= scenario.alpha, k, k - 1)
    return np.asarray(errors <= most)


def _oracle(scenario: Scenario, wrong: Runs) -> Floats:
    """Log likelihood of the true rate against the limit, from the change on."""
    r, q = scenario.limit, scenario.truth
    gains = np.asarray(np.where(wrong, np.log(q / r), np.log((1 - q) / (1 - r))), np.float64)
    gains[:, : scenario.calm] = 0
    return gains.cumsum(axis=1)


def _first(reached: Runs) -> Counts:
    """The number of audits at which each run [runs, audits] first reached it."""
    first = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, reached.shape[1] + 1)
    return np.asarray(first, np.int64)


def _since(first: Counts, calm: int, total: int) -> Counts:
    return np.minimum(first[first > calm], total + 1) - calm


if __name__ == "__main__":
    sys.exit(main())
