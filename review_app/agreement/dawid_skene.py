"""Each person's error rates from answers alone, by the model of Dawid & Skene for two classes.

An image is fake with probability pi. Given that, people answer independently: person j calls a
fake real with probability ``missed_j``, a real image fake with ``accused_j``. What is known of an
image counts as known. Dawid & Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using
the EM Algorithm" (Applied Statistics 28, 1979).

A weak prior (`PRIOR`) keeps rates off 0 and 1 and says that people are right more often than not,
without which the model cannot tell fakes from real images by their names. Intervals are those of
the normal limit on the logit scale, from the observed information, so what the answers leave open
about the images widens them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from review_app.agreement.answers import AnswerColumns, Floats
from review_app.core.special import expit, log_expit

PRIOR: Final = (0.5, 1.0)
"""Errors and right answers that each rate has had before any: less than one image of each class."""
CONFIDENCE: Final = 0.95
_Z: Final = 1.959963984540054
_ROUNDS: Final = 500
_SETTLED: Final = 1e-8
_STEP: Final = 1e-5


@dataclass(frozen=True)
class ErrorRate:
    """A rate with its interval at `CONFIDENCE`."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Skill:
    """How one person errs, by direction."""

    missed: ErrorRate
    """Fakes called real."""
    accused: ErrorRate
    """Real images called fake."""
    answers: int


@dataclass(frozen=True)
class SkillModel:
    """What the answers say of the people and of the images."""

    skills: list[Skill]
    """The skill of each person."""
    fakes: ErrorRate
    """The share of fakes among the images."""
    posterior: Floats
    """P(fake) of each image by the answers on it, [items]."""


def dawid_skene(answers: AnswerColumns) -> SkillModel:
    """Fit the model. Of people whose answers meet nobody else's and nothing known, the intervals
    say that nothing is known."""
    fit = _Fit(answers)
    theta = fit.climb()
    spread = np.sqrt(np.clip(np.diag(np.linalg.pinv(fit.information(theta))), 0, None))
    low, value, high = (expit(theta + z * spread) for z in (-_Z, 0.0, _Z))
    rates = [ErrorRate(*map(float, each)) for each in zip(value, low, high, strict=True)]
    counts = np.bincount(answers.person, minlength=answers.people).tolist()
    k = answers.people
    skills = [
        Skill(missed, accused, n)
        for missed, accused, n in zip(rates[1 : k + 1], rates[k + 1 :], counts, strict=True)
    ]
    return SkillModel(skills, rates[0], fit.posterior(theta))


class _Fit:
    """The likelihood in theta = logits of [pi, missed_1 .. missed_K, accused_1 .. accused_K]."""

    def __init__(self, answers: AnswerColumns) -> None:
        self._a = answers
        self._says = answers.fake.astype(np.float64)
        self._known = answers.truth >= 0

    def posterior(self, theta: Floats) -> Floats:
        """P(fake) of each image, [items]."""
        a, k = self._a, self._a.people
        missed, accused = theta[1 : k + 1][a.person], theta[k + 1 :][a.person]
        if_fake = np.where(a.fake, log_expit(-missed), log_expit(missed))
        if_real = np.where(a.fake, log_expit(accused), log_expit(-accused))
        ratio = np.bincount(a.item, weights=if_fake - if_real, minlength=a.items)
        return np.asarray(np.where(self._known, a.truth == 1, expit(theta[0] + ratio)), np.float64)

    def climb(self) -> Floats:
        """The mode, by expectation maximisation from the majority of each image."""
        a = self._a
        share = (a.fakes + 0.5) / (a.number + 1)
        q = np.where(self._known, a.truth == 1, share)
        theta = self._maximise(q)
        for _ in range(_ROUNDS):
            last, theta = theta, self._maximise(self.posterior(theta))
            if np.abs(theta - last).max() < _SETTLED:
                break
        return theta

    def _maximise(self, q: Floats) -> Floats:
        wrong, right = self._counts(q)
        return np.asarray(np.log(wrong) - np.log(right), np.float64)

    def _counts(self, q: Floats) -> tuple[Floats, Floats]:
        """Errors and right answers of each rate, the prior's among them; of pi, fakes and reals."""
        a, at = self._a, q[self._a.item]
        errors, rights = PRIOR

        def tally(weights: Floats) -> Floats:
            counted = np.bincount(a.person, weights=weights, minlength=a.people)
            return counted.astype(np.float64)

        wrong = (tally(at * (1 - self._says)) + errors, tally((1 - at) * self._says) + errors)
        right = (tally(at * self._says) + rights, tally((1 - at) * (1 - self._says)) + rights)
        fakes = q.sum() + errors
        return (
            np.concatenate([[fakes], *wrong]),
            np.concatenate([[a.items - q.sum() + errors], *right]),
        )

    def _gradient(self, theta: Floats) -> Floats:
        """The gradient of the log posterior density: that of the complete data at the expected
        images (Fisher's identity)."""
        wrong, right = self._counts(self.posterior(theta))
        return np.asarray(wrong - (wrong + right) * expit(theta), np.float64)

    def information(self, theta: Floats) -> Floats:
        """Minus the second derivatives [p, p], by differences of the gradient."""
        steps = np.eye(theta.size) * _STEP
        rows = [
            (self._gradient(theta - s) - self._gradient(theta + s)) / (2 * _STEP) for s in steps
        ]
        found = np.array(rows)
        return np.asarray((found + found.T) / 2, np.float64)
