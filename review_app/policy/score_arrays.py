"""Scores of many images in arrays, and what a policy comes to on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.certification.grouping import Fact
from review_app.policy.decision_text import cuts_of
from review_app.policy.flags import find_flags
from review_app.policy.group_facts import groups_of
from review_app.policy.policy import Policy
from review_app.policy.routing import DecisionBatch, decide_many
from storage.repositories import Repositories

Floats = NDArray[np.float64]


class ScoredRow(Protocol):
    """A row of the scores of the policy's head; all None where it says nothing."""

    @property
    def p_fake(self) -> float | None:
        """The mean of P(fake), in [0, 1]."""
        ...

    @property
    def std(self) -> float | None:
        """Its standard deviation."""
        ...

    @property
    def entropy(self) -> float | None:
        """The entropy of the mean, in nats."""
        ...

    @property
    def mutual_information(self) -> float | None:
        """The mutual information between label and weights, in nats."""
        ...

    @property
    def score(self) -> float | None:
        """The signed score that thresholds are compared with, in [0, 1]."""
        ...

    @property
    def novelty(self) -> float | None:
        """How unlike the training images it is, as a z value; None where that is not measured."""
        ...

    @property
    def fact(self) -> Fact:
        """What decides its group; None where it is not known, or nothing is grouped."""
        ...


@dataclass(frozen=True)
class ScoreArrays:
    """The scores of a batch, [n] each."""

    p_fake: Floats
    std: Floats
    entropy: Floats
    mutual_information: Floats
    score: Floats
    novelty: Floats
    """NaN where nothing measures it: above no cut."""
    facts: Sequence[Fact]
    """What decides the group of each."""

    @classmethod
    def of(cls, rows: Sequence[ScoredRow]) -> ScoreArrays:
        """Those of ``rows``, in their order."""
        table = [
            (r.p_fake, r.std, r.entropy, r.mutual_information, r.score, r.novelty) for r in rows
        ]
        p, std, entropy, mutual, score, novelty = np.array(table, np.float64).reshape(-1, 6).T
        return cls(p, std, entropy, mutual, score, novelty, [r.fact for r in rows])


def decide_arrays(
    repos: Repositories,
    arrays: ScoreArrays,
    policy: Policy,
    coins: ArrayLike,
    heads: ArrayLike | None = None,
) -> DecisionBatch:
    """`routing.decide_many`, with what the policy's checkpoint says of novelty and doubt.

    Raises:
        InputError: a score out of its range.
    """
    novelty = repos.checkpoints.novelty(policy.checkpoint)
    unlike = arrays.novelty > (math.inf if novelty is None else novelty.cut)
    flags = find_flags(
        arrays.std, arrays.entropy, arrays.mutual_information, unlike, cuts_of(repos, policy)
    )
    groups = groups_of(repos, policy, arrays.facts)
    return decide_many(
        arrays.p_fake, arrays.score, policy, coins,
        heads=heads, unlike=unlike, flags=flags, groups=groups,
    )  # fmt: skip
