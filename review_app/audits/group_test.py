"""Evidence by group, where a policy claims that its limit holds in every group.

A pool of audits is slow to tell of one group that has turned: its errors drown in the others'. So
each group of a side has an e-process of its own beside that of the pool, and they share the side's
probability of a false alarm, ``alpha``: half of it is the pool's, the other half the groups' in
equal parts. If no limit is broken anywhere, each of these ever alarms with probability at most its
part, so any of them does with at most ``alpha`` (the union bound): as much as a side without groups
spends. The groups are those that the policy names, fixed before the first audit.

Within a group and a policy version all accepted images have one audit probability, so a group's
audits are a plain sample of it. Those of the pool are not, and it weighs them: see
`e_values.betting_path`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.audits.e_values import Wrong
from review_app.audits.side_test import ALPHA, SideEvidence, evaluate_side
from review_app.certification.threshold_grid import Side

POOL = 0.5
"""The pool's part of a side's alpha, where there are groups."""


@dataclass(frozen=True, eq=False)
class GroupedEvidence:
    """The evidence that a side's audits give of all its images, and of each group."""

    pooled: SideEvidence
    groups: tuple[SideEvidence, ...]
    """One for each group that the policy names, by name; none where it claims nothing of groups."""
    of_group: Mapping[str, NDArray[np.intp]]
    """The indices of each group's audits among those of the side."""

    @property
    def first(self) -> tuple[int, SideEvidence] | None:
        """The evidence that alarms first, and after how many audits of the side; where several do
        at the same, that of the pool, then by name. None without an alarm."""
        found = [
            (self._at(one), at, one)
            for at, one in enumerate((self.pooled, *self.groups))
            if one.alarm_after is not None
        ]
        after, _, evidence = min(found, key=lambda each: each[:2], default=(0, 0, None))
        return None if evidence is None else (after, evidence)

    @property
    def alarmed(self) -> list[SideEvidence]:
        """Whatever has alarmed, the pool first."""
        return [each for each in (self.pooled, *self.groups) if each.alarm_after is not None]

    def _at(self, evidence: SideEvidence) -> int:
        after = evidence.alarm_after or 0
        if evidence.group is None:
            return after
        return int(self.of_group[evidence.group][after - 1]) + 1


def evaluate_groups(
    side: Side,
    limit: float,
    wrong: ArrayLike,
    groups: Sequence[str | None],
    named: Sequence[str],
    weights: ArrayLike,
    alpha: float = ALPHA / 2,
) -> GroupedEvidence:
    """The evidence of audits ``wrong`` [n] of ``groups`` [n], in the order of their verdicts.

    ``named``: the groups that the policy certifies on this side. ``weights`` [n]: see
    `e_values.betting_path`. Without any named group it is the evidence of `evaluate_side`.
    """
    outcomes: Wrong = np.asarray(wrong, np.bool_)
    if not named:
        return GroupedEvidence(evaluate_side(side, limit, outcomes, alpha), (), {})
    of = np.asarray(groups, np.object_)
    places = {name: np.flatnonzero(of == name) for name in sorted(named)}
    part = alpha * (1 - POOL) / len(named)
    return GroupedEvidence(
        evaluate_side(side, limit, outcomes, alpha * POOL, weights),
        tuple(
            replace(evaluate_side(side, limit, outcomes[at], part), group=name)
            for name, at in places.items()
        ),
        places,
    )
