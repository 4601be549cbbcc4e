"""What a mark is worth: how often the detector errs on the images that it marks, and what labels of
them teach.

``python -m benchmarks.marks [--quick] [--json] [--cache DIR]``; exit 1 when a bar does not hold,
0 and "skipped" where the real images are not there.

The shipped checkpoint's default head on the test images of the research sets that it knows, each
image marked as triage would were the rule to send it to people. A mark that told nothing would err
as often as the rest. What labels teach is measured by heads trained anew
(`benchmarks.marks_learning`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import real_scores
from benchmarks.marks_learning import study
from benchmarks.outcome import Row, arguments, at_least, document, finish
from review_app.certification.bounds import lower_bound, upper_bound
from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.feature_cache import DirectoryFeatureCache
from review_app.policy.flags import UncertaintyCuts, find_flags
from storage.enums import TriageFlag

FACTOR = 2.0
"""A marked image errs at least this many times as often as one without a mark."""


def measure(found: NDArray[np.object_], wrong: NDArray[np.bool_]) -> dict[str, Row]:
    """The share of images, and of errors among them with a 95% interval, by flag."""
    rows: dict[str, Row] = {}
    for mark in (None, *TriageFlag):
        of_mark = found == mark
        n, errors = int(of_mark.sum()), int(wrong[of_mark].sum())
        rows[str(mark or "none")] = {
            "images": n,
            "share": n / len(found),
            "errors": errors / n if n else 0.0,
            "low": lower_bound(errors, n, 0.025) if n else 0.0,
            "high": upper_bound(errors, n, 0.025) if n else 1.0,
        }
    return rows


def bars(rows: dict[str, Row]) -> list[Row]:
    """Each mark's error share against that of images without one."""
    baseline = rows["none"]["errors"]
    found = []
    for mark in TriageFlag:
        value = rows[mark]["errors"] / baseline if baseline else float("inf")
        what = f"errors among images marked {mark}, in multiples of the others'"
        found.append(at_least(what, value, FACTOR, f"no mark {baseline:.3f}"))
    return found


def report(cache: Path, quick: bool) -> Row:
    """The document that ``--json`` prints."""
    checkpoint = Checkpoint.load(real_scores.ROOT / "checkpoints" / "default")
    features = DirectoryFeatureCache(cache)
    test, judgement = real_scores.judge(checkpoint, features)
    rows = measure(*_marked(checkpoint, judgement, test))
    train = real_scores.images(checkpoint, features, "train")
    measures = {**rows, "learning": study(train, test, 2 if quick else 10)}
    return document("marks", quick, measures, bars(rows))


def _marked(
    checkpoint: Checkpoint, judgement: Judgement, data: LabelledFeatures
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """The mark of each image, and whether the default head errs on it."""
    head, card = checkpoint.default_head, checkpoint.card
    says = judgement.heads[head]
    unlike = np.zeros(len(says), np.bool_)
    if judgement.novelty is not None and card.novelty is not None:
        unlike = judgement.novelty > card.novelty.cut
    cuts = UncertaintyCuts.of(**card.heads[head].cuts.model_dump())
    found = find_flags(says.std, says.entropy, says.mutual_information, unlike, cuts)
    return found, (says.p_fake >= 0.5) != data.is_fake


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, "2 draws instead of 10")
    parser.add_argument("--cache", type=Path, default=real_scores.CACHE, help="folder of features")
    options = parser.parse_args()
    if not real_scores.MANIFEST.exists():
        skipped = json.dumps({"name": "marks", "skipped": real_scores.ABSENT})
        print(skipped if options.json else real_scores.ABSENT)
        return 0
    found = report(options.cache, options.quick)
    return finish(found, options.json, lambda document: print(_table(document)))


def _table(document: Row) -> str:
    lines = [
        f"{mark:16} {row['images']:5} images ({row['share']:.1%}), wrong {row['errors']:.1%} "
        f"({row['low']:.1%} to {row['high']:.1%})"
        for mark, row in document["measures"].items()
        if "images" in row
    ]
    learning = document["measures"]["learning"]
    lines.append(
        f"test AUROC {learning['start']:.3f}; with more labels drawn at random "
        f"{learning['random']:.3f}, of images marked retrain {learning['retrain']:.3f} "
        f"(difference {learning['retrain_less_random']:+.4f}, s.e. "
        f"{learning['standard_error']:.4f}, {learning['draws']} draws)"
    )
    for bar in document["bars"]:
        verdict = "holds" if bar["holds"] else "FAILS"
        lines.append(
            f"{bar['what']}: {bar['value']:.2f} (bar {bar['bar']}, {bar['baseline']}) {verdict}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
