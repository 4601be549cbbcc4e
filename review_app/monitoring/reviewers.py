"""Figures of how people answer: swayed by the model or not, and right or not on images whose label
is known.

Rates come with exact (Clopper-Pearson) intervals. They tell of the images that each person met,
which differ from person to person; a difference between two people is no proof by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from review_app.certification.bounds import lower_bound, upper_bound
from storage.database import Database
from storage.repositories.reviewers import AgainstModel, InSight, OnKnown, Swayed
from storage.types import utc_now

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """``hits`` in ``n``."""

    hits: int
    n: int

    @property
    def share(self) -> float | None:
        """The share, in [0, 1]; None where there is nothing to count."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """Two-sided Clopper-Pearson interval at `CONFIDENCE`; all of [0, 1] where n is 0."""
        each = (1 - CONFIDENCE) / 2
        return lower_bound(self.hits, self.n, each), upper_bound(self.hits, self.n, each)


@dataclass(frozen=True)
class ReviewerFigures:
    """One person's rates."""

    name: str
    right: Rate
    """First blind answers of real or fake on known images that were right."""
    undecided: int
    """First blind answers on known images that said neither real nor fake."""
    agrees_blind: Rate
    """The first blind answers of real or fake that say what the model says."""
    agrees_in_sight: Rate
    """The answers given in sight of the model's opinion that say the same."""
    switched_to_model: Rate
    """Automation bias: of blind answers that differed from the opinion shown after them, those that
    were changed to it."""
    switched_from_model: Rate
    """The other way: of those that said the same, those that were changed away from it."""
    helped: Rate
    """Wrong answers that were changed to a right opinion shown after them, of all after which one
    was; as far as the truth is known."""
    misled: Rate
    """Right answers that were changed to a wrong opinion shown after them, of all after which one
    was."""


def reviewer_figures(database: Database, now: datetime | None = None) -> list[ReviewerFigures]:
    """The figures of everybody who has given a blind answer that can be compared and is final, by
    name."""
    now = now or utc_now()
    with database.read() as repos:
        names = {user.id: user.name for user in repos.users.all()}
        model = {row.user_id: row for row in repos.reviewers.against_model(now)}
        sight = {row.user_id: row for row in repos.reviewers.in_sight(now)}
        known = {row.user_id: row for row in repos.reviewers.on_known(now)}
        swayed = {row.user_id: row for row in repos.reviewers.swayed(now)}
    people = sorted(model.keys() | known.keys(), key=lambda user_id: names[user_id])
    return [
        _figures(
            names[user_id],
            model.get(user_id) or AgainstModel(user_id, 0, 0, 0, 0, 0, 0),
            sight.get(user_id) or InSight(user_id, 0, 0),
            known.get(user_id) or OnKnown(user_id, 0, 0, 0),
            swayed.get(user_id) or Swayed(user_id, 0, 0, 0, 0),
        )
        for user_id in people
    ]


def _figures(
    name: str, model: AgainstModel, sight: InSight, known: OnKnown, swayed: Swayed
) -> ReviewerFigures:
    return ReviewerFigures(
        name=name,
        right=Rate(known.right, known.clear),
        undecided=known.undecided,
        agrees_blind=Rate(model.blind_agreed, model.blind),
        agrees_in_sight=Rate(sight.agreed, sight.answers),
        switched_to_model=Rate(model.switched_to_model, model.differed),
        switched_from_model=Rate(model.switched_from_model, model.concurred),
        helped=Rate(swayed.helped, swayed.could_be_helped),
        misled=Rate(swayed.misled, swayed.could_be_misled),
    )
