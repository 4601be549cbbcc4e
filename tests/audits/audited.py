"""A certified deployment whose audits get the verdicts that a test asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from review_app.core.permissions import Person
from review_app.policy.decision_text import opinion_of
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerInput
from storage.enums import ItemState, LabelValue
from tests.applications import Deployment, deployment
from tests.empty import FilledFolder
from tests.review.bench import items_of

_answers = count(1)
MADE_BEFORE = 1000
"""More than the factory has made before the audits begin."""


class Audited:
    """A deployment that is certified at a limit of 30%, and its people."""

    def __init__(self, place: Deployment, admin: Person, reviewer: Person) -> None:
        self.place = place
        self.app = place.app
        self.review = self.app.review
        self.admin, self.reviewer = admin, reviewer

    @classmethod
    def begun(cls, place: Deployment) -> Audited:
        """Where nobody waits when the audits begin."""
        made = cls(place, place.factory.admin("ada"), place.factory.person("rita"))
        place.calibrated()
        made.app.triage.run("test")
        made.answer_all(LabelValue.REAL)
        return made

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
    """An `Audited` whose data lies in ``folder``. Its audits' coins are its own."""
    filled, admin, reviewer = _begun()
    filled.put(folder)
    with deployment(folder, first=MADE_BEFORE) as place:
        yield Audited(place, admin, reviewer)


@cache
def _begun() -> tuple[FilledFolder, Person, Person]:
    with TemporaryDirectory(prefix="audited-") as folder:
        with deployment(Path(folder)) as place:
            made = Audited.begun(place)
        (Path(folder) / "data" / "secret.key").unlink()
        return FilledFolder.of(Path(folder)), made.admin, made.reviewer
