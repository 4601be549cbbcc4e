"""A batch of scored items, decided at once.

`routing.decide_many` decides on arrays; the few distinct decisions that come out are shared by the
items that have them. A decision for each of a million items would cost more than deciding does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import InputError
from review_app.policy.audit_coin import audit_coins
from review_app.policy.policy import Policy
from review_app.policy.routing import LEAST_SPREAD, Decision, annotated
from review_app.policy.score_arrays import Floats, ScoreArrays, decide_arrays
from storage.repositories import Repositories
from storage.repositories.queue import WaitingQueue
from storage.repositories.triage_candidates import TriageCandidate


@dataclass(frozen=True)
class Batch:
    """Items with their decisions."""

    candidates: Sequence[TriageCandidate]
    """The candidates by id, each with scores."""
    decisions: Sequence[Decision]
    """The distinct ones."""
    which: NDArray[np.intp]
    """The place in ``decisions`` of each item's own, [n]."""

    def __len__(self) -> int:
        return len(self.candidates)

    def __iter__(self) -> Iterator[tuple[TriageCandidate, Decision]]:
        return zip(self.candidates, (self.decisions[k] for k in self.which), strict=True)

    def only(self, item_ids: AbstractSet[int]) -> Batch:
        """The batch of ``item_ids`` alone."""
        kept = [i for i, c in enumerate(self.candidates) if c.item_id in item_ids]
        if len(kept) == len(self):
            return self
        return replace(self, candidates=[self.candidates[i] for i in kept], which=self.which[kept])

    def groups(self) -> Iterator[tuple[Decision, list[int]]]:
        """Each distinct decision that an item has, with the ids of its items."""
        ids = np.array([candidate.item_id for candidate in self.candidates], np.int64)
        for k in np.unique(self.which):
            yield self.decisions[k], ids[self.which == k].tolist()


def decide_batch(
    repos: Repositories, candidates: Sequence[TriageCandidate], policy: Policy, secret: bytes
) -> Batch:
    """Decide on ``candidates``, which have scores; ``secret`` draws the audit coins.

    Raises:
        InputError: a score out of its range.
    """
    near = [candidate.item_id for candidate in candidates if candidate.near]
    disputed = WaitingQueue(repos.session).near_disputed(near) if near else set()
    arrays = ScoreArrays.of(candidates)
    _check_spreads(candidates, arrays)
    coins = audit_coins([candidate.key for candidate in candidates], policy.version, secret)
    found = decide_arrays(repos, arrays, policy, coins, _heads(candidates, arrays))
    plain, which = found.alike()
    noted = [annotated(decision, near_disputed=True) for decision in plain]
    flags = np.array([candidate.item_id in disputed for candidate in candidates], np.bool_)
    return Batch(candidates, [*plain, *noted], which + len(plain) * flags)


def _heads(candidates: Sequence[TriageCandidate], arrays: ScoreArrays) -> Floats:
    """The heads that say the least and the most, [n, 2]: they tell whether some head disagrees."""
    found = np.array([(c.least, c.most) for c in candidates], np.float64).reshape(-1, 2)
    return np.where(np.isnan(found), arrays.p_fake[:, None], found)


def _check_spreads(candidates: Sequence[TriageCandidate], arrays: ScoreArrays) -> None:
    for name in ("std", "entropy", "mutual_information"):
        values = getattr(arrays, name)
        wrong = ~((values >= LEAST_SPREAD) & (values < math.inf))
        if wrong.any():
            i = int(wrong.argmax())
            raise InputError(
                f"Item {candidates[i].item_id}: the {name} is {values[i]}, not a spread; "
                "score it again."
            )
