"""What answers weigh in a verdict of several people, where an admin lets them count by skill.

The weights are those of a day's beginning, made once a day (`review_app.monitoring.weights`) and
kept: an answer of today moves none of them, and the log tells what a verdict was weighed by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from review_app.policy.review_options import read_options
from review_app.review.consensus import CLEAR
from storage.enums import LabelValue
from storage.models import Label, SkillWeights
from storage.repositories import Repositories


@dataclass(frozen=True)
class Weighing:
    """The answers on an image, and what each of them weighs."""

    as_of: str
    """The day whose beginning the weights are of."""
    labels: tuple[int, ...]
    weights: tuple[float, ...]

    @property
    def told(self) -> dict[str, Any]:
        """What the log tells of it."""
        return {"as_of": self.as_of, "labels": list(self.labels), "weights": list(self.weights)}


def weighing_of(repos: Repositories, labels: Sequence[Label]) -> Weighing | None:
    """The weights of ``labels``, which count; None where they count alike: one alone, an
    adjudicator's, those among which somebody is unsure, and all of them unless an admin chose
    otherwise and there are weights."""
    if len(labels) < 2 or any(label.adjudicates for label in labels):
        return None
    if not CLEAR.issuperset(label.value for label in labels):
        return None
    kept = repos.skill_weights.newest() if read_options(repos).weigh_by_skill else None
    if kept is None:
        return None
    weights = tuple(_weight(kept, label) for label in labels)
    return Weighing(f"{kept.as_of:%Y-%m-%d}", tuple(label.id for label in labels), weights)


def _weight(kept: SkillWeights, label: Label) -> float:
    """What the answer weighs; the usual weight where nothing is known of its author."""
    of_person = kept.weights.get(str(label.user_id))
    if of_person is None:
        return kept.usual
    return float(of_person[label.value is LabelValue.FAKE])
