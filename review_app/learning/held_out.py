"""The labels on which champion and challenger are compared: read, weighed, and told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from review_app.learning.comparison import HeldOut, ScoreColumns
from storage.enums import LabelValue
from storage.repositories.held_out import HeldOutLabel

Seen = Callable[[str], bool]


@dataclass(frozen=True)
class HeldOutSet:
    """What there is to compare on, and what is left out."""

    data: HeldOut
    counts: dict[str, int]
    """Labels by where they come from: gold, audit, verdict."""
    seen: int
    """Labels that made one of the two detectors: left out."""
    unscored: int
    """Labels that one of the two has not scored: left out."""
    since: datetime | None
    """The time of the first verdict among them."""
    until: datetime | None
    """The time of the last one."""

    @classmethod
    def of(cls, rows: Sequence[HeldOutLabel], *seen: Seen) -> HeldOutSet:
        """Those of ``rows`` that no detector of ``seen`` was made from, and both have scored."""
        unseen = [row for row in rows if not any(has_seen(row.key) for has_seen in seen)]
        usable = [row for row in unseen if is_scored(row)]
        times = [row.settled_at for row in usable if row.kind != "gold"]
        return cls(
            data=_arrays(usable),
            counts={kind: sum(row.kind == kind for row in usable) for kind in _KINDS},
            seen=len(rows) - len(unseen),
            unscored=len(unseen) - len(usable),
            since=min(times, default=None),
            until=max(times, default=None),
        )


_KINDS = ("gold", "audit", "verdict")


def is_scored(row: HeldOutLabel) -> bool:
    """Whether both detectors have scored it."""
    return row.champion_p is not None and row.challenger_p is not None


def _arrays(rows: Sequence[HeldOutLabel]) -> HeldOut:
    table = [
        (r.champion_p, r.champion_score, r.challenger_p, r.challenger_score,
         1 / r.inclusion_probability) for r in rows
    ]  # fmt: skip
    old_p, old_score, new_p, new_score, weights = np.array(table, np.float64).reshape(-1, 5).T
    return HeldOut(
        ScoreColumns(old_p, old_score),
        ScoreColumns(new_p, new_score),
        np.array([r.label == LabelValue.FAKE for r in rows], np.bool_),
        weights,
        {
            "source": np.array([r.source or "" for r in rows], np.str_),
            "scope": np.array([r.scope or "" for r in rows], np.str_),
            "evidence": np.array([r.kind for r in rows], np.str_),
        },
    )
