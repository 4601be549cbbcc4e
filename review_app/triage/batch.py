"""A batch of scored items, decided at once.

`routing.decide_many` decides on arrays; the few distinct decisions that come out are shared by the
items that have them. A decision for each of a million items would cost more than deciding does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import InputError
from review_app.policy.audit_coin import audit_coins
from review_app.policy.policy import Policy
from review_app.policy.routing import LEAST_SPREAD, Decision, annotated
from review_app.policy.score_arrays import Floats, ScoreArrays, decide_arrays
from storage.enums import Route
from storage.repositories import Repositories
from storage.repositories.queue import WaitingQueue
from storage.repositories.triage_candidates import CandidateColumns


@dataclass(frozen=True)
class Batch:
    """Items with their decisions."""

    candidates: CandidateColumns
    """The candidates by id, each with scores."""
    decisions: Sequence[Decision]
    """The distinct ones."""
    which: NDArray[np.intp]
    """The place in ``decisions`` of each item's own, [n]."""

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def to_people(self) -> NDArray[np.bool_]:
        """Which of the items go to people, [n]."""
        routes = np.array([each.route is Route.REVIEW for each in self.decisions], np.bool_)
        found: NDArray[np.bool_] = routes[self.which]
        return found

    def only(self, item_ids: NDArray[np.int64]) -> Batch:
        """The batch of ``item_ids`` alone."""
        kept = np.isin(self.candidates.item_id, item_ids)
        return replace(self, candidates=self.candidates.only(kept), which=self.which[kept])

    def groups(self) -> list[tuple[Decision, list[int]]]:
        """Each distinct decision that an item has, with the ids of its items."""
        ids = self.candidates.item_id
        return [(self.decisions[k], ids[self.which == k].tolist()) for k in np.unique(self.which)]

    def noted(self, repos: Repositories) -> Batch:
        """The batch with what is to be told of near-duplicates that people dispute by now."""
        near = self.candidates.item_id[self.candidates.near].tolist()
        disputed = WaitingQueue(repos.session).near_disputed(near) if near else set()
        noted = [annotated(decision, near_disputed=True) for decision in self.decisions]
        flags = np.isin(self.candidates.item_id, np.fromiter(disputed, np.int64))
        return replace(
            self,
            decisions=[*self.decisions, *noted],
            which=self.which + len(self.decisions) * flags,
        )


def decide_batch(
    repos: Repositories, candidates: CandidateColumns, policy: Policy, secret: bytes
) -> Batch:
    """Decide on ``candidates``, which have scores, but for what `Batch.noted` tells; ``secret``
    draws the audit coins.

    Raises:
        InputError: a score out of its range.
    """
    arrays = ScoreArrays(
        candidates.p_fake,
        candidates.std,
        candidates.entropy,
        candidates.mutual_information,
        candidates.score,
        candidates.novelty,
        candidates.fact,
    )
    _check_spreads(candidates, arrays)
    coins = audit_coins(candidates.key, policy.version, secret)
    found = decide_arrays(repos, arrays, policy, coins, _heads(candidates))
    return Batch(candidates, *found.alike())


def _heads(candidates: CandidateColumns) -> Floats:
    """The heads that say the least and the most, [n, 2]: they tell whether some head disagrees."""
    found = np.stack([candidates.least, candidates.most], axis=1)
    return np.where(np.isnan(found), candidates.p_fake[:, None], found)


def _check_spreads(candidates: CandidateColumns, arrays: ScoreArrays) -> None:
    for name in ("std", "entropy", "mutual_information"):
        values = getattr(arrays, name)
        wrong = ~((values >= LEAST_SPREAD) & (values < math.inf))
        if wrong.any():
            i = int(wrong.argmax())
            raise InputError(
                f"Item {candidates.item_id[i]}: the {name} is {values[i]}, not a spread; "
                "score it again."
            )
