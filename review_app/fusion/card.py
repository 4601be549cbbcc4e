"""The card of a fused detector: its members, what each is worth, and all that a score needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np

from review_app.fusion.assessment import Assessment, Interval
from review_app.fusion.fitting import Fitted
from review_app.fusion.model import FusionModel
from review_app.fusion.scale import Float64, ScoreReading
from review_app.inference.card import (
    CardPart,
    Cuts,
    ThresholdGridCard,
    ThresholdGridCards,
)
from review_app.inference.heads.base import HeadPrediction
from review_app.scores.card import ScoreHead
from review_app.scores.sample import draw_of
from review_app.scores.threshold_grids import threshold_grids_of

HEAD = "fused"
"""A fused detector has this one head."""
PREFIX = "fused:"
_UNCERTAIN = 0.8
"""The quantile beyond which an image counts as uncertain, as for trained checkpoints."""


class FusedMember(CardPart):
    """One member as the card tells of it."""

    checkpoint: str
    head: str
    n_scored: int
    """Labelled images that it has scored, of those that made the fusion."""
    reading: ScoreReading
    """How its scores are read."""
    inverted: bool
    """Whether they mean the opposite of what they say."""
    like: tuple[int, ...]
    """Places in the list of the members that say the same as this one: they share one weight."""
    weight: float
    """Mean of its weight; of those that say the same, that of all together."""
    weight_std: float
    included: float | None
    """How likely it is to count at all; None where labels were too few to tell, or it is not
    heard."""
    auroc: float | None
    """The AUROC of the member alone; None where labels were too few."""
    cost: Interval | None
    """The AUROC that the fusion loses without it."""


class FusionFigures(CardPart):
    """What the fusion is worth, by labels that did not make it (cross-fitting)."""

    auroc: Interval
    nll: float
    best: int
    """The member that is best alone."""
    gain: Interval
    """AUROC of the fusion less that of the best member."""


class FusedCard(CardPart):
    """The card; see the module."""

    name: str
    created_at: datetime
    created_by: str
    members: tuple[FusedMember, ...]
    n_labels: int
    n_fake: int
    n_effective: float
    """The number of labels of equal weight that would tell as much."""
    learned: bool
    """Whether there were enough labels to tell members apart; else all count alike."""
    figures: FusionFigures | None
    """The figures; None where labels were too few to set any aside."""
    heads: dict[str, ScoreHead]
    model: FusionModel
    draws: tuple[str, ...]
    """The draws of the images that made the fusion or its threshold grid: their labels prove
    nothing."""

    def seen(self) -> Callable[[str], bool]:
        """A function that tells by an image's key whether it made the fusion or its grid."""
        draws = frozenset(self.draws)
        return lambda key: draw_of(key) in draws


def fused_id(name: str) -> str:
    """The id under which the fusion ``name`` is known here."""
    return f"{PREFIX}{name}"


def members_of(
    names: list[tuple[str, str]], n_scored: list[int], fitted: Fitted, found: Assessment | None
) -> tuple[FusedMember, ...]:
    """The members by checkpoint and head, with what each is worth."""
    model = fitted.model
    voices = [member.voice for member in model.members]
    told = []
    for at, (checkpoint, head) in enumerate(names):
        voice = voices[at]
        row = None if voice is None else 1 + voice
        worth = None if found is None else found.members[at]
        told.append(
            FusedMember(
                checkpoint=checkpoint,
                head=head,
                n_scored=n_scored[at],
                reading=model.members[at].scale.reading,
                inverted=model.members[at].inverted,
                like=tuple(
                    other
                    for other, its in enumerate(voices)
                    if other != at and its is not None and its == voice
                ),
                weight=0.0 if row is None else model.mean[row],
                weight_std=0.0 if row is None else float(np.sqrt(model.covariance[row][row])),
                included=fitted.included(at),
                auroc=None if worth is None else worth.alone,
                cost=None if worth is None else worth.cost,
            )
        )
    return tuple(told)


def figures_of(found: Assessment | None) -> FusionFigures | None:
    """An assessment as the card keeps it."""
    if found is None:
        return None
    return FusionFigures(auroc=found.auroc, nll=found.nll, best=found.best, gain=found.gain)


def head_of(prediction: HeadPrediction, scores: Float64 | None = None) -> ScoreHead:
    """Threshold grid and cuts, by what is said of images that the detector did not learn from.
    ``scores`` [n]: what thresholds are compared with, where that is not P(fake)."""
    real, fake = threshold_grids_of(prediction.p_fake if scores is None else scores)
    grid = ThresholdGridCards(
        real=ThresholdGridCard(thresholds=real.thresholds, acceptance=real.acceptance),
        fake=ThresholdGridCard(thresholds=fake.thresholds, acceptance=fake.acceptance),
    )
    return ScoreHead(cuts=_cuts(prediction), ladder=grid)


def _cuts(prediction: HeadPrediction) -> Cuts | None:
    if not len(prediction):
        return None
    measures = (prediction.entropy, prediction.std, prediction.mutual_information)
    entropy, std, information = (float(np.quantile(each, _UNCERTAIN)) for each in measures)
    return Cuts(entropy=entropy, std=std, mutual_information=information)
