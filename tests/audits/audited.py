"""A certified deployment whose audits get the verdicts that a test asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from review_app.core.permissions import Person
from review_app.policy.decision_text import opinion_of
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerInput
from storage.enums import ItemState, LabelValue
from tests.applications import Deployment, deployment
from tests.review.bench import items_of

_answers = count(1)


class Audited:
    """A deployment that is certified at a limit of 30%, and its people."""

    def __init__(self, place: Deployment) -> None:
        self.place = place
        self.app = place.app
        self.review = self.app.review
        self.admin = place.factory.admin("ada")
        self.reviewer = place.factory.person("rita")
        place.calibrated()
        self.app.triage.run("test")
        self.answer_all(LabelValue.REAL)  # nobody waits when the audits begin

    def certify(self, audit_probability: float = 1.0) -> int:
        return self.place.certify(self.admin, audit_probability)

    def accept(self, n: int, p_fake: float = 1.0) -> list[int]:
        """``n`` new images beyond a threshold, triaged; their ids."""
        ids = self.place.scored_alike(n, p_fake)
        self.app.triage.run("test")
        return ids

    def accept_alone(self, n: int, p_fake: float = 1.0) -> list[int]:
        """As `accept`, and the ids of those that no audit took."""
        states = self.place.states(self.accept(n, p_fake))
        return [i for i, state in states.items() if state is ItemState.AUTO_ACCEPTED]

    def answer_all(self, value: LabelValue, person: Person | None = None) -> int:
        """Give every image that waits the same label, until none waits; how many there were."""
        n = 0
        while self.answer(value, person) is not None:
            n += 1
        return n

    def answer(self, value: LabelValue, person: Person | None = None) -> int | None:
        """Label the next image that waits; its id."""
        person = person or self.reviewer
        tasks = self.review.take(person)
        if not tasks:
            return None
        submission = AnswerInput(
            client_id=f"audited-{next(_answers):06}", item_id=tasks[0].item_id, value=value
        )
        receipt = self.review.label(person, submission)
        (item_id,) = items_of(self.app.database, [receipt.item_id])
        return item_id

    @contextmanager
    def power_goes_after_answers(self) -> Iterator[None]:
        """Inside, answers are stored, and nobody lives to look at the audits afterwards."""
        self.review = ReviewService(ReviewContext(self.app.database, opinion_of))
        try:
            yield
        finally:
            self.review = self.app.review

    def states(self, ids: list[int]) -> set[ItemState]:
        return set(self.place.states(ids).values())


@contextmanager
def audited(folder: Path) -> Iterator[Audited]:
    """An `Audited` whose data lies in ``folder``."""
    with deployment(folder) as place:
        yield Audited(place)
