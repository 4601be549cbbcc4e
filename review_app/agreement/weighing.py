"""Verdicts that weigh each answer by how well its author answers, beside those of the majority.

A minority that answers better is right against a majority only where its better record is beyond
doubt; so the majority stands unless the answers speak `MARGIN` against it, by error rates that are
drawn towards those of everybody (`POOLED`).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.special import expit, logit

from review_app.agreement.answers import AnswerColumns, Bools, Floats
from review_app.agreement.dawid_skene import SkillModel

MARGIN: Final = math.log(4)
"""Log odds that must speak against a majority: four to one, since rates are estimates. At two to
one, verdicts on equals erred a little more often than the majority."""
POOLED: Final = 20.0
"""Images of each class that a person's rates have in common with everybody's."""


def majority(answers: AnswerColumns) -> Floats:
    """1 where most say fake, 0 where most say real, 1/2 where as many say either; [items]."""
    more = 2 * answers.fakes - answers.number
    return np.asarray((np.sign(more) + 1) / 2, np.float64)


def by_skill(answers: AnswerColumns, model: SkillModel) -> Floats:
    """The verdicts by skill, as `majority`; a tie goes to the side that the answers speak for."""
    odds = _log_odds(answers, model)
    stands = majority(answers)
    against = np.where(stands > 0.5, odds < -MARGIN, odds > MARGIN)
    flipped = np.where(against, 1 - stands, stands)
    return np.asarray(np.where(stands == 0.5, (np.sign(odds) + 1) / 2, flipped), np.float64)


def changed(answers: AnswerColumns, model: SkillModel) -> Bools:
    """The images on which weighing gives another verdict than the majority, ties aside; [items]."""
    stands = majority(answers)
    return np.asarray((stands != 0.5) & (by_skill(answers, model) != stands), np.bool_)


def _log_odds(answers: AnswerColumns, model: SkillModel) -> Floats:
    """Log odds of fake by the answers on each image, [items]."""
    missed, accused = _pooled(model).T[:, answers.person]
    fake = np.log1p(-missed) - np.log(accused)
    real = np.log(missed) - np.log1p(-accused)
    worth = np.where(answers.fake, fake, real)
    prior = float(logit(model.fakes.value))
    return np.asarray(
        prior + np.bincount(answers.item, weights=worth, minlength=answers.items), np.float64
    )


def _pooled(model: SkillModel) -> Floats:
    """Missed and accused of each person [people, 2], on the logit scale towards their mean."""
    rates = np.array([[skill.missed.value, skill.accused.value] for skill in model.skills])
    answers = np.array([skill.answers for skill in model.skills], np.float64)
    share = model.fakes.value
    seen = answers[:, None] * np.array([share, 1 - share])
    logits = logit(np.clip(rates, 1e-3, 1 - 1e-3))
    common = (seen * logits).sum(axis=0) / np.maximum(seen.sum(axis=0), 1e-9)
    return np.asarray(expit((seen * logits + POOLED * common) / (seen + POOLED)), np.float64)
