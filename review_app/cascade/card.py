"""The card of a cascade: its two detectors, its gate, what it costs and what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from review_app.cascade.gate import Gate
from review_app.fusion.assessment import Interval
from review_app.inference.card import CardPart
from review_app.scores.card import ScoreHead
from review_app.scores.sample import draw_of

HEAD = "cascade"
"""A cascade has this one head."""
PREFIX = "cascade:"


class CascadeMember(CardPart):
    """One of the two detectors."""

    checkpoint: str
    head: str


class CascadeCosts(CardPart):
    """Processor time of an image's features, medians of a few images, in milliseconds."""

    cheap: float
    dear: float
    """What the dear detector takes alone."""
    after: float
    """What it takes for an image that the cheap one has met."""

    def of(self, sent: float) -> float:
        """What a cascade that sends the share ``sent`` costs, as a share of the dear detector
        alone."""
        return (self.cheap + sent * self.after) / self.dear


class CascadePoint(CardPart):
    """A gate beside the dear detector alone, on labels that did not make it (cross-fitting)."""

    risk: float
    """The share of errors that the cheap detector may make in what it decides."""
    sent: float
    """Share of images that reach the dear detector."""
    cost: float | None
    """Processor time, as a share of that of the dear detector alone; None where nobody measured."""
    aurc: float
    difference: Interval
    """AURC less that of the dear detector alone, on the same images."""


class CascadeFigures(CardPart):
    """What cascades of these two detectors are worth."""

    cheap_aurc: float
    dear_aurc: float
    chosen: CascadePoint
    curve: tuple[CascadePoint, ...]
    """Other risks, rising."""


class CascadeCard(CardPart):
    """The card; see the module."""

    name: str
    created_at: datetime
    created_by: str
    cheap: CascadeMember
    dear: CascadeMember
    risk: float
    gate: Gate
    n_labels: int
    n_fake: int
    costs: CascadeCosts | None
    """The costs; None where no image was here to measure by."""
    figures: CascadeFigures | None
    """The figures; None where labels were too few to set any aside."""
    heads: dict[str, ScoreHead]
    draws: tuple[str, ...]
    """The draws of the images that made the gate and the threshold grid: their labels prove
    nothing."""

    def seen(self) -> Callable[[str], bool]:
        """A function that tells by an image's key whether it made the gate or the grid."""
        draws = frozenset(self.draws)
        return lambda key: draw_of(key) in draws


def cascade_id(name: str) -> str:
    """The id under which the cascade ``name`` is known here."""
    return f"{PREFIX}{name}"
