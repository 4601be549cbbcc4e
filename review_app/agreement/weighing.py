"""Verdicts that weigh each answer by how well its author answers, beside those of the majority.

An answer's weight is its log odds, by its author's error rates as answers alone tell them, drawn
towards those of everybody (`POOLED`), and between half and `CAP` times the usual weight. The
majority stands where the weights speak for it. Where they speak against it, the verdict is theirs
only beyond `MARGIN`; else it is left to an adjudicator, as it is where as many say either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from review_app.agreement.answers import AnswerColumns, Bools, Floats
from review_app.agreement.dawid_skene import SkillModel
from review_app.core.special import expit, logit

MARGIN: Final = math.log(4)
"""Log odds that must speak against a majority: four to one, since rates are estimates."""
POOLED: Final = 20.0
"""Images of each class that a person's rates have in common with everybody's."""
CAP: Final = 2.0
"""How many times the usual weight an answer may have, so that nobody outvotes many; or be under
it, so that everybody counts."""


@dataclass(frozen=True)
class AnswerWeights:
    """What answers weigh, in log odds above 0."""

    people: Floats
    """What an answer of real and one of fake weighs, of each person [people, 2]."""
    usual: float
    """The weight of somebody of whom nothing is known."""


@dataclass(frozen=True)
class WeighingEffect:
    """What weighing would change on images with two answers or more."""

    turned: int
    """Images whose majority it overrides."""
    opened: int
    """Images that have a majority and would be left to an adjudicator."""


def weights_of(model: SkillModel) -> AnswerWeights:
    """The weights by ``model``; the usual one is the mean over all answers, of either value."""
    missed, accused = _pooled(model).T
    real = np.log1p(-accused) - np.log(missed)
    fake = np.log1p(-missed) - np.log(accused)
    worth = np.stack([real, fake], axis=1)
    answers = np.array([skill.answers for skill in model.skills], np.float64)
    usual = float(answers @ worth.mean(axis=1) / max(answers.sum(), 1.0))
    if usual <= 0:  # they err more often than not, and nothing tells who less
        return AnswerWeights(np.ones_like(worth), 1.0)
    return AnswerWeights(np.clip(worth, usual / CAP, usual * CAP), usual)


def weigh(said_fake: Sequence[bool], weights: Sequence[float]) -> bool | None:
    """Whether one image is fake by answers of these ``weights``; None where an adjudicator is to
    say."""
    each = zip(said_fake, weights, strict=True)
    odds = math.fsum(weight if fake else -weight for fake, weight in each)
    most = 2 * sum(said_fake) - len(said_fake)
    if most == 0 or (odds * most <= 0 and abs(odds) <= MARGIN):
        return None
    return odds > 0


def majority(answers: AnswerColumns) -> Floats:
    """1 where most say fake, 0 where most say real, 1/2 where as many say either; [items]."""
    more = 2 * answers.fakes - answers.number
    return np.asarray((np.sign(more) + 1) / 2, np.float64)


def by_skill(answers: AnswerColumns, weights: AnswerWeights) -> Floats:
    """The verdicts of `weigh` on all images, as `majority`; 1/2 where an adjudicator is to say."""
    worth = weights.people[answers.person, answers.fake.astype(np.intp)]
    signed = np.where(answers.fake, worth, -worth)
    odds = np.bincount(answers.item, weights=signed, minlength=answers.items)
    most = majority(answers)
    stands = (2 * most - 1) * odds > 0
    sure = (most != 0.5) & (stands | (np.abs(odds) > MARGIN))
    return np.asarray(np.where(sure, odds > 0, 0.5), np.float64)


def effect(answers: AnswerColumns, weights: AnswerWeights) -> WeighingEffect:
    """What weighing changes beside the majority."""
    most, weighed = majority(answers), by_skill(answers, weights)
    differs: Bools = (answers.number >= 2) & (most != 0.5) & (weighed != most)
    opened = int((differs & (weighed == 0.5)).sum())
    return WeighingEffect(turned=int(differs.sum()) - opened, opened=opened)


def _pooled(model: SkillModel) -> Floats:
    """Missed and accused of each person [people, 2], on the logit scale towards their mean."""
    rates = np.array([[skill.missed.value, skill.accused.value] for skill in model.skills])
    answers = np.array([skill.answers for skill in model.skills], np.float64)
    share = model.fakes.value
    seen = answers[:, None] * np.array([share, 1 - share])
    logits = logit(np.clip(rates, 1e-3, 1 - 1e-3))
    common = (seen * logits).sum(axis=0) / np.maximum(seen.sum(axis=0), 1e-9)
    return np.asarray(expit((seen * logits + POOLED * common) / (seen + POOLED)), np.float64)
