"""A replay: what the challenger would make of the stored queue. Pure, on arrays.

Nothing here looks at a label. What the challenger would accept is told with the thresholds that its
next try is expected to certify (`Prospect`), and what it calls the other way by its scores alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.certification.prospect import Prospect
from review_app.core.errors import InputError
from review_app.policy.what_if import ReviewWorkload

SHOWN = 24
"""Flips that are kept by name; all are counted."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class StoredQueue:
    """Items that both detectors have scored, [n] each.

    Raises:
        InputError: columns of different lengths.
    """

    item_ids: Ints
    accepted_real: Bools
    """The policy of the time accepted it as real, without a person."""
    accepted_fake: Bools
    to_people_now: Floats
    """The chance of each to go to people under the policy in force."""
    champion: Floats
    """The P(fake) of the champion."""
    challenger: Floats
    """The P(fake) of the challenger."""
    score: Floats
    """The challenger's score, which thresholds are compared with."""

    def __post_init__(self) -> None:
        if len({len(getattr(self, name)) for name in self.__dataclass_fields__}) > 1:
            raise InputError("The columns of a replay have different lengths.")


@dataclass(frozen=True)
class Flip:
    """An automatic decision that the challenger would not have made."""

    item_id: int
    accepted_as: str
    champion: float
    """P(fake) by the champion."""
    challenger: float
    """P(fake) by the challenger."""


@dataclass(frozen=True)
class Share:
    """How much goes to people."""

    share: float
    """The share of what comes in, audits included."""
    hours_per_day: float
    """Their hours a day, at the pace that was measured."""


@dataclass(frozen=True)
class Replay:
    """What would change."""

    items: int
    missing: int
    """Items that the challenger has not scored; they are left out."""
    accepted: int
    """Past automatic decisions among the items."""
    opposite: int
    """Those that the challenger calls the other way."""
    to_people: int
    """Those that would go to people under the expected certificate."""
    reversed: int
    """Those that it would accept as the opposite."""
    newly: int
    """Items that went to people and that it would accept."""
    flips: tuple[Flip, ...]
    """The ones called the other way, the farthest apart first; at most `SHOWN`."""
    now: Share
    """What goes to people under the policy in force."""
    closed: Share
    """What does until the challenger is certified: everything."""
    expected: Share
    """What does once it is, as the prospect expects."""
    chance_real: float
    """The chance that the first try certifies real."""
    chance_fake: float
    attempt: int
    """The number of that try."""
    labels: int
    """How many labels it would rest on."""
    missing_labels: int | None
    """Further ones for an even chance of the nearer side; None: out of reach."""


def replay(
    queue: StoredQueue,
    prospects: tuple[Prospect, Prospect],
    workload: ReviewWorkload,
    *,
    audit_probability: float,
    missing: int = 0,
) -> Replay:
    """Replay ``queue`` under the challenger's ``prospects`` for real and for fake."""
    real, fake = (_accepts(prospect, queue.score) for prospect in prospects)
    was_real, was_fake = queue.accepted_real, queue.accepted_fake
    was = was_real | was_fake
    opposite = (was_real & (queue.challenger >= 0.5)) | (was_fake & (queue.challenger < 0.5))
    expected = np.where(real | fake, audit_probability, 1.0)
    left = [side.missing() for side in prospects]
    return Replay(
        items=len(was),
        missing=missing,
        accepted=int(was.sum()),
        opposite=int(opposite.sum()),
        to_people=int((was & ~real & ~fake).sum()),
        reversed=int(((was_real & fake) | (was_fake & real)).sum()),
        newly=int((~was & (real | fake)).sum()),
        flips=_flips(queue, opposite),
        now=_share(queue.to_people_now, workload),
        closed=_share(np.ones(1), workload),
        expected=_share(expected, workload),
        chance_real=prospects[0].chance,
        chance_fake=prospects[1].chance,
        attempt=prospects[0].attempt,
        labels=prospects[0].labels,
        missing_labels=min((n for n in left if n is not None), default=None),
    )


def _accepts(prospect: Prospect, score: Floats) -> Bools:
    threshold = prospect.threshold
    if threshold is None:
        return np.zeros(score.shape, np.bool_)
    return np.asarray(prospect.side.accepts(score, threshold), np.bool_)


def _share(to_people: Floats, workload: ReviewWorkload) -> Share:
    share = float(to_people.mean()) if len(to_people) else 1.0
    answers = workload.images_per_day * share * workload.answers
    return Share(share, answers * workload.seconds_per_label / 3600)


def _flips(queue: StoredQueue, opposite: Bools) -> tuple[Flip, ...]:
    at = np.flatnonzero(opposite)
    apart = np.abs(queue.challenger[at] - queue.champion[at])
    farthest = at[np.argsort(-apart, kind="stable")[:SHOWN]]
    return tuple(
        Flip(
            int(queue.item_ids[i]),
            "real" if queue.accepted_real[i] else "fake",
            float(queue.champion[i]),
            float(queue.challenger[i]),
        )
        for i in farthest
    )
