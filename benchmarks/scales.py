"""Novelty on one scale of distance for all kinds of images, beside one scale for each.

``python -m benchmarks.scales MANIFEST [--cache DIR] [--quick] [--json]``; no bar hangs on it.

Each source in turn is left out of what ``train`` and ``val`` teach (`benchmarks.ridge`, whose
choices are cross-fitted); ``test`` is not read. z is (log d - mean) / std, with mean and std of all
images, or of those that the gate takes for the same kind. Beyond the 90th percentile of z of the
known images an image is called unlike. Told is the share that is, of each known kind and of the one
left out; and the AURC, errors counted at 1/2, of known images and as many of the kind left out,
ordered by P(fake) shrunk by z. (Least squares have no copies: z is of images as they are.)
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Row, arguments, document, finish
from benchmarks.real_scores import CACHE
from benchmarks.ridge import ridge_preset
from benchmarks.trained import Trainer
from review_app.core.placements import auroc
from review_app.inference.backbones import DEFAULT_BACKBONE
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.calibration import Calibration, NoCalibration, calibrate_by_kind
from review_app.inference.dataset import LabelledFeatures, Versions
from review_app.inference.heads import SOURCE_SEED, HeadName
from review_app.inference.model import Model, RawPrediction, fit_model
from review_app.inference.novelty import FLAGGED_SHARE
from review_app.inference.rejection import Doubt, rejection
from review_app.lab.head_choices import choose_for_heads
from review_app.lab.selective import risk_coverage
from review_app.lab.validation import Validation, cross_fit

Floats = NDArray[np.float64]
Kinds = NDArray[np.intp]
PRESET = ridge_preset()
HEAD = HeadName.LINEAR


@dataclass(frozen=True)
class Scale:
    """The mean and std of log d, of all images or of each kind's."""

    mean: Floats
    std: Floats

    @classmethod
    def of(cls, distances: Floats, kinds: Kinds) -> Scale:
        """The scale of each of the kinds 0 to k - 1 of ``distances`` [n]; [k]."""
        parts = [distances[kinds == kind] for kind in range(int(kinds.max()) + 1)]
        return cls(
            np.array([part.mean() if part.size > 1 else distances.mean() for part in parts]),
            np.array([part.std() if part.size > 1 else distances.std() for part in parts]),
        )

    def z(self, distances: Floats, kinds: Kinds) -> Floats:
        """z of each image, [n]."""
        return np.asarray((distances - self.mean[kinds]) / self.std[kinds])


@dataclass(frozen=True)
class Seen:
    """What is known of some images, [n] each."""

    distances: Floats
    kinds: Kinds
    reading: RawPrediction
    images: LabelledFeatures


def left_out(images: LabelledFeatures, kind: str, backbone: BackboneCard) -> Row:
    """The figures of both scales with ``kind`` left out of ``images``."""
    own = images.from_source(kind)
    known, new = (images.take(np.flatnonzero(rows)) for rows in (~own, own))
    validation = cross_fit(
        Versions(known), PRESET, backbone, seed=SOURCE_SEED, fitted=lambda _: None
    )
    model = fit_model(Versions(known), PRESET, backbone, seed=SOURCE_SEED)
    assert model.novelty
    assert validation.reading.log_distances is not None
    scaled = model.novelty.scaled(validation.reading.log_distances)
    chosen = choose_for_heads(replace(model, novelty=scaled), validation, PRESET, seed=SOURCE_SEED)
    calibrations = chosen.calibrations.get(HEAD, (NoCalibration(),))
    home, away = _home(model, validation), _away(model, new)
    return {
        "n": {"known": len(known), "left_out": len(new)},
        "one": _told(
            home, away, np.zeros_like(home.kinds), np.zeros_like(away.kinds), calibrations
        ),
        "each": _told(home, away, home.kinds, away.kinds, calibrations),
    }


def _home(model: Model, validation: Validation) -> Seen:
    distances, kinds = validation.reading.log_distances, model.kinds(validation.images.features)
    assert distances is not None
    assert kinds is not None
    return Seen(distances, kinds, validation.reading, validation.images)


def _away(model: Model, images: LabelledFeatures) -> Seen:
    reading = model.read(images.features)
    assert reading.log_distances is not None
    assert reading.kinds is not None
    return Seen(reading.log_distances, reading.kinds, reading, images)


def _told(
    home: Seen, away: Seen, at_home: Kinds, from_away: Kinds, found: tuple[Calibration, ...]
) -> Row:
    scale = Scale.of(home.distances, at_home)
    z, z_away = scale.z(home.distances, at_home), scale.z(away.distances, from_away)
    cut = float(np.quantile(z, 1 - FLAGGED_SHARE))
    sources = np.array(home.images.sources)
    telling = auroc(np.concatenate([z, z_away]), np.arange(len(z) + len(z_away)) >= len(z))
    return {
        "flagged_at_home": {
            name: float((z[sources == name] > cut).mean()) for name in sorted(set(sources))
        },
        "flagged_left_out": float((z_away > cut).mean()),
        "auroc_of_z": telling,
        "aurc_at_home": _aurc(home, z, found),
        "aurc_half_left_out": _aurc_of_half(home, away, z, z_away, found),
    }


def _aurc(seen: Seen, z: Floats, found: tuple[Calibration, ...]) -> float:
    return risk_coverage(*_doubt(seen, z, found)).aurc


def _aurc_of_half(
    home: Seen, away: Seen, z: Floats, z_away: Floats, found: tuple[Calibration, ...]
) -> float:
    parts = (_doubt(home, z, found), _doubt(away, z_away, found))
    doubts, wrong = (np.concatenate(both) for both in zip(*parts, strict=True))
    mass = np.concatenate([np.full(len(part), 0.5 / len(part)) for part, _ in parts])
    return risk_coverage(doubts, wrong, mass).aurc


def _doubt(
    seen: Seen, z: Floats, found: tuple[Calibration, ...]
) -> tuple[Floats, NDArray[np.bool_]]:
    prediction = calibrate_by_kind(seen.reading.heads[HEAD], found, seen.kinds)
    wrong = (prediction.p_fake >= 0.5) != seen.images.is_fake
    return rejection(prediction, Doubt.CONFIDENCE, z), np.asarray(wrong)


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__, "every fourth image")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of features")
    options = parser.parse_args()
    trainer = Trainer.of(options.manifest, DEFAULT_BACKBONE, PRESET, options.cache, options.cache)
    images = trainer.images("train").joined(trainer.images("val"))
    if options.quick:
        images = images.take(np.arange(0, len(images), 4))
    kinds = sorted(set(images.sources))
    measures = {kind: left_out(images, kind, trainer.backbone.card) for kind in kinds}
    found = document("scales", options.quick, measures, [], f"NumPy {np.__version__}")
    return finish(found, options.json, lambda told: print(json.dumps(told["measures"], indent=1)))


if __name__ == "__main__":
    sys.exit(main())
