"""A cascade: how many images reach the dear features, what that costs, and what it costs in AURC.

``python -m benchmarks.cascade [--quick] [--json]``; exit 1 when a bar does not hold. The cheap
detector is the shipped checkpoint. The dear one is its fusion, each counting alike, with a detector
on features of CLIP's middle blocks, made here of training and validation images by the shipped
recipe without copies (the weights: ``REVIEW_CLIP_VIT_B16_WEIGHTS``, as `deepfake-review backbone
fetch` has them). So what the cheap one computes serves both, and CLIP's features are the dear ones.

The shipped checkpoint has learned from all images of ``../shared`` but the test ones, so no labels
are left that could prove a gate. Instead gates are pairs of its card's thresholds, whose shares
are those of its cross-fitted validation images: the chosen one is the narrowest that leaves no more
than the budget of those. Test images chose nothing. Speeds are from file to score, of the same
images by either in turn, and ratios those of medians.

Features are extracted where ``FEATURES`` in the environment names no folder that has them: an hour
on two quiet cores. Quick: the first images of each source and class alone.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
from benchmarks.trained import ladders
from review_app.cascade.card import CascadeCosts, CascadePoint
from review_app.cascade.gate import CascadeLabels, Gate, StageScores
from review_app.core.errors import InputError
from review_app.core.placements import auroc
from review_app.core.settings import DEFAULT_CHECKPOINT, Settings
from review_app.detectors.fused import unlike
from review_app.fusion.fitting import ToldScores, fit
from review_app.fusion.model import FusionModel
from review_app.inference.backbones import DEFAULT_BACKBONE, Backbone, load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, Versions, load_labelled
from review_app.inference.engines import Engines
from review_app.inference.feature_cache import DirectoryFeatureCache
from review_app.inference.features import extract_features
from review_app.inference.presets import PRESETS, only_heads
from review_app.inference.rejection import reject_score, signed
from review_app.intake.decode import Limits, decoder
from review_app.lab.training import train_heads
from review_app.learning.cascade_figures import CascadeSaid, cascade_figures
from review_app.manifests.manifest import Manifest, ManifestRow, read_manifest

SHARED: Final = Path(__file__).parents[2] / "shared"
CHEAP, DEAR = DEFAULT_BACKBONE, "clip_vit_b16"
SEED: Final = 0
QUICK: Final = {"train": 72, "val": 36, "test": 72}
"""Images of each source and class; without a number, all there are."""
BUDGET, MOST = 0.33, 0.35
"""Share of validation images that may reach the dear features, and of test images."""
TIMED, ROUNDS = 16, 3
"""Images whose way from file to score is timed."""
RECIPE: Final = only_heads(replace(PRESETS["robust"], copies=()), ["linear"])


@dataclass(frozen=True)
class Pair:
    """The two members, what becomes of both, and their threshold grids."""

    cheap: Checkpoint
    dear: Checkpoint
    fusion: FusionModel

    def scores(self, *features: NDArray[np.float32]) -> tuple[NDArray[np.float64], ...]:
        """P(fake), novelty, [n, 2] each, and the cheap one's scores [n]."""
        said = [own.judge(f) for own, f in zip((self.cheap, self.dear), features, strict=True)]
        heads = (self.cheap.default_head, self.dear.default_head)
        p_fake = [each.heads[head].p_fake for each, head in zip(said, heads, strict=True)]
        novelty = np.column_stack([each.novelty for each in said if each.novelty is not None])
        return np.column_stack(p_fake), novelty, said[0].scores[heads[0]]

    def fused(self, p_fake: NDArray[np.float64], novelty: NDArray[np.float64]) -> StageScores:
        """What the fusion says, as `review_app.detectors.fused` has it."""
        said = self.fusion.predict(p_fake).p_fake
        cuts = np.array([each.card.novelty.cut for each in (self.cheap, self.dear)])  # type: ignore[union-attr]
        return StageScores(said, signed(said, reject_score(said), unlike(novelty, cuts)))

    def labels(self, cheap: LabelledFeatures, dear: LabelledFeatures) -> CascadeLabels:
        """What both detectors say of labelled images."""
        p_fake, novelty, score = self.scores(cheap.features, dear.features)
        first = StageScores(p_fake[:, 0], score)
        weights = np.ones(len(cheap))
        return CascadeLabels(first, self.fused(p_fake, novelty), cheap.is_fake, weights)


def measure(folder: Path, quick: bool) -> Row:
    """Figures of the chosen gate and of others, on test images, and the speeds."""
    cache = DirectoryFeatureCache(Path(os.environ.get("FEATURES", folder / "features")))
    weights = Settings().weights_for(DEAR)
    backbones = (load_backbone(CHEAP), load_backbone(DEAR, weights=weights))
    engines = Engines("auto", Path(os.environ.get("FEATURES", folder)) / "engines")
    engine = [engines.settle(each).value for each in backbones]
    sizes = QUICK if quick else {}
    train, val, test = (
        [_load(split, each, sizes.get(split), cache) for each in backbones[at:]]
        for split, at in (("train", 1), ("val", 1), ("test", 0))
    )
    cheap, dear = Checkpoint.load(DEFAULT_CHECKPOINT), _trained(backbones[1], train[0], val[0])
    pair = Pair(cheap, dear, _fusion(cheap, dear, test))
    gates = _gates(cheap)
    chosen = max(share for share in gates if share <= BUDGET)
    measured = pair.labels(*test)
    speeds = _speeds(pair, gates[chosen], backbones)
    costs = CascadeCosts(**speeds["milliseconds"])
    said = {share: _said(gate, measured) for share, gate in gates.items()}
    found = cascade_figures(said, measured, chosen, costs)
    return {
        "images": {"train": len(train[0]), "val": len(val[0]), "test": len(measured)},
        "engine": engine,
        "auroc": {
            "cheap": auroc(measured.cheap.p_fake, measured.is_fake),
            "dear": auroc(measured.dear.p_fake, measured.is_fake),
            "cascade": auroc(said[chosen].scores.p_fake, measured.is_fake),
        },
        "gate": gates[chosen].model_dump(),
        "cheap_aurc": found.cheap_aurc,
        "dear_aurc": found.dear_aurc,
        "chosen": _point(found.chosen),
        "curve": [_point(each) for each in found.curve],
        "speeds": speeds,
    }


def bars(found: Row) -> list[Row]:
    """Few enough images, equal AURC, and twice as fast."""
    chosen, speeds = found["chosen"], found["speeds"]
    difference, low, high = chosen["difference"]
    what = f"AURC less that of the dear one alone ({low:+.4f} to {high:+.4f}) may be nothing"
    alone, faster = found["dear_aurc"], speeds["cascade"] / speeds["dear"]
    return [
        at_most("share of test images that reach the dear features", chosen["sent"], MOST),
        judged(what, difference, 0.0, low <= 0, f"{alone:.4f}"),
        at_least("times as fast as the dear one alone", faster, 2.0, f"{speeds['dear']:.2f}/s"),
    ]


def _load(
    split: str, backbone: Backbone, most: int | None, cache: DirectoryFeatureCache
) -> LabelledFeatures:
    """Features of at most so many images of each source and class."""
    first, second = (
        load_labelled(manifest, rows, backbone, cache, purpose="measuring")
        for manifest, rows in zip(_manifests(), _rows(split, most), strict=True)
    )
    return first.joined(second)


def _manifests() -> list[Manifest]:
    paths = [SHARED / name / "manifest.csv" for name in ("data", "wild")]
    if absent := [path for path in paths if not path.is_file()]:
        raise InputError(f"{absent[0]} is not here; this benchmark needs its images")
    return [read_manifest(path) for path in paths]


def _rows(split: str, most: int | None) -> tuple[tuple[ManifestRow, ...], ...]:
    """Rows of ``split``, at most so many of each source and class, the same ones each time."""
    manifests = _manifests()
    every = [(at, row) for at, each in enumerate(manifests) for row in each.rows]
    random.Random(SEED).shuffle(every)
    taken: Counter[tuple[object, ...]] = Counter()
    chosen: tuple[list[ManifestRow], ...] = tuple([] for _ in manifests)
    for at, row in every:
        if row.split != split:
            continue
        taken[row.source, row.label] += 1
        if most is None or taken[row.source, row.label] <= most:
            chosen[at].append(row)
    return tuple(map(tuple, chosen))


def _trained(backbone: Backbone, train: LabelledFeatures, val: LabelledFeatures) -> Checkpoint:
    return train_heads(
        Versions(train),
        Versions(val),
        backbone=backbone.card,
        backbone_key=backbone.key,
        name=backbone.card.name,
        data_name="shared",
        preset=RECIPE,
    )


def _fusion(cheap: Checkpoint, dear: Checkpoint, images: Sequence[LabelledFeatures]) -> FusionModel:
    """The two counting alike, as without labels; read by what they say of ``images``."""
    said = [own.judge(each.features) for own, each in zip((cheap, dear), images, strict=True)]
    heads = (cheap.default_head, dear.default_head)
    here = np.column_stack([s.heads[head].p_fake for s, head in zip(said, heads, strict=True)])
    none = ToldScores(here[:0], np.zeros(0, np.bool_), np.zeros(0))
    return fit(here, none).model


def _gates(cheap: Checkpoint) -> dict[float, Gate]:
    """Gates by the share that they send of the cheap detector's cross-fitted validation images."""
    real, fake = ladders(cheap)
    return {
        1 - real.acceptance[at] - fake.acceptance[at]: Gate(
            real=real.thresholds[at], fake=fake.thresholds[at]
        )
        for at in range(min(len(real.thresholds), len(fake.thresholds)))
    }


def _said(gate: Gate, labels: CascadeLabels) -> CascadeSaid:
    return CascadeSaid(gate.said(labels.cheap, labels.dear), gate.sent(labels.cheap.score))


def _point(point: CascadePoint) -> Row:
    """A point of the curve, whose gate was chosen by its share and not by a risk."""
    found = point.model_dump(mode="json")
    return {"sent_of_validation": found.pop("risk"), **found}


def _speeds(pair: Pair, gate: Gate, backbones: Sequence[Backbone]) -> Row:
    """Images a second from file to score by either way, and the milliseconds of processor time of
    either's features."""
    load, paths = decoder(Limits()), [r.path for rows in _rows("test", TIMED // 8) for r in rows]
    files = [(str(path), partial(load, path.read_bytes(), path.name)) for path in paths]

    def features(at: int, some: Sequence[int]) -> NDArray[np.float32]:
        return extract_features([files[i] for i in some], backbones[at]).matrix

    def dear() -> None:
        every = range(len(files))
        p_fake, novelty, _ = pair.scores(*(features(at, every) for at in (0, 1)))
        pair.fused(p_fake, novelty)

    def cascade() -> None:
        first = features(0, range(len(files)))
        head = pair.cheap.default_head
        scores = pair.cheap.judge(first).scores[head]
        sent = np.flatnonzero(gate.sent(scores))
        if len(sent):
            p_fake, novelty, _ = pair.scores(first[sent], features(1, sent.tolist()))
            pair.fused(p_fake, novelty)
        [gate.scaled(score) for score in scores.tolist()]

    walls: dict[str, list[float]] = {"dear": [], "cascade": [], "0": [], "1": []}
    spent: dict[str, list[float]] = {name: [] for name in walls}
    ways = {"dear": dear, "cascade": cascade} | {
        str(at): partial(features, at, range(len(files))) for at in (0, 1)
    }
    for _ in range(ROUNDS):
        for name, way in ways.items():
            clock, cpu = time.perf_counter(), time.process_time()
            way()
            walls[name].append(time.perf_counter() - clock)
            spent[name].append(time.process_time() - cpu)
    n = len(files)
    cheap, after = (1000 * median(spent[str(at)]) / n for at in (0, 1))
    return {
        "images": n,
        "dear": n / median(walls["dear"]),
        "cascade": n / median(walls["cascade"]),
        "processor_seconds": {name: median(spent[name]) / n for name in ("dear", "cascade")},
        "milliseconds": {"cheap": cheap, "dear": cheap + after, "after": after},
    }


def _tell(found: Row) -> None:
    measures = found["measures"]
    print(f"AUROC {measures['auroc']}, AURC of the cheap one alone {measures['cheap_aurc']:.4f}")
    for point in measures["curve"]:
        mark = "*" if point == measures["chosen"] else " "
        difference, low, high = point["difference"]
        print(
            f"{mark} {point['sent_of_validation']:.1%} of validation images, "
            f"{point['sent']:.1%} of test images sent, cost {point['cost']:.0%}, "
            f"AURC {point['aurc']:.4f} ({difference:+.4f}, {low:+.4f} to {high:+.4f})"
        )
    tell_bars(found)


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    options = arguments(__doc__, f"{QUICK} images of each source and class").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measures = measure(Path(folder), options.quick)
    report = document("cascade", options.quick, measures, bars(measures), PYTHON)
    return finish(report, options.json, _tell)


if __name__ == "__main__":
    raise SystemExit(main())
