"""A small deployment in which all has happened that leaves evidence, made by the services."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

from review_app.core.permissions import Person, TokenScope
from review_app.manifests.manifest import ManifestLabel as Known
from review_app.notifications.subscriptions import NewSubscription
from review_app.policy.review_options import ReviewOptions, change_options
from review_app.queueing.options import QueueOptions, change_queue_options
from review_app.review.tasks import AnswerChange, AnswerInput, Queue
from storage.enums import Channel, ItemState, LabelValue, PolicyState, Role, Topic
from storage.models import SkillWeights
from storage.types import utc_now
from tests.applications import Deployment, deployment, write_pictures
from tests.scores.files import good_detector, row, write

REAL, FAKE = LabelValue.REAL, LabelValue.FAKE
ACTOR = "scene"


class Scene:
    """The deployment, and who works in it."""

    def __init__(self, place: Deployment) -> None:
        self.place, self.app = place, place.app
        self.root = self._person("root", Role.ADMIN)
        self.ada = self._person("ada", Role.REVIEWER)
        self.ben = self._person("ben", Role.REVIEWER)
        self._person("cy", Role.REVIEWER)
        self.app.people.set_enabled("cy", False, ACTOR)
        self._ids = count(1)

    def play(self, folder: Path) -> None:
        """Everything, in an order in which it might happen; files are written to ``folder``."""
        self._options(undo_minutes=5)
        self._learn()
        self._answer()
        self._options(undo_minutes=0)
        self._certify()
        self._correct()
        self._take_in(folder)
        self._disagree()
        self._alarm()
        self.app.policies.suspend(self.root, "to look at it")
        self._options(undo_minutes=0, needed_labels=2)

    def let_programs_in(self) -> None:
        """A token and a webhook that are in force, and one of each that was ended."""
        for name in ("script", "old script"):
            made = self.app.tokens.make("ben", name, [TokenScope.LABELS_WRITE], 30, ACTOR)
            told = (Topic.RESOLVED,)
            wanted = NewSubscription(name, Channel.WEBHOOK, "https://a.example", told, "ben")
            hook = self.app.subscriptions.add(wanted, ACTOR)
        self.app.tokens.revoke(made.view.id, ACTOR)
        self.app.subscriptions.remove(hook.view.id, ACTOR)

    def look_again(self) -> None:
        """An answer that was drawn to be looked at again, and what people's answers weigh."""
        with self.app.database.write() as repos:
            label = repos.labels.recent_of(self.ada.id, 1)[0]
            repos.second_looks.add(label.item_id, label.id, 0.1)
            weights = {str(self.ada.id): [2.0, 1.5]}
            repos.skill_weights.add(SkillWeights(as_of=utc_now(), usual=1.7, weights=weights))

    def make_desks(self) -> None:
        """A desk with a member and one who has left, and one that was closed."""
        with self.app.database.write() as repos:
            second, old = (repos.desks.add(name, name, ACTOR) for name in ("second", "old"))
            for name in ("ben", "ada"):
                user = repos.users.by_name(name)
                assert user is not None
                membership = repos.desks.join(second, user, Role.REVIEWER, ACTOR)
            repos.desks.leave(membership, ACTOR)
            repos.desks.close(old, ACTOR)

    def _learn(self) -> None:
        """Images with known labels, and some without, that all go to people."""
        self.place.calibrated(15, split="calibration")
        for p_fake in (0.2, 0.4, 0.6, 0.8) * 4:
            self.place.scored(p_fake)
        self.app.triage.run(ACTOR)

    def _answer(self) -> None:
        """Answer some images, take one answer back, change one in sight of the model's opinion."""
        for value in (REAL, FAKE) * 4:
            self._label(self.ada, value)
        first = self._label(self.ben, FAKE)
        change = AnswerChange(client_id=self._id(), of=first, value=REAL)
        self.app.review.change(self.ben, change)
        self._label(self.ben, REAL)
        self.app.review.undo(self.ben, self._id())
        self._label(self.ben, FAKE)

    def _certify(self) -> None:
        """Both sides, and new images, of which some are accepted and some audited."""
        self.place.certify(self.root, audit_probability=0.5)
        self.place.scored_alike(12, 0.0)
        self.place.scored_alike(12, 1.0)
        self.app.triage.run(ACTOR)

    def _correct(self) -> None:
        settled = [i for i, item in self.place.items().items() if item.verdict is REAL]
        self.app.records.correct(self.root, settled[0], FAKE, "looked again")

    def _disagree(self) -> None:
        """An image that its reviewer leaves to an admin, who decides."""
        (task,) = self.app.review.take(self.ada)
        said = self._submission(task.item_id, REAL, escalation="the ears")
        self.app.review.label(self.ada, said)
        (task,) = self.app.review.take(self.root, 1, Queue.ESCALATED)
        self.app.review.label(self.root, self._submission(task.item_id, FAKE))

    def _alarm(self) -> None:
        """Images that the detector takes for fake and people for real, until auto-accept closes."""
        self.place.scored_alike(40, 1.0)
        self.app.triage.run(ACTOR)
        while self.app.policies.current().state is PolicyState.CERTIFIED:
            self._label(self.ada, REAL)

    def _take_in(self, folder: Path) -> None:
        """Pictures, and score files of which the second knows more of images that are here."""
        self.app.intake.ingest(write_pictures(folder / "pictures", 3), ACTOR)
        self.app.scores.ingest(write(folder / "s.csv", good_detector(20, labels=True)), ACTOR)
        more = [row(i, said.p_fake, source="tv", label=Known.REAL if i % 2 == 0 else Known.FAKE)
                for i, said in enumerate(good_detector(6))]  # fmt: skip
        self.app.scores.ingest(write(folder / "more.csv", more), ACTOR)

    def _label(self, person: Person, value: LabelValue) -> str:
        (task,) = self.app.review.take(person)
        said = self._submission(task.item_id, value)
        self.app.review.label(person, said)
        return said.client_id

    def _submission(self, item_id: str, value: LabelValue, **more: Any) -> AnswerInput:
        return AnswerInput(client_id=self._id(), item_id=item_id, value=value, **more)

    def _options(self, **values: Any) -> None:
        change_options(self.app.database, self.root, ReviewOptions(**values))
        change_queue_options(self.app.database, self.root, QueueOptions(deadline_hours=48))

    def _person(self, name: str, role: Role) -> Person:
        account = self.app.people.add(name, role, ACTOR)
        return Person(account.id, account.name, account.role)

    def _id(self) -> str:
        return f"scene-{next(self._ids):04}"


def make(folder: Path, *, programs: bool = True) -> Path:
    """Play it in ``folder``; the data directory, which holds the database, its key and heads.

    Without ``programs`` it is as it was before there were tokens and desks.
    """
    with deployment(folder) as place:
        scene = Scene(place)
        scene.play(folder)
        if programs:
            scene.let_programs_in()
            scene.make_desks()
            scene.look_again()
        assert {ItemState.AUTO_ACCEPTED, ItemState.RESOLVED} <= set(place.states().values())
    return folder / "data"
