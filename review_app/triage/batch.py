"""A batch of scored items, decided at once.

`routing.decide_many` decides on columns; the few distinct decisions that come out are shared by the
items that have them. A decision for each of a million items would cost more than deciding does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from review_app.errors import InputError
from review_app.triage.audit import audit_coins
from review_app.triage.marks import UncertaintyCuts, find_marks
from review_app.triage.policy import Policy
from review_app.triage.record import cuts_of
from review_app.triage.routing import LEAST_SPREAD, Decision, annotated, decide_many
from storage.repositories import Repositories
from storage.repositories.queue import WaitingQueue
from storage.repositories.undecided import Candidate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """Items with their decisions."""

    candidates: Sequence[Candidate]
    """By id, each with scores."""
    decisions: Sequence[Decision]
    """The distinct ones."""
    which: NDArray[np.intp]
    """The place in ``decisions`` of each item's own, [n]."""

    def __len__(self) -> int:
        return len(self.candidates)

    def __iter__(self) -> Iterator[tuple[Candidate, Decision]]:
        return zip(self.candidates, (self.decisions[k] for k in self.which), strict=True)

    def only(self, item_ids: AbstractSet[int]) -> Batch:
        """Those of ``item_ids``."""
        kept = [i for i, c in enumerate(self.candidates) if c.item_id in item_ids]
        if len(kept) == len(self):
            return self
        return replace(self, candidates=[self.candidates[i] for i in kept], which=self.which[kept])

    def groups(self) -> Iterator[tuple[Decision, list[int]]]:
        """Each distinct decision that an item has, with the ids of its items."""
        ids = np.array([candidate.item_id for candidate in self.candidates], np.int64)
        for k in np.unique(self.which):
            yield self.decisions[k], ids[self.which == k].tolist()


@dataclass(frozen=True)
class Facts:
    """What deciding needs to know of a checkpoint beside its scores."""

    novelty_cut: float
    """Above it an image is unlike the training images."""
    cuts: UncertaintyCuts | None

    @classmethod
    def of(cls, repos: Repositories, policy: Policy) -> Facts:
        """Those of the policy's checkpoint and head."""
        novelty = repos.checkpoints.novelty(policy.checkpoint)
        cut = math.inf if novelty is None else novelty.cut
        return cls(cut, cuts_of(repos, policy))


def decide_batch(
    repos: Repositories, candidates: Sequence[Candidate], policy: Policy, secret: bytes
) -> Batch:
    """Decide on ``candidates``, which have scores; ``secret`` draws the audit coins.

    Raises:
        InputError: a score out of its range.
    """
    facts = Facts.of(repos, policy)
    near = [candidate.item_id for candidate in candidates if candidate.near]
    disputed = WaitingQueue(repos.session).near_disputed(near) if near else set()
    columns = _Columns.of(candidates)
    others = np.stack([columns.least, columns.most], 1)
    unlike = columns.novelty > facts.novelty_cut
    found = decide_many(
        columns.p_fake,
        columns.score,
        policy,
        audit_coins([candidate.key for candidate in candidates], policy.version, secret),
        # Whether some head disagrees is told by those that say the least and the most.
        heads=np.where(np.isnan(others), columns.p_fake[:, None], others),
        unlike=unlike,
        marks=find_marks(
            columns.std, columns.entropy, columns.mutual_information, unlike, facts.cuts
        ),
    )
    plain, which = found.alike()
    noted = [annotated(decision, near_disputed=True) for decision in plain]
    flags = np.array([candidate.item_id in disputed for candidate in candidates], np.bool_)
    return Batch(candidates, [*plain, *noted], which + len(plain) * flags)


@dataclass(frozen=True)
class _Columns:
    """The scores of a batch, [n] each."""

    p_fake: Floats
    std: Floats
    entropy: Floats
    mutual_information: Floats
    score: Floats
    novelty: Floats
    """NaN where nothing measures it: above no cut."""
    least: Floats
    most: Floats

    @classmethod
    def of(cls, candidates: Sequence[Candidate]) -> _Columns:
        table = np.array([candidate[3:] for candidate in candidates], np.float64)
        found = cls(*table.reshape(-1, 8).T)
        for name in ("std", "entropy", "mutual_information"):
            values = getattr(found, name)
            wrong = ~((values >= LEAST_SPREAD) & (values < math.inf))
            if wrong.any():
                i = int(wrong.argmax())
                raise InputError(
                    f"Item {candidates[i].item_id}: the {name} is {values[i]}, not a spread; "
                    "score it again."
                )
        return found
