"""What certificates by group would come to on the stream, beside pooled ones. Pure.

As in `what_if`, what is to be expected of the next try is laid on recent scores, and no label is
looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.certification.group_prospect import GroupProspect
from review_app.certification.grouping import Grouping
from review_app.certification.prospect import Prospect
from review_app.certification.threshold_grid import Side
from review_app.i18n import listed, percent, t
from review_app.policy.policy_text import group_text, grouping_text


@dataclass(frozen=True)
class GroupShare:
    """One group of the stream."""

    prospect: GroupProspect
    images: int
    """Recent images of the group."""
    accepted: int
    """Those of them that the group's own certificates are expected to accept."""
    accepted_pooled: int
    """Those that pooled certificates are expected to accept."""


@dataclass(frozen=True)
class GroupForecast:
    """A forecast of certificates by group."""

    grouping: Grouping
    groups: tuple[GroupShare, ...]
    """Every group with labels or recent images, by name."""

    @property
    def images(self) -> int:
        """How many recent images stand for the stream."""
        return sum(group.images for group in self.groups)

    @property
    def coverage(self) -> float:
        """Share of the stream that is expected to be accepted, group by group, audits included."""
        return self._share(sum(group.accepted for group in self.groups))

    @property
    def pooled_coverage(self) -> float:
        """The same of pooled certificates."""
        return self._share(sum(group.accepted_pooled for group in self.groups))

    @property
    def coverage_lost(self) -> float:
        """What the proof in every group is expected to cost, as a share of the stream."""
        return self.pooled_coverage - self.coverage

    @property
    def text(self) -> str:
        """What certificates by group would come to, for an admin."""
        tested = [group.prospect for group in self.groups if group.prospect.sides]
        names = [group_text(self.grouping, prospect.name) for prospect in tested]
        words = [
            t(
                "policy.groups_tested",
                grouping=grouping_text(self.grouping),
                groups=listed(names) if names else t("policy.groups_none"),
            )
        ]
        if self.images:
            key = "policy.groups_cost" if self.coverage_lost >= 0 else "policy.groups_gain"
            words.append(
                t(
                    key,
                    n=self.images,
                    share=percent(self.coverage),
                    pooled=percent(self.pooled_coverage),
                    lost=percent(abs(self.coverage_lost)),
                )
            )
        return " ".join(words)

    def _share(self, images: int) -> float:
        return images / self.images if self.images else 0.0

    def to_json(self) -> dict[str, Any]:
        """The document of ``certify --groups --forecast --json``."""
        return {
            "grouping": self.grouping.value,
            "images": self.images,
            "coverage": self.coverage,
            "pooled_coverage": self.pooled_coverage,
            "coverage_lost": self.coverage_lost,
            "words": self.text,
            "groups": [_document(group) for group in self.groups],
        }


def forecast_groups(
    grouping: Grouping,
    prospects: Sequence[GroupProspect],
    pooled: Sequence[Prospect],
    scores: ArrayLike,
    groups: Sequence[str],
) -> GroupForecast:
    """Lay ``prospects`` by group, and ``pooled`` ones of both sides, on recent ``scores`` [m] of
    images in ``groups`` [m]."""
    s, named = np.asarray(scores, np.float64), np.asarray(groups, np.str_)
    known = {prospect.name: prospect for prospect in prospects}
    names = sorted({*known, *groups})
    shares = []
    for name in names:
        own = s[named == name] if s.size else s
        prospect = known.get(name, GroupProspect(name, 0, None, None, None))
        shares.append(
            GroupShare(
                prospect,
                images=own.size,
                accepted=_accepted(own, prospect.sides),
                accepted_pooled=_accepted(own, pooled),
            )
        )
    return GroupForecast(grouping, tuple(shares))


def _accepted(scores: NDArray[np.float64], sides: Sequence[Prospect]) -> int:
    thresholds = [(side.side, side.threshold) for side in sides]
    return sum(int(side.accepts(scores, t).sum()) for side, t in thresholds if t is not None)


def _document(group: GroupShare) -> dict[str, Any]:
    prospect = group.prospect
    chances = {side.side.value: side.chance for side in prospect.sides}
    return {
        "group": prospect.name,
        "labels": prospect.labels,
        "least": prospect.least,
        "tested": bool(prospect.sides),
        "chance": {side.value: chances.get(side.value) for side in Side},
        "images": group.images,
        "accepted": group.accepted,
        "accepted_pooled": group.accepted_pooled,
    }
