"""Reviewers: whether intervals of error rates hold, and whether weighing by skill errs no more.

Simulated people answer independently, each with an error rate of its own in each direction. The
baseline of a verdict by skill is the majority on the same answers. What either leaves to an
adjudicator is no error of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.outcome import Row, at_most, judged
from review_app.agreement.answers import AnswerColumns, Bools, Floats
from review_app.agreement.dawid_skene import dawid_skene
from review_app.agreement.weighing import by_skill, majority, weights_of

RUNS: Final = 200
HOLDS: Final = (0.93, 0.97)


@dataclass(frozen=True)
class Crew:
    """People who answer, and what they are given."""

    rates: tuple[tuple[float, float], ...]
    """Missed and accused of each person."""
    images: int = 300
    answers: int = 3
    """Answers on each image."""
    known: float = 0.1
    """The share of images whose label is known."""
    fakes: float = 0.4
    drawn: bool = False
    """Each run multiplies each rate by something between 1/2 and 2."""


_EQUAL = ((0.15, 0.15),) * 5
CREWS: Final = {
    "equal": Crew(_EQUAL),
    "equal_even": Crew(_EQUAL, answers=2),
    "unequal": Crew(((0.05, 0.05), (0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (0.35, 0.35)), drawn=True),
    "one_guesses": Crew(((0.1, 0.1), (0.1, 0.1), (0.1, 0.1), (0.5, 0.5)), known=0),
    "most_are_poor": Crew(((0.04, 0.04), (0.35, 0.35), (0.35, 0.35), (0.35, 0.35))),
    "lean_to_fake": Crew(((0.05, 0.3), (0.05, 0.3), (0.3, 0.05), (0.1, 0.1))),
    "few_images": Crew(_EQUAL, images=60),
    "few_fakes": Crew(_EQUAL, fakes=0.1),
    "four_of_six": Crew((*_EQUAL, (0.25, 0.1)), answers=4, known=0, drawn=True),
}
COVERED: Final = ("unequal", "equal", "four_of_six", "lean_to_fake")
"""The crews whose intervals are judged: their answers say something of everybody."""


def measure(quick: bool) -> Row:
    """Coverage and errors, by crew."""
    runs = 20 if quick else RUNS
    return {name: _crew(crew, runs) for name, crew in CREWS.items()}


def bars(found: Row) -> Iterator[Row]:
    """Each bar with what ``found`` says of it."""
    share = float(np.mean([found[name]["covered"] for name in COVERED]))
    yield judged(
        f"95% intervals cover people's error rates, over {', '.join(COVERED)}",
        share,
        HOLDS[0],
        HOLDS[0] <= share <= HOLDS[1],
        "",
    )
    for name, row in found.items():
        yield at_most(
            f"errors of verdicts by skill, {name}",
            row["by_skill"],
            row["majority"],
            f"majority: {row['majority']:.4g}",
        )


def _crew(crew: Crew, runs: int) -> Row:
    covered, errors = [], []
    for run in range(runs):
        rng = np.random.default_rng([20261203, run])
        rates = np.array(crew.rates)
        if crew.drawn:
            rates = np.minimum(rates * np.exp(rng.uniform(-1, 1, rates.shape) * np.log(2)), 0.45)
        answers, fake = _answers(crew, rates, rng)
        model = dawid_skene(answers)
        for skill, truth in zip(model.skills, rates, strict=True):
            for rate, true in zip((skill.missed, skill.accused), truth, strict=True):
                covered.append(rate.low <= true <= rate.high)
        open_ = answers.truth < 0
        verdicts = (by_skill(answers, weights_of(model)), majority(answers))
        wrong = [float(((v != 0.5) & (v != fake))[open_].mean()) for v in verdicts]
        left = [float((v == 0.5)[open_].mean()) for v in verdicts]
        errors.append([*wrong, *left])
    names = ("by_skill", "majority", "left_by_skill", "left_by_majority")
    found = dict(zip(names, np.mean(errors, axis=0).tolist(), strict=True))
    return {"runs": runs, "covered": float(np.mean(covered)), **found}


def _answers(crew: Crew, rates: Floats, rng: np.random.Generator) -> tuple[AnswerColumns, Bools]:
    fake = rng.random(crew.images) < crew.fakes
    people = len(rates)
    order = np.argsort(rng.random((crew.images, people)), axis=1)[:, : crew.answers]
    item, person = np.repeat(np.arange(crew.images), crew.answers), order.ravel()
    true = fake[item]
    wrong = rng.random(item.size) < np.where(true, rates[person, 0], rates[person, 1])
    known = np.where(rng.random(crew.images) < crew.known, fake.astype(np.intp), -1)
    return AnswerColumns(item, person, true ^ wrong, known, people), fake
