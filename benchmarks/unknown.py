"""Kinds of images that nobody has calibrated on, and kinds that a pooled certificate hides.

``python -m benchmarks.unknown SCORES... [--quick] [--json]``; exit 1 when a bar does not hold. A
score file called ``without-KIND.csv`` is of a detector that has never seen images of source KIND;
any other file is of one that has seen all kinds it has. Columns: ``docs/scores.md``; a row needs
``p_fake`` (or ``score``), ``label`` and ``source``.

Or ``--manifest M --cache DIR [--preset P] [--heads H,H] [--backbone B] [--out DIR]`` makes the
files: a detector without each source in turn (or ``--only NAME``), and one of all, trained on
``train`` and ``val`` and scored on ``test``. ``--cache`` is a folder of features, as
``deepfake-review`` keeps them; checkpoints and score files are kept in ``--out``.
``--preset ridge`` is a quick detector (`benchmarks.ridge`) for machines that have no hour.
``--manifest M --checkpoint FOLDER`` trains nothing: it is that checkpoint on ``test``, its images
grouped by their sources, and by the kinds that its gate takes them for.

1. **A kind left out.** In each of 2,000 runs a policy is certified (r = 10%, delta = 10%) with
   1,000 labels of the known kinds, then meets the kind left out. It should accept at most 5% of it,
   or err in at most 2r of what it accepts. The runs in which it does neither go on: every image
   accepted is audited, and the alarm should come within 150 audits in 95% of them. (Told besides:
   after 300 audits of known images, where from then on every second image is of the new kind.)
2. **Certificates by group.** 1,000 resamples of 2,000 labels: how often the true error of a source
   is above the limit where one certificate is for all, and where each source has its own.

Labels are drawn with replacement, and the images of the file are taken as all there are, so the
truth is known exactly. All that decides is the product's own.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.outcome import (
    Row,
    arguments,
    at_least,
    at_most,
    document,
    finish,
    judged,
    tell_bars,
)
from benchmarks.ridge import ridge_preset
from benchmarks.trained import Detector, Trainer
from benchmarks.unknown_groups import compare_groups
from benchmarks.unknown_kind import DELTA, ENOUGH, FEW, LIMIT, TIMES, meet_unknown
from review_app.core.errors import InputError
from review_app.inference.backbones import DEFAULT_BACKBONE
from review_app.inference.checkpoint import read_card
from review_app.scores.reading import read_scores

WITHOUT = "without-"
IN_TIME = 0.95
WHOLE, QUICK = (2000, 1000), (100, 60)
"""Runs for each kind left out, and resamples by group."""
BACKBONE, PRESET = DEFAULT_BACKBONE, "robust"


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, "100 runs and 60 resamples")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("scores", nargs="*", type=Path, help="score files")
    parser.add_argument("--manifest", type=Path, help="make the score files of its images")
    parser.add_argument("--cache", type=Path, help="folder of features")
    parser.add_argument("--preset", default=PRESET)
    parser.add_argument("--heads", default="", help="train these alone, with commas between")
    parser.add_argument("--only", action="append", default=[], help="leave out this source alone")
    parser.add_argument("--checkpoint", type=Path, help="measure this one, and train none")
    parser.add_argument("--backbone", default=BACKBONE)
    parser.add_argument("--out", type=Path, help="folder that keeps checkpoints and score files")
    options = parser.parse_args()
    if bool(options.scores) == bool(options.manifest):
        parser.error("give either score files, or a manifest to make them from")
    detectors = [read(path) for path in options.scores] or _made(options)
    found = measure(detectors, *(QUICK if options.quick else WHOLE), options.quick)
    return finish(found, options.json, _tell)


def _made(options: argparse.Namespace) -> list[Detector]:
    scratch = Path(tempfile.gettempdir()) / "deepfake-review-benchmarks"
    backbone = options.backbone
    if options.checkpoint:
        backbone = read_card(options.checkpoint).backbone.name
    trainer = Trainer.of(
        options.manifest,
        backbone,
        ridge_preset() if options.preset == "ridge" else options.preset,
        options.cache or scratch / "features",
        options.out or scratch / "unknown",
        [name for name in options.heads.split(",") if name],
    )
    return (
        trainer.as_it_is(options.checkpoint) if options.checkpoint else make(trainer, options.only)
    )


def read(path: Path) -> Detector:
    """The detector whose scores are at ``path``."""
    return Detector(path.stem, read_scores(path), None)


def make(trainer: Trainer, only: Sequence[str] = ()) -> list[Detector]:
    """A detector without each kind in turn, and one of all; or those without ``only``.

    Raises:
        InputError: there is one kind alone, or none of a name.
    """
    kinds = trainer.kinds
    if len(kinds) < 2:
        raise InputError(
            f"{trainer.manifest.path} has test images of {', '.join(kinds) or 'no source'}; to "
            "leave one source out takes two."
        )
    if missing := sorted(set(only) - set(kinds)):
        raise InputError(
            f"{trainer.manifest.path} has no test images of {missing[0]}; choose from: "
            f"{', '.join(kinds)}"
        )
    chosen = only or kinds
    without = [trainer.detector(WITHOUT + kind, set(kinds) - {kind}) for kind in chosen]
    return without if only else [*without, trainer.detector("all", kinds)]


def measure(detectors: Sequence[Detector], runs: int, resamples: int, quick: bool) -> Row:
    """The document that ``--json`` prints."""
    measures: Row = {}
    bars: list[Row] = []
    for detector in detectors:
        if detector.name.startswith(WITHOUT):
            kind = detector.name.removeprefix(WITHOUT)
            row = measures[detector.name] = meet_unknown(detector, kind, runs)
            bars.append(_unknown_bar(kind, row))
        else:
            row = measures[detector.name] = compare_groups(detector, resamples)
            bars += _group_bars(detector.name, row)
    return document("unknown", quick, measures, bars, f"NumPy {np.__version__}")


def _unknown_bar(kind: str, row: Row) -> Row:
    """The bar of a kind left out. Where more than one in twenty runs does more harm than it may,
    the alarm's punctuality in those is judged, else the share of runs that do none."""
    what = (
        f"{kind} left out: at most {FEW:.0%} accepted or at most {TIMES:g}r wrong, else an alarm "
        f"within {ENOUGH} audits"
    )
    if not row["certified"]:
        return judged(what, 0.0, IN_TIME, False, "no run was certified, so nothing was measured")
    harmful, in_time = row["harmful"], row[f"alarm_within_{ENOUGH}"]
    value = in_time if harmful > 1 - IN_TIME else 1 - harmful
    return at_least(
        what,
        value,
        IN_TIME,
        f"accepted {row['accepted']:.1%}, of which {row['error']:.1%} wrong (median run); "
        f"{harmful:.1%} of {row['certified']} runs do harm; without audits, no alarm ever",
    )


def _group_bars(name: str, row: Row) -> list[Row]:
    pooled, own = row["pooled"], row["by_group"]
    gap = pooled["violations"] - own["violations"]
    told = (
        f"coverage by group {own['coverage']:.1%}, of one certificate for all "
        f"{pooled['coverage']:.1%}"
    )
    return [
        at_most(
            f"{name}: resamples with a wrong certificate in some group, by group",
            own["violations"],
            DELTA,
            f"one for all: {pooled['violations']:.3f}",
        ),
        judged(f"{name}: how much more often one certificate for all is", gap, 0.0, gap > 0, told),
    ]


def _tell(found: Row) -> None:
    for name, row in found["measures"].items():
        print(name, json.dumps(row))
    print(f"limit {LIMIT:.0%}, delta {DELTA:.0%}")
    tell_bars(found)


if __name__ == "__main__":
    sys.exit(main())
