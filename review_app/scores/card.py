"""The card of an external detector: what is known here of a detector whose model is elsewhere.

It has the parts of a trained checkpoint's card that triage reads (`review_app.inference.card`), for
one head, called ``score``. They come from a sample of the detector's first score files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.core.special import entr
from review_app.inference.card import (
    CardPart,
    Cuts,
    NoveltyCard,
    ThresholdGridCard,
    ThresholdGridCards,
)
from review_app.scores.sample import Sampled, draw_of
from review_app.scores.threshold_grids import threshold_grids_of

HEAD = "score"
"""An external detector has this one head."""
PREFIX = "external:"
ENOUGH = 20
"""Images of the sample; fewer make no cuts."""
_UNCERTAIN = 0.8
_UNLIKE = 0.9
"""Quantiles beyond which an image counts as uncertain and as unlike, as for trained checkpoints."""


class SourceFile(CardPart):
    """A score file that was taken in."""

    name: str
    sha256: str
    rows: int
    """The rows of this detector."""
    taken_at: datetime


class ScoreHead(CardPart):
    """The card of the one head of a score file: what the sample decides."""

    cuts: Cuts | None
    """The cuts; None where the sample is too small."""
    ladder: ThresholdGridCards
    """The threshold grids, by the name that cards have for them."""


class ExternalCard(CardPart):
    """The card; see the module."""

    detector: str
    files: tuple[SourceFile, ...]
    """Those that the sample is from."""
    heads: dict[str, ScoreHead]
    novelty: NoveltyCard | None
    """The scale and cut of novelty; None where the files do not tell novelty."""
    sample: tuple[Sampled, ...]

    def seen(self) -> Callable[[str], bool]:
        """A function that tells by an image's key whether it made the threshold grid."""
        draws = {image.draw for image in self.sample}
        return lambda key: draw_of(key) in draws


def checkpoint_id(detector: str) -> str:
    """The id under which the external ``detector`` is known here."""
    return f"{PREFIX}{detector}"


def make_card(
    detector: str, files: Sequence[SourceFile], sample: Sequence[Sampled]
) -> ExternalCard:
    """Threshold grid and cuts of the ``sample``."""
    real, fake = threshold_grids_of(np.array([image.score for image in sample]))
    grid = ThresholdGridCards(
        real=ThresholdGridCard(thresholds=real.thresholds, acceptance=real.acceptance),
        fake=ThresholdGridCard(thresholds=fake.thresholds, acceptance=fake.acceptance),
    )
    return ExternalCard(
        detector=detector,
        files=tuple(files),
        heads={HEAD: ScoreHead(cuts=_cuts(sample), ladder=grid)},
        novelty=_novelty(sample),
        sample=tuple(sample),
    )


def entropy(p_fake: ArrayLike) -> NDArray[np.float64]:
    """The entropy of predictions [n], in nats [n]."""
    p = np.asarray(p_fake, np.float64)
    return np.asarray(entr(p) + entr(1 - p))


def _cuts(sample: Sequence[Sampled]) -> Cuts | None:
    if len(sample) < ENOUGH:
        return None
    spreads = [image.std for image in sample if image.std is not None]
    return Cuts(
        entropy=float(np.quantile(entropy([image.p_fake for image in sample]), _UNCERTAIN)),
        std=float(np.quantile(spreads, _UNCERTAIN)) if len(spreads) == len(sample) else None,
        mutual_information=None,
    )


def _novelty(sample: Sequence[Sampled]) -> NoveltyCard | None:
    measured = np.array([image.novelty for image in sample if image.novelty is not None])
    if len(measured) < ENOUGH:
        return None
    cut = float(np.quantile(measured, _UNLIKE))
    return NoveltyCard(cut=cut, flagged=float((measured > cut).mean()))
