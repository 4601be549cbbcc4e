"""A real application on a data directory of its own, with real pictures or made-up scores in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from review_app.bootstrap import Application, open_application
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.review.tasks import AnswerInput
from storage.enums import ItemState, LabelValue
from storage.models import Item
from tests.empty import begin
from tests.factories import Factory
from tests.history import histories
from tests.intake.samples import encode, picture

LOOSE = (0.3, 0.5)
"""Risk limit and delta so lax that a dozen right labels a side certify them."""


def write_pictures(folder: Path, n: int, first: int = 0) -> list[Path]:
    """``n`` different PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{first + i:04}.png" for i in range(n)]
    for i, path in enumerate(paths):
        path.write_bytes(encode(picture(seed=first + i), "PNG"))
    return paths


class Deployment:
    """The application, and builders of what a test needs in it. Answers are final at once."""

    def __init__(self, app: Application, first: int = 1) -> None:
        self.app = app
        self.factory = Factory(app.database, first)
        self.factory.review_options(undo_minutes=0)

    def scored(
        self,
        p_fake: float,
        known: LabelValue | None = None,
        *,
        state: ItemState = ItemState.PENDING,
        near_id: int | None = None,
        score: float | None = None,
        novelty: float | None = None,
        scope: str | None = None,
        spread: Mapping[str, float] | None = None,
        **values: Any,
    ) -> int:
        """The id of an item of which every head of the detector in force says ``p_fake``, which is
        also the score unless that is given. ``spread``: other than a small one."""
        item_id = self.factory.item(state, known=known, **values)
        if near_id is not None:
            with self.app.database.write() as repos:
                item = repos.items.get(item_id)
                assert item is not None
                item.image.near_id = near_id
        says = {**(spread or {}), "novelty": novelty, "scope": scope}
        self._say([item_id], p_fake, says if score is None else {**says, "score": score})
        return item_id

    def scored_alike(
        self, n: int, p_fake: float, known: LabelValue | None = None, **values: Any
    ) -> list[int]:
        """The ids of ``n`` items as `scored` makes them, made at once."""
        ids = self.factory.items(n, ItemState.PENDING, known=known, **{"rank": 0.0, **values})
        self._say(ids, p_fake)
        return ids

    def calibrated(self, n: int = 15, **values: Any) -> list[int]:
        """``n`` real and ``n`` fake items with known labels, which the detector tells apart."""
        real = self.scored_alike(n, 0.0, LabelValue.REAL, **values)
        return real + self.scored_alike(n, 1.0, LabelValue.FAKE, **values)

    def certify(self, admin: Person, audit_probability: float = 0.0) -> int:
        """Certify on lax terms; the version."""
        certified = self.app.policies.certify(admin, *LOOSE, audit_probability=audit_probability)
        return certified.version

    def counted(self, admin: Person) -> tuple[int, int]:
        """How many known labels and reviewers' verdicts a certificate would rest on now."""
        words = self.app.policies.preview(admin, *LOOSE)
        found = re.match(r"With (\d+) known labels? and (\d+) reviewer verdicts? ", words)
        assert found, words
        return int(found[1]), int(found[2])

    def answer(self, value: LabelValue, n: int = 1) -> Person:
        """One new reviewer gives the next ``n`` items the same label."""
        reviewer = self.factory.person()
        for _ in range(n):
            (task,) = self.app.review.take(reviewer)
            client_id = f"answer-{task.item_id}-{reviewer.id}"
            given = AnswerInput(client_id=client_id, item_id=task.item_id, value=value)
            self.app.review.label(reviewer, given)
        return reviewer

    def _say(self, item_ids: list[int], p_fake: float, says: Mapping[str, Any] = {}) -> None:
        """Store what every head of the detector in force says of the items' images."""
        policy, heads = self.app.policies.current(), self.app.inspector.heads()
        usual = {"std": 0.01, "entropy": 0.1, "mutual_information": 0.01, "novelty": None}
        said = {"p_fake": p_fake, "score": p_fake, **usual, **says}
        with self.app.database.write() as repos:
            repos.predictions.add_many(
                [
                    {"image_id": i.image_id, "checkpoint_id": policy.checkpoint, "head": h, **said}
                    for i in repos.items.get_many(item_ids)
                    for h in heads
                ]
            )

    def items(self) -> dict[int, Item]:
        """Every item by id."""
        with self.app.database.read() as repos:
            found = [i for state in ItemState for i in repos.items.in_state(state, 10_000)]
        assert len({item.id for item in found}) == len(found), "an item is in two states"
        return {item.id: item for item in found}

    def states(self, ids: Iterable[int] | None = None) -> Mapping[int, ItemState]:
        """States by item id."""
        items = self.items()
        return {i: items[i].state for i in (items if ids is None else ids)}

    def events(self, item_id: int) -> list[str]:
        """What happened to the item, oldest first: kinds of audit events, and "decided"."""
        with self.app.database.read() as repos:
            return [step.kind for step in histories(repos)[item_id]]

    def chain_holds(self) -> bool:
        """Whether the audit log is whole, and the decisions are those that it sealed."""
        with self.app.database.read() as repos:
            return repos.audit.first_broken() is None and repos.batches.first_broken() is None


@contextmanager
def deployment(folder: Path, *, first: int = 1, **settings: object) -> Iterator[Deployment]:
    """An application whose data lies in ``folder``/data; ``first``: as the factory has it."""
    begin(folder / "data")
    given = Settings(data_dir=folder / "data", **settings)  # type: ignore[arg-type]
    app = open_application(given)
    try:
        yield Deployment(app, first)
    finally:
        app.close()
