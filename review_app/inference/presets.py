"""Named ways to train a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from review_app.core.errors import DetectorError
from review_app.inference.heads import HEADS, HeadName, Training
from review_app.inference.laundering import (
    LAUNDER,
    Jpeg,
    Mirror,
    Rescale,
    Transform,
    TransformChain,
)


@dataclass(frozen=True, slots=True)
class Preset:
    """A way to train: what is trained on which copies of the images, and how choices are made."""

    name: str
    """The name, as the card of a checkpoint has it."""
    heads: Mapping[HeadName, Training]
    copies: tuple[Transform, ...] = ()
    """Every training image is also trained on once through each of these, whatever its label."""
    components: int = 0
    """Heads learn from so many principal components of the features; 0: from the features. See
    :mod:`review_app.inference.compression`."""
    balanced: bool = False
    """Real and fake images of every source with an expert count alike in the heads, however many
    there are of each."""
    gated: bool = False
    """One expert for each source; see :mod:`review_app.inference.gate`."""
    novelty: bool = False
    """Confidence shrinks on images unlike the training; see :mod:`review_app.inference.novelty`."""
    calibrated: bool = False
    """P(fake) is calibrated after training, by what cross-validation finds best."""
    folds: int = 0
    """0: heads learn from split ``train`` and choices are made on ``val``. k: heads learn from
    both, and choices are made on the predictions for each of k folds by heads that the others
    trained (cross-fitting): more images for either."""


def _trained_by(preset: str) -> dict[HeadName, Training]:
    return {
        name: spec.trainings[preset] for name, spec in HEADS.items() if preset in spec.trainings
    }


_PRESETS = (
    Preset("source", _trained_by("source")),
    Preset("extended", _trained_by("extended"), novelty=True, calibrated=True),
    Preset(
        "robust",
        _trained_by("robust"),
        copies=(
            TransformChain((Mirror(), Jpeg(60, 95))),
            TransformChain((Mirror(), LAUNDER)),
            TransformChain((Rescale(0.6, 1.4), Jpeg(60, 95))),
        ),
        components=1536,
        balanced=True,
        gated=True,
        novelty=True,
        calibrated=True,
        folds=5,
    ),
)
PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _PRESETS}
"""``source``: the source method, its hyper-parameters and nothing else. ``extended``: every head,
calibration and novelty, in seconds. ``robust``: what the shipped checkpoint is made with;
its features come from four versions of each image and every head is fitted six times, in minutes.
"""


def only_heads(preset: Preset, names: Sequence[str]) -> Preset:
    """``preset`` with the heads ``names`` alone; DetectorError where it trains no such head."""
    known = {name.value: name for name in preset.heads}
    if missing := [name for name in names if name not in known]:
        raise DetectorError(
            f"preset {preset.name} trains no head {missing[0]!r}; choose from: {', '.join(known)}"
        )
    return replace(preset, heads={known[name]: preset.heads[known[name]] for name in names})


def preset_called(name: str) -> Preset:
    """The preset ``name``; DetectorError where there is none."""
    if name not in PRESETS:
        raise DetectorError(f"there is no preset {name!r}; choose from: {', '.join(PRESETS)}")
    return PRESETS[name]
