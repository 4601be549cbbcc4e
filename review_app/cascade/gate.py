"""The gate of a cascade: which images the cheap detector decides, and on what scale.

Of what it decides, the cheap detector errs on at most the stated share, on either side, by labels
that made neither detector. Its cuts are found on its own threshold grid by SGR (Geifman & El-Yaniv,
"Selective classification for deep neural networks", 2017): a higher risk never sends more on, which
the fixed sequences of certificates do not promise. What the cheap detector decides gets a score on
the dear one's scale, so that one threshold grid serves both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.certification.certificate import CertificateMethod
from review_app.certification.fixed_sequence import make_plan, select
from review_app.certification.sample_size import CalibrationCounts
from review_app.certification.threshold_grid import ThresholdGrid
from review_app.core.special import log_expit, logit
from review_app.inference.card import CardPart

DELTA = 0.1
"""Both cuts hold their risk with a probability of at least one less this, each with half of it."""
_SUREST = 1e-6
"""Scores closer to 0 or 1 count as this where their steepness is fitted."""
_WIDEST = 3.0
"""The largest logarithm of a steepness."""

Float64 = NDArray[np.float64]
Grids = tuple[ThresholdGrid, ThresholdGrid]


@dataclass(frozen=True)
class StageScores:
    """What one of the two detectors says of n images, float64 [n] each, in [0, 1]."""

    p_fake: Float64
    score: Float64

    def take(self, rows: NDArray[np.bool_]) -> StageScores:
        """Those of the images that ``rows`` [n] marks."""
        return StageScores(self.p_fake[rows], self.score[rows])


@dataclass(frozen=True)
class CascadeLabels:
    """Labelled images with what both detectors say of them."""

    cheap: StageScores
    dear: StageScores
    is_fake: NDArray[np.bool_]
    weights: Float64
    """How much each tells, [n]; see `review_app.fusion.fitting.telling`."""

    def __len__(self) -> int:
        return len(self.is_fake)

    def take(self, rows: NDArray[np.bool_]) -> CascadeLabels:
        """The images that ``rows`` [n] marks."""
        stages = (self.cheap.take(rows), self.dear.take(rows))
        return CascadeLabels(*stages, self.is_fake[rows], self.weights[rows])


class Gate(CardPart):
    """The gate; it never changes."""

    real: float | None
    """The cheap detector decides at this score or below; None: it decides nothing as real."""
    fake: float | None
    """... and at this one or above."""
    exponent: float = 1.0
    """What the odds of its score are raised to, to be on the dear detector's scale."""

    @property
    def is_shut(self) -> bool:
        """Whether everything goes to the dear detector."""
        return self.real is None and self.fake is None

    def sends(self, score: float) -> bool:
        """Whether an image of which the cheap detector says this goes to the dear one."""
        as_real = self.real is not None and score <= self.real
        as_fake = self.fake is not None and score >= self.fake
        return not (as_real or as_fake)

    def scaled(self, score: float) -> float:
        """A score of the cheap detector on the dear one's scale: rising, 0, 1/2 and 1 as they are.

        One image at a time, so that its bits are the same whatever comes with it.
        """
        for_fake, for_real = math.pow(score, self.exponent), math.pow(1 - score, self.exponent)
        return for_fake / (for_fake + for_real)

    def sent(self, scores: Float64) -> NDArray[np.bool_]:
        """Which of the images of ``scores`` [n] it sends on."""
        return np.array([self.sends(score) for score in scores.tolist()], np.bool_)

    def said(self, cheap: StageScores, dear: StageScores) -> StageScores:
        """What the cascade says of n images, by what both detectors say."""
        sent = self.sent(cheap.score)
        scaled = np.array([self.scaled(score) for score in cheap.score.tolist()], np.float64)
        p_fake = np.where(sent, dear.p_fake, cheap.p_fake)
        return StageScores(p_fake, np.where(sent, dear.score, scaled))


def fit_gate(grids: Grids, labels: CascadeLabels, risk: float) -> Gate:
    """The gate that sends least on, of those at which ``labels`` prove that the cheap detector errs
    on at most ``risk`` of what it decides as real, and of what as fake.

    ``grids``: its own, for real and for fake, which no label has made.
    """
    real, fake = (_cut(grid, labels, risk) for grid in grids)
    sent = Gate(real=real, fake=fake).sent(labels.cheap.score)
    cheap = _steepness(labels.cheap.score, labels, ~sent)
    dear = _steepness(labels.dear.score, labels, sent)
    exponent = 1.0 if cheap is None or dear is None else cheap / dear
    return Gate(real=real, fake=fake, exponent=exponent)


def _cut(grid: ThresholdGrid, labels: CascadeLabels, risk: float) -> float | None:
    """The laxest threshold of ``grid`` that is proven."""
    counts = CalibrationCounts.count(grid, labels.cheap.score, labels.is_fake)
    plan = make_plan(CertificateMethod.SGR, grid, counts.n, risk, DELTA / 2)
    at = int(select(plan, counts.errors, counts.accepted))
    return None if at < 0 else grid.thresholds[at]


def _steepness(scores: Float64, labels: CascadeLabels, rows: NDArray[np.bool_]) -> float | None:
    """The b of P(fake) = sigmoid(b logit(score)) that the images at ``rows`` speak for, with
    log b ~ N(0, 1): above 1 where scores are too modest. None without images."""
    if not rows.any():
        return None
    from scipy.optimize import minimize_scalar  # slow to import, and few processes make a gate

    logits = logit(np.clip(scores[rows], _SUREST, 1 - _SUREST))
    margins, weights = np.where(labels.is_fake[rows], logits, -logits), labels.weights[rows]

    def loss(log_b: float) -> float:
        return log_b**2 / 2 - float(weights @ log_expit(math.exp(log_b) * margins))

    return math.exp(minimize_scalar(loss, bounds=(-_WIDEST, _WIDEST), method="bounded").x)
