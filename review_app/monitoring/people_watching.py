"""How people agree, how each errs and how fast each answers, from their newest blind answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from review_app.agreement.answers import AnswerColumns, GivenAnswer, columns_of
from review_app.agreement.coefficients import Coefficient, cohen, krippendorff
from review_app.agreement.dawid_skene import ErrorRate, SkillModel, dawid_skene
from review_app.agreement.second_looks import SampledErrors, SecondLookAnswer, sampled_errors
from review_app.agreement.weighing import WeighingEffect, effect, weights_of
from storage.enums import LabelValue
from storage.repositories import Repositories
from storage.repositories.reviewers import BlindAnswer
from storage.repositories.second_looks import LookedAgain
from storage.types import utc_now

NAME: Final = "people"
NEWEST: Final = 20_000
"""Answers that are looked at."""
LEAST: Final = 20
"""The answers that a person needs before anything is said of how well."""
WEEK: Final = timedelta(days=7)
Paces = dict[int, list[float | None]]
"""The seconds of each person's answers; None where the page measured none."""


class WatchedPerson(BaseModel):
    """One person's figures."""

    model_config = ConfigDict(frozen=True)

    answers: int
    """Blind answers of real or fake among those that were looked at."""
    week: int
    """Answers of the last seven days."""
    seconds: float | None
    """The median time for one of them; None where the page measured none."""
    missed: ErrorRate | None = None
    """Fakes called real; None with fewer than `LEAST` answers."""
    accused: ErrorRate | None = None
    """Real images called fake."""
    kappa: Coefficient | None = None
    """Cohen's kappa with the others who answered the same images."""
    second_looks: SampledErrors | None = None
    """What others found who looked at their answers again; None with fewer than `LEAST` looks."""


class WatchedPeople(BaseModel):
    """Everybody's figures."""

    model_config = ConfigDict(frozen=True)

    people: dict[int, WatchedPerson] = {}
    """The figures of each account, by its number."""
    alpha: Coefficient | None = None
    """Krippendorff's alpha of all; None where too few images have two answers."""
    shared: int = 0
    """Images with two answers or more."""
    disputed: int = 0
    """Those of them on which people disagree."""
    second_looks: SampledErrors | None = None
    """What second looks found of everybody's first answers; None where nobody has looked again."""
    weighing: WeighingEffect = WeighingEffect(0, 0)
    """What it would change on them if answers counted by skill."""


def watch_people(repos: Repositories) -> WatchedPeople:
    """The figures by the newest `NEWEST` answers.

    How well somebody answers is told as of the day's beginning (UTC): told at once, a rate that
    moves with a single answer would tell which image has a known label.
    """
    now = utc_now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = repos.reviewers.blind_answers(today, NEWEST)
    paces = _paces(repos.reviewers.answer_times(now - WEEK, NEWEST))
    again = repos.second_looks.looked_again(today, NEWEST)
    return _with_second_looks(_watched(rows, paces), again)


def _watched(rows: Sequence[BlindAnswer], paces: Paces) -> WatchedPeople:
    known = {row.item_id: row.known is LabelValue.FAKE for row in rows if row.known is not None}
    given = [GivenAnswer(row.item_id, row.user_id, row.value is LabelValue.FAKE) for row in rows]
    if not given:
        return WatchedPeople(people={user: _slow(pace) for user, pace in paces.items()})
    answers, _, users = columns_of(given, known)
    model = dawid_skene(answers)
    shared = answers.number >= 2
    disputed = shared & (answers.fakes > 0) & (answers.fakes < answers.number)
    found = {user: _slow(pace) for user, pace in paces.items() if user not in users}
    for at, user in enumerate(users):
        found[user] = _person(answers, model, at, paces.get(user, []))
    return WatchedPeople(
        people=found,
        alpha=krippendorff(answers, np.random.default_rng(0)),
        shared=int(shared.sum()),
        disputed=int(disputed.sum()),
        weighing=effect(answers, weights_of(model)),
    )


def _with_second_looks(watched: WatchedPeople, again: Sequence[LookedAgain]) -> WatchedPeople:
    if not again:
        return watched
    of_person: dict[int, list[SecondLookAnswer]] = defaultdict(list)
    for look in again:
        of_person[look.first_user].append(_second_look(look))
    people = dict(watched.people)
    for user, looks in of_person.items():
        if user in people and len(looks) >= LEAST:
            people[user] = people[user].model_copy(update={"second_looks": sampled_errors(looks)})
    everybody = sampled_errors([look for looks in of_person.values() for look in looks])
    return watched.model_copy(update={"people": people, "second_looks": everybody})


def _second_look(look: LookedAgain) -> SecondLookAnswer:
    truth = look.first if look.second is look.first else look.decided
    return SecondLookAnswer(
        probability=look.probability,
        said_fake=look.first is LabelValue.FAKE,
        differs=look.second is not look.first,
        is_fake=None if truth is None else truth is LabelValue.FAKE,
    )


def _paces(rows: list[tuple[int, float | None]]) -> Paces:
    found: dict[int, list[float | None]] = defaultdict(list)
    for user, seconds in rows:
        found[user].append(seconds)
    return found


def _slow(pace: list[float | None]) -> WatchedPerson:
    """Somebody without any answer that can be compared."""
    return WatchedPerson(answers=0, week=len(pace), seconds=_median(pace))


def _median(pace: list[float | None]) -> float | None:
    measured = [seconds for seconds in pace if seconds is not None]
    return float(np.median(measured)) if measured else None


def _person(
    answers: AnswerColumns, model: SkillModel, at: int, pace: list[float | None]
) -> WatchedPerson:
    skill = model.skills[at]
    bare = WatchedPerson(answers=skill.answers, week=len(pace), seconds=_median(pace))
    if skill.answers < LEAST:
        return bare
    return bare.model_copy(
        update={
            "missed": skill.missed,
            "accused": skill.accused,
            "kappa": _with_others(answers, at),
        }
    )


def _with_others(answers: AnswerColumns, at: int) -> Coefficient | None:
    """The kappa of one person and, on each image, the first other who answered it."""
    own = answers.person == at
    mine = np.full(answers.items, -1)
    mine[answers.item[own]] = answers.fake[own]
    theirs = np.full(answers.items, -1)
    theirs[answers.item[~own][::-1]] = answers.fake[~own][::-1]
    both = (mine >= 0) & (theirs >= 0)
    if both.sum() < LEAST:
        return None
    return cohen(mine[both], theirs[both], np.random.default_rng(0))
