"""Live calibration: whether 95% intervals hold on streams whose labels a policy selected.

The detector is too sure of itself and leans to fake. Images that it is sure of are accepted, and
one in ten of them audited; all others are labelled. Baseline: the same estimates of the labelled
images with nothing corrected. Of label shift, streams with other shares of fakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import beta

from benchmarks.outcome import Row, judged
from review_app.monitoring.statistics.label_shift import (
    ClassCounts,
    black_box_shift,
    expectation_maximisation,
)
from review_app.monitoring.statistics.live_calibration import (
    BINS,
    Estimate,
    LabelledStream,
    live_calibration,
)

Floats = NDArray[np.float64]

RUNS: Final = 500
IMAGES: Final = 10_000
AUDITED: Final = 0.1
SURE: Final = 0.1
SHAPE: Final = 0.4
"""Both parameters of the Beta distribution of P(fake)."""
LEAN, SLOPE = -0.4, 0.6
"""The log odds of fake, given P(fake): ``LEAN + SLOPE * logit(P(fake))``."""
HOLDS: Final = (0.93, 0.97)


def measure(quick: bool) -> Row:
    """How often each interval covers the truth, and its mean width."""
    runs = 50 if quick else RUNS
    names = ("brier", "gap", "fakes", "error")
    ours, raw = (dict.fromkeys(names, 0) for _ in range(2))
    bins = told = 0
    for run in range(runs):
        rng = np.random.default_rng([20261130, run])
        stream = _stream(rng)
        truth, by_bin = _truth(stream.p_fake)
        for counts, labels in ((ours, stream), (raw, stream.only_labelled())):
            found = live_calibration(labels, rng)
            assert found is not None
            for name in names:
                counts[name] += _covers(getattr(found, name), truth[name])
            if counts is ours and len(found.bins) == BINS:
                told += BINS
                each = zip(found.bins, by_bin, strict=True)
                bins += sum(_covers(one.fakes, share) for one, share in each)
    return {
        "runs": runs,
        "corrected": {name: n / runs for name, n in ours.items()} | {"bins": bins / told},
        "uncorrected": {name: n / runs for name, n in raw.items()},
        "label_shift": _label_shift(runs),
    }


def bars(found: Row) -> Iterator[Row]:
    """Each bar with what ``found`` says of it."""
    words = {
        "brier": "Brier score",
        "gap": "mean P(fake) less the share of fakes",
        "fakes": "share of fakes",
        "error": "expected calibration error",
        "bins": "share of fakes in each bin",
    }
    for name, share in found["corrected"].items():
        raw = found["uncorrected"].get(name)
        told = "" if raw is None else f"uncorrected: {raw:.3g}"
        yield _between(f"95% intervals cover the {words[name]}", share, told)
    shift = found["label_shift"]
    yield _between(
        "95% intervals cover the share of fakes after a label shift, by black-box estimation",
        shift["black_box"],
        f"by expectation maximisation: {shift['expectation_maximisation']:.3g}",
    )


def _between(what: str, share: float, baseline: str) -> Row:
    return judged(what, share, HOLDS[0], HOLDS[0] <= share <= HOLDS[1], baseline)


def _covers(estimate: Estimate, truth: float) -> bool:
    return estimate.low <= truth <= estimate.high


def _chance(p: Floats) -> Floats:
    return np.asarray(expit(LEAN + SLOPE * logit(p)), np.float64)


def _stream(rng: np.random.Generator) -> LabelledStream:
    p = np.clip(rng.beta(SHAPE, SHAPE, IMAGES), 1e-4, 1 - 1e-4)
    sure = np.minimum(p, 1 - p) < SURE
    probability = np.where(sure, AUDITED, 1.0)
    labelled = rng.random(IMAGES) < probability
    return LabelledStream(p, probability, labelled, rng.random(IMAGES) < _chance(p))


_GRID = np.clip(beta(SHAPE, SHAPE).ppf((np.arange(20_000) + 0.5) / 20_000), 1e-4, 1 - 1e-4)


def _truth(seen: Floats) -> tuple[dict[str, float], Floats]:
    """The figures of all images that there could be, in the bins of those that were ``seen``."""
    t = _chance(_GRID)
    edges = np.quantile(seen, np.linspace(0, 1, BINS + 1)[1:-1])
    at = np.searchsorted(edges, _GRID, side="right")
    gaps = np.bincount(at, weights=_GRID - t) / _GRID.size
    values = {
        "brier": float(np.mean(_GRID**2 - 2 * _GRID * t + t)),
        "gap": float(np.mean(_GRID - t)),
        "fakes": float(t.mean()),
        "error": float(np.abs(gaps).sum()),
    }
    return values, np.bincount(at, weights=t) / np.bincount(at)


def _label_shift(runs: int) -> Row:
    """How often the share of fakes is covered, of shares that are drawn."""
    black_box = likely = 0
    for run in range(runs):
        rng = np.random.default_rng([20261202, run])
        share = rng.uniform(0.05, 0.95)
        labels, fake = rng.random(600) < 0.5, rng.random(2000) < share
        before, after = (expit(3 * k - 1.5 + 1.5 * rng.normal(size=k.size)) for k in (labels, fake))
        counts = ClassCounts(
            int(labels.sum()),
            int((before[labels] >= 0.5).sum()),
            int((~labels).sum()),
            int((before[~labels] >= 0.5).sum()),
        )
        shifted = black_box_shift(counts, int((after >= 0.5).sum()), after.size, rng)
        assert shifted is not None
        black_box += shifted.low <= share <= shifted.high
        # Of two normal classes 3 apart with deviation 1.5, the log odds are 4/3 of the logit.
        calibrated = expit(logit(after) * 3 / 1.5**2)
        em = expectation_maximisation(calibrated, 0.5)
        likely += em.low <= share <= em.high
    return {"black_box": black_box / runs, "expectation_maximisation": likely / runs}
