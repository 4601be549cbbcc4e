"""Certificates on real scores: how often they are wrong, and how much they let through.

``python -m benchmarks.certify [--quick] [--json] [--cache DIR]``; exit 1 when a bar does not hold,
0 and "skipped" where the real images are not there.

The test images of the research sets that a checkpoint was trained on, scored by the default heads
of ``checkpoints/default`` and of ``checkpoints/source`` (uncalibrated and far weaker: what a
certificate must survive), are the world. Each resample draws n calibration images from it, as a
policy does: both sides at delta / 2. A violation is a side whose true error share exceeds the
limit; coverage is the share of the world accepted on either side. Images are drawn with
replacement, so that the truth is that of the world and exact. Against the images left over by a
draw without replacement (``on_the_rest``) a rate also counts the chance in those few; it is told,
but no certificate is about it.

The oracle knows the truth and takes the laxest threshold there is. The naive rule takes the laxest
threshold whose error share on the calibration images is within the limit.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import real_scores
from benchmarks.outcome import Row, arguments, at_least, at_most, document, finish, judged
from benchmarks.real_scores import Scored
from review_app.certification.bounds import upper_bound
from review_app.certification.certificate import CertificateMethod
from review_app.certification.fixed_sequence import DEFAULT_METHOD, make_plan, select
from review_app.certification.threshold_grid import Side

DELTA = 0.1
SIZES = (234, 500, 1000)
LIMITS = (0.05, 0.1, 0.2)
NAIVE = "naive"
METHODS = (*CertificateMethod, NAIVE)
SEED = 20261123

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """One side's images, from the surest to the least sure."""

    side: Side
    scored: Scored
    order: NDArray[np.intp]
    ends: NDArray[np.intp]
    """How many images each threshold accepts."""
    own: int
    """How many lie on this side of one half."""
    wrong: NDArray[np.bool_]

    @classmethod
    def of(cls, scored: Scored, side: Side) -> World:
        """The images of ``scored`` as ``side`` sees them."""
        sign = -1 if side is Side.FAKE else 1
        order = np.argsort(sign * scored.scores, kind="stable")
        ranked = sign * scored.scores[order]
        thresholds = sign * np.array(scored.grids[side].thresholds)
        wrong = (scored.is_fake if side is Side.REAL else ~scored.is_fake)[order]
        ends = np.searchsorted(ranked, thresholds, side="right")
        return cls(side, scored, order, ends, int(np.searchsorted(ranked, sign * 0.5)), wrong)

    def counts(self, weights: Ints) -> tuple[Ints, Ints]:
        """Errors and accepted images of each threshold, [..., thresholds], of images drawn so many
        times."""
        drawn = weights[..., self.order]
        start = np.zeros((*drawn.shape[:-1], 1), np.int64)
        accepted = np.concatenate([start, drawn.cumsum(axis=-1)], axis=-1)
        errors = np.concatenate([start, (drawn * self.wrong).cumsum(axis=-1)], axis=-1)
        return errors[..., self.ends], accepted[..., self.ends]

    def oracle(self, limit: float) -> float:
        """Largest share of the world that a threshold of this side may accept."""
        size = np.arange(1, self.own + 1)
        allowed = size[self.wrong[: self.own].cumsum() <= limit * size]
        return float(allowed.max(initial=0) / self.wrong.size)

    def choose(self, method: str, errors: Ints, accepted: Ints, n: int, limit: float) -> Ints:
        """The threshold that ``method`` takes, [resamples]; -1 for none."""
        if method == NAIVE:
            passes = (errors <= limit * accepted) & (accepted > 0)
            laxest = passes.shape[-1] - 1 - passes[..., ::-1].argmax(axis=-1)
            return np.where(passes.any(axis=-1), laxest, -1)
        grid = self.scored.grids[self.side]
        plan = make_plan(CertificateMethod(method), grid, n, limit, DELTA / 2)
        return select(plan, errors, accepted)


@dataclass(frozen=True)
class Truth:
    """What each threshold really does: one row for all resamples, or one row each."""

    errors: Ints
    accepted: Ints
    size: int

    def outcome(self, chosen: Ints, limit: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Coverage and violation where ``chosen`` [resamples] is accepted."""
        shape = (chosen.size, self.errors.shape[-1])
        errors, accepted = (
            np.take_along_axis(np.broadcast_to(x, shape), chosen.clip(0)[:, None], 1)[:, 0]
            for x in (self.errors, self.accepted)
        )
        taken = chosen >= 0
        return taken * accepted / self.size, taken & (errors > limit * accepted + 1e-9)


def measure(scored: Scored, n: int, resamples: int, rng: np.random.Generator) -> dict[str, Row]:
    """The violation rate and coverage of every method over the resamples, by limit."""
    size = scored.scores.size
    drawn = rng.multinomial(n, np.full(size, 1 / size), resamples)
    once = (rng.random((resamples, size)).argsort(axis=1) < n).astype(np.int64)
    rows: dict[str, Row] = {f"{limit:.0%}": {} for limit in LIMITS}
    worlds = [World.of(scored, side) for side in Side]
    plain = [(w, *w.counts(drawn), Truth(*w.counts(np.ones(size, np.int64)), size)) for w in worlds]
    rest = [(w, *w.counts(once), Truth(*w.counts(1 - once), size - n)) for w in worlds]
    for limit in LIMITS:
        row = rows[f"{limit:.0%}"]
        row["oracle"] = sum(world.oracle(limit) for world in worlds)
        for method in METHODS:
            coverage, violated = _policy(plain, method, n, limit)
            _, on_the_rest = _policy(rest, method, n, limit)
            row[str(method)] = {
                "violations": float(violated.mean()),
                "violations_upper_95": upper_bound(int(violated.sum()), resamples, 0.05),
                "violations_on_the_rest": float(on_the_rest.mean()),
                "coverage": float(coverage.mean()),
            }
    return rows


def _policy(
    sides: list[tuple[World, Ints, Ints, Truth]], method: str, n: int, limit: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Coverage and violation of both sides together, [resamples]."""
    found = [
        truth.outcome(world.choose(method, errors, accepted, n, limit), limit)
        for world, errors, accepted, truth in sides
    ]
    (one, wrong_one), (other, wrong_other) = found
    return one + other, wrong_one | wrong_other


def bars(measures: dict[str, Row]) -> list[Row]:
    """What must hold; each value is the worst cell's."""
    cells = {name: row for name, row in measures.items() if "oracle" in row}
    found = []
    for method in CertificateMethod:
        for key, bar in (("violations", DELTA), ("violations_upper_95", 0.12)):
            worst = max(row[method][key] for row in cells.values())
            what = f"{method}: largest rate of {key.replace('_', ' ')}"
            baseline = max(row[NAIVE][key] for row in cells.values())
            found.append(at_most(what, worst, bar, f"naive rule {baseline:.3f}"))
    gains = {name: _coverage(row) - row["sgr"]["coverage"] for name, row in cells.items()}
    least = min(gains.values())
    found.append(at_least("coverage of the default method less SGR's", least, -0.03, "SGR"))
    certified = {
        name: gains[name]
        for name, row in cells.items()
        if name.endswith("_5%") and max(_coverage(row), row["sgr"]["coverage"]) > 0
    }
    least = min(certified.values(), default=0.0)
    what = f"the same at 5%, where it can be certified ({len(certified)} cells)"
    found.append(judged(what, least, 0.0, least > 0, "SGR"))
    for limit in ("10%", "20%"):
        row = cells[f"default_1000_{limit}"]
        share = _coverage(row) / row["oracle"]
        what = f"share of the oracle's coverage, n = 1000, limit {limit}, checkpoint default"
        found.append(at_least(what, share, 0.75, f"oracle {row['oracle']:.3f}"))
    return found


def _coverage(row: Row) -> float:
    return float(row[DEFAULT_METHOD]["coverage"])


def report(streams: list[Scored], resamples: int, quick: bool) -> Row:
    """The document that ``--json`` prints."""
    started = time.perf_counter()
    measures: dict[str, Row] = {}
    for scored in streams:
        for n in SIZES:
            rows = measure(scored, n, resamples, np.random.default_rng([SEED, n]))
            measures |= {f"{scored.checkpoint}_{n}_{limit}": row for limit, row in rows.items()}
    found = bars(measures)
    measures["resamples"] = {"count": resamples, "seconds": time.perf_counter() - started}
    return document("certify", quick, measures, found, f"NumPy {np.__version__}")


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, "1,000 resamples instead of 4,000")
    parser.add_argument("--cache", type=Path, default=real_scores.CACHE, help="folder of features")
    options = parser.parse_args()
    streams = real_scores.load(options.cache)
    if not streams:
        print(
            json.dumps({"name": "certify", "skipped": real_scores.ABSENT})
            if options.json
            else real_scores.ABSENT
        )
        return 0
    found = report(streams, 1000 if options.quick else 4000, options.quick)
    return finish(found, options.json, lambda document: print(_table(document)))


def _table(document: Row) -> str:
    lines = [f"{'violations / coverage':22} oracle " + "".join(f"{m!s:>16}" for m in METHODS)]
    for name, row in document["measures"].items():
        if "oracle" in row:
            pairs = (f"{row[m]['violations']:.3f} / {row[m]['coverage']:.3f}" for m in METHODS)
            lines.append(f"{name:22} {row['oracle']:.3f} " + "".join(f"{p:>16}" for p in pairs))
    for bar in document["bars"]:
        verdict = "holds" if bar["holds"] else "FAILS"
        lines.append(
            f"{bar['what']}: {bar['value']:.3f} (bar {bar['bar']}, {bar['baseline']}) {verdict}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
