"""Writes the database of a small deployment in which rows of every kind are there, as SQL.

Run once with the program of a revision, before the next one is written, and committed::

    python -m tests.migrations.old.make 0017

What a later program writes is not what this one wrote: a file that is here is never made again.
"""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

import migrations
from benchmarks.trust_scene import ACTOR, Scene
from review_app.copies.descriptors import Probe
from review_app.core.permissions import Person
from review_app.people.sessions import Browser
from review_app.policy.review_options import ReviewOptions, change_options
from review_app.queueing.options import QueueOptions, change_queue_options
from review_app.queueing.order import Order
from review_app.queueing.ranking import _by_worth, places_for_waiting, reorder
from review_app.review.tasks import AnswerInput, Queue
from storage.enums import LabelValue, PolicyState
from storage.repositories.queue import WaitingQueue
from storage.seals import heads, keyring
from tests.applications import Deployment, deployment
from tests.migrations.old import FOLDER

REAL, FAKE, UNSURE = LabelValue.REAL, LabelValue.FAKE, LabelValue.UNSURE
AT_ONCE = 1e-9
"""Hours; whatever waits has waited longer."""


class OldDeployment:
    """The scene of the benchmarks, and what it does not have: alarms, gold, places of each kind."""

    def __init__(self, place: Deployment, folder: Path) -> None:
        self.place, self.app, self.folder = place, place.app, folder
        self.scene = Scene(place)
        self.root, self.ada, self.ben = self.scene.root, self.scene.ada, self.scene.ben
        self._answers = 0

    def play(self) -> None:
        """Everything, in an order in which it might happen."""
        self.scene.play(self.folder)
        self._options()
        self._alarm()
        self._fail()
        self._places()
        self._leave_open()
        self._interrupt()
        self._people()
        self._read()

    def _alarm(self) -> None:
        """Audits go against a certificate: it closes, and acceptances are reopened."""
        self.place.calibrated(15)
        self.app.triage.run(ACTOR)
        self.place.certify(self.root, audit_probability=0.5)
        self.place.scored_alike(24, 1.0)
        self.app.triage.run(ACTOR)
        while self.app.policies.current().state is PolicyState.CERTIFIED:
            self._answer(self.ben, REAL)

    def _places(self) -> None:
        """What waits by time, by worth, by time after that, and what was handed out late."""
        self.place.calibrated(15)
        self.app.triage.run(ACTOR)
        self.place.certify(self.root, audit_probability=0.5)
        self._order(Order.RISK)
        self._doubtful(6)
        self._answer(self.ben, REAL)
        self._order(Order.OLDEST)
        reorder(self.app.database, self.app.policies.current, bytes(32))
        self._answer(self.ben, FAKE)
        self._order(Order.RISK, AT_ONCE)
        self._answer(self.ben, REAL)
        self.app.review.take(self.ada)
        self._order(Order.RISK)
        self._doubtful(4)
        self._answer(self.ben, FAKE)
        self.place.scored_alike(4, 0.0)
        self.app.triage.run(ACTOR)
        self._order(Order.OLDEST)
        self._doubtful(4)

    def _leave_open(self) -> None:
        """Somebody holds an image, has skipped one, given one back, and answered a known one."""
        (task,) = self.app.review.take(self.ben)
        self.app.review.skip(self.ben, task.item_id)
        self.app.review.take(self.ben, 2)
        self.app.review.release(self.ben)
        (task, _) = self.app.review.take(self.ben, 2)
        self._say(self.ben, task.item_id, FAKE, together=2, seconds=1.5)
        (task,) = self.app.review.take(self.ada)
        self._say(self.ada, task.item_id, REAL, escalation="the hands", tags=("portrait",))
        self._options(gold_share=0.5, undo_minutes=600)
        for value in (REAL, FAKE) * 3:
            self._answer(self.root, value)
        self._options(undo_minutes=600)
        self.app.review.take(self.root, 1, Queue.ESCALATED)

    def _interrupt(self) -> None:
        """A reordering of the queue is cut off half-way, and images are handed out late."""
        self._order(Order.RISK)
        with self.app.database.write() as repos:
            queue = WaitingQueue(repos.session)
            places = places_for_waiting(repos, self.app.policies.current(), bytes(32))
            assert places is not None
            queue.place(_by_worth(queue.after(0, 8), places))
        self._order(Order.RISK, AT_ONCE)
        self.app.review.take(self.ada, 3)

    def _fail(self) -> None:
        """An image whose stored file is gone can not be scored."""
        picture = self.folder / "gone.png"
        Image.effect_noise((64, 48), 60).save(picture)
        self.app.intake.ingest([picture], ACTOR)
        with self.app.database.read() as repos:
            newest = repos.items.get(max(self.place.items()))
        assert newest is not None
        for stored in (self.app.settings.data_dir / "media").rglob(f"*{newest.image.sha256}*"):
            stored.unlink()
        self.app.triage.run(ACTOR)

    def _people(self) -> None:
        """Somebody signs in at a browser that is known from then on."""
        link = self.app.people.make_link("ada", ACTOR)
        session = self.app.people.redeem_link(link, Browser("Firefox", "Linux"))
        self.app.people.remember_device(self.ada, None)
        self.app.people.make_link("ben", ACTOR)
        assert self.app.people.person(session)

    def _read(self) -> None:
        """An admin has a stored image read, another that resembles none."""
        for picture in (self.folder / "pictures" / "0000.png", self.folder / "gone.png"):
            with Image.open(picture) as image:
                self.app.gate.pass_on(self.root, Probe.of(image))

    def _doubtful(self, n: int) -> None:
        """New images that no certificate covers."""
        for _ in range(n):
            self.place.scored(0.5)
        self.app.triage.run(ACTOR)

    def _answer(self, person: Person, value: LabelValue) -> None:
        (task,) = self.app.review.take(person)
        self._say(person, task.item_id, value)

    def _say(self, person: Person, item_id: str, value: LabelValue, **more: object) -> None:
        self._answers += 1
        said = {"client_id": f"old-{self._answers:04}", "item_id": item_id, "value": value, **more}
        self.app.review.label(person, AnswerInput.model_validate(said))

    def _order(self, order: Order, deadline_hours: float = 48) -> None:
        options = QueueOptions(order=order, deadline_hours=deadline_hours)
        change_queue_options(self.app.database, self.root, options)

    def _options(self, **values: object) -> None:
        options = ReviewOptions.model_validate({"undo_minutes": 0, **values})
        change_options(self.app.database, self.root, options)


def make(revision: str, folder: Path = FOLDER) -> None:
    """Write the files of ``revision``, which must be this program's."""
    assert migrations.head_revision() == revision, "another program's to write"
    with TemporaryDirectory() as scratch:
        with deployment(Path(scratch)) as place:
            OldDeployment(place, Path(scratch)).play()
        data = Path(scratch) / "data"
        _dump(data / "review.db", folder / f"review-{revision}.sql.gz")
        for name in (keyring.FILE, heads.FILE):
            shutil.copyfile(data / name, folder / f"{revision}-{name}")


def _dump(database: Path, to: Path) -> None:
    with closing(sqlite3.connect(database)) as file:
        text = "\n".join(file.iterdump())
    to.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    make(sys.argv[1])
