"""What fusing detectors is worth beside the best of them, from 50 and from 200 labels.

The part ``fuse`` of `benchmarks.learning`. Members are made here: the shipped checkpoints of faces
(gram features) and of the source method (last layer), and on both backbones' features logistic
regressions on training images of all four sources of ``../shared``, or of one source alone. Labels
are drawn at random from test images, 20 times, and all figures of a draw are on the test images
that are left; the best member is the one that turns out best on those, which no choice by labels
could know. The baselines choose the member that is best on the labels, and average ranks. A useless
member (noise) and a duplicated one (the best) are added in the same draws. Quick: 25 test images of
each source and class, 5 draws.

Features are extracted where ``FEATURES`` in the environment names no folder that has them.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.outcome import Row, at_least, at_most
from review_app.core.errors import InputError
from review_app.core.placements import auroc
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.fusion.fitting import ToldScores, fit
from review_app.inference.backbones import load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, load_labelled
from review_app.inference.feature_cache import DirectoryFeatureCache
from review_app.manifests.manifest import ManifestRow, read_manifest

SHARED: Final = Path(__file__).parents[2] / "shared"
BACKBONES: Final = ("efficientnet_lite0", "efficientnet_lite0_gram")
SEED: Final = 0
DRAWS, LABELS = 20, (50, 200)
TRAIN, TEST, QUICK_TEST = 60, 100, 25
"""Images of each source and class."""
_ONE_SOURCE: Final = ("gram of dfdc", "gram of faces", "gram of scenes", "gram of style")
SETS: Final = {
    "all": None,
    "shipped and of one source": ("faces:linear", "source:variational", *_ONE_SOURCE),
    "of one source each": (*_ONE_SOURCE, "lite0 of scenes"),
    "of several sources": (
        "faces:ensemble",
        "source:mc",
        "lite0 of all",
        "gram of all",
        "gram of sc",
    ),
}
"""Members by the beginnings of their names; None: every one."""
Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class MadeDetectors:
    """Detectors that were made here, on images that none of them was trained on."""

    names: tuple[str, ...]
    scores: Float64
    """[n, detectors]."""
    is_fake: NDArray[np.bool_]

    def only(self, beginnings: tuple[str, ...] | None) -> MadeDetectors:
        """Those whose names begin so."""
        if beginnings is None:
            return self
        kept = [at for at, name in enumerate(self.names) if name.startswith(beginnings)]
        names = tuple(self.names[at] for at in kept)
        return MadeDetectors(names, self.scores[:, kept], self.is_fake)


def measure(folder: Path, quick: bool) -> Row:
    """AUROC of fusions less that of the best member, by set of members and number of labels."""
    made = detectors(folder, QUICK_TEST if quick else TEST)
    draws = DRAWS // 4 if quick else DRAWS
    found: Row = {"images": len(made.is_fake), "draws": draws, "auroc": _alone(made)}
    for name, beginnings in SETS.items():
        some = made.only(beginnings)
        sizes = [n for n in LABELS if n < len(made.is_fake) / 2]
        found[name] = {"members": some.names} | {str(n): _drawn(some, n, draws) for n in sizes}
    return found


def bars(found: Row, quick: bool) -> Iterator[Row]:
    """What is asked of every set of members."""
    del quick
    for name in SETS:
        for n, row in found[name].items():
            if n == "members":
                continue
            best = "the member that turns out best"
            bar = 0.01 if n == "200" else -0.005
            yield at_least(f"{name}: AUROC gained from {n} labels", row["gain"], bar, best)
            change = max(abs(row["with_useless"]), abs(row["with_duplicate"]))
            yield at_most(f"{name}: changed by useless or duplicate, {n}", change, 0.003)


def detectors(folder: Path, test: int) -> MadeDetectors:
    """The detectors, on ``test`` test images of each source and class."""
    cache = DirectoryFeatureCache(Path(os.environ.get("FEATURES", folder / "features")))
    names, columns, told = [], [], np.zeros(0, np.bool_)
    for backbone, short, shipped in zip(
        BACKBONES, ("lite0", "gram"), ("source", "faces"), strict=True
    ):
        learned = _load(backbone, "train", TRAIN, cache)
        judged = _load(backbone, "test", test, cache)
        checkpoint = Checkpoint.load(DEFAULT_CHECKPOINT.parent / shipped)
        for head, said in checkpoint.judge(judged.features).heads.items():
            names.append(f"{shipped}:{head.value}")
            columns.append(said.p_fake)
        for source in ("all", *sorted(set(learned.sources))):
            rows = np.array([source in ("all", its) for its in learned.sources])
            model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=300))
            model.fit(learned.features[rows], learned.is_fake[rows])
            names.append(f"{short} of {source}")
            columns.append(model.predict_proba(judged.features)[:, 1])
        told = judged.is_fake
    return MadeDetectors(tuple(names), np.column_stack(columns), told)


def _load(backbone: str, split: str, most: int, cache: DirectoryFeatureCache) -> LabelledFeatures:
    """Features of at most so many images of each source and class."""
    paths = [SHARED / name / "manifest.csv" for name in ("data", "wild")]
    if absent := [path for path in paths if not path.is_file()]:
        raise InputError(f"{absent[0]} is not here; this part needs its images")
    manifests = [read_manifest(path) for path in paths]
    every = [(at, row) for at, each in enumerate(manifests) for row in each.rows]
    random.Random(SEED).shuffle(every)
    taken: Counter[tuple[object, ...]] = Counter()
    chosen: tuple[list[ManifestRow], list[ManifestRow]] = ([], [])
    for at, row in every:
        kind = (row.source, row.label)
        if row.split == split and taken[kind] < most:
            taken[kind] += 1
            chosen[at].append(row)
    loaded = load_backbone(backbone)
    first, second = (
        load_labelled(manifest, rows, loaded, cache, purpose="fusing")
        for manifest, rows in zip(manifests, chosen, strict=True)
    )
    return first.joined(second)


def _alone(made: MadeDetectors) -> Row:
    whole = np.ones(len(made.is_fake))
    pairs = zip(made.names, made.scores.T, strict=True)
    return {name: auroc(column, made.is_fake, whole) for name, column in pairs}


def _drawn(made: MadeDetectors, n: int, draws: int) -> Row:
    """Means over draws of ``n`` labels, paired."""
    rows = [_draw(made, n, seed) for seed in range(draws)]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} | {
        "worst_gain": float(min(row["gain"] for row in rows))
    }


def _draw(made: MadeDetectors, n: int, seed: int) -> dict[str, float]:
    rng = np.random.default_rng([SEED, seed])
    order = rng.permutation(len(made.is_fake))
    told, rest = order[:n], order[n:]
    alone = [_area(column[rest], made, rest) for column in made.scores.T]
    on_labels = [_area(column[told], made, told) for column in made.scores.T]
    best = max(alone)
    fused = _fused(made.scores, made, told, rest)
    noise = np.column_stack([made.scores, rng.random(len(order))])
    twice = np.column_stack([made.scores, made.scores[:, int(np.argmax(alone))]])
    ranks = np.column_stack([rankdata(column) for column in made.scores.T]).mean(axis=1)
    return {
        "gain": fused - best,
        "with_useless": _fused(noise, made, told, rest) - fused,
        "with_duplicate": _fused(twice, made, told, rest) - fused,
        "best_on_labels": alone[int(np.argmax(on_labels))] - best,
        "average_of_ranks": _area(ranks[rest], made, rest) - best,
    }


def _fused(
    scores: Float64, made: MadeDetectors, told: NDArray[np.intp], rest: NDArray[np.intp]
) -> float:
    labels = ToldScores(scores[told], made.is_fake[told], np.ones(len(told)))
    return _area(fit(scores, labels).model.predict(scores[rest]).p_fake, made, rest)


def _area(p: Float64, made: MadeDetectors, rows: NDArray[np.intp]) -> float:
    found = auroc(p, made.is_fake[rows])
    assert found is not None
    return found
