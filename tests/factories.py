"""Builders of rows for tests. Each call is one committed transaction; every value can be given."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import count
from typing import Any

from review_app.core.permissions import Person
from review_app.policy.policy import learning_policy
from storage.database import Database
from storage.enums import AuditKind, ItemState, LabelValue, Role
from storage.models import CheckpointRow, Correction, Image, Item, Label, PolicyRow, User
from storage.repositories import Repositories
from storage.repositories.items import Move

ACTOR = "factory"
_SCORE = re.compile(r"(?<!\d)0\.83")
_PICTURE = ("n_bytes", "width", "height", "format", "public_type", "phash", "file_metadata")
NO_PICTURE: dict[str, Any] = dict.fromkeys(("sha256", *_PICTURE))
"""Values of an image of which only scores are here; add a path or a hash."""
_WAYS: dict[ItemState, list[tuple[AuditKind, ItemState]]] = {
    ItemState.PENDING: [],
    ItemState.AUTO_ACCEPTED: [(AuditKind.TRIAGED, ItemState.AUTO_ACCEPTED)],
    ItemState.IN_REVIEW: [(AuditKind.TRIAGED, ItemState.IN_REVIEW)],
    ItemState.RESOLVED: [(AuditKind.TRIAGED, ItemState.RESOLVED)],
    ItemState.FAILED: [(AuditKind.FAILED, ItemState.FAILED)],
    ItemState.ESCALATED: [
        (AuditKind.TRIAGED, ItemState.IN_REVIEW),
        (AuditKind.LABELLED, ItemState.ESCALATED),
    ],
}
"""How an item gets where a test wants it, from being new."""


def shows_score(text: str) -> bool:
    """Whether P(fake) as the factory sets it stands there; that a moment was at 30.83 s is none."""
    return _SCORE.search(text) is not None


def bring(repos: Repositories, item_ids: Sequence[int], state: ItemState, **values: Any) -> None:
    """Take pending items to ``state``, by declared steps; ``values`` of their rows, too."""
    for kind, after in _WAYS[state]:
        repos.items.move(ACTOR, [Move(item_id, after, kind, {}, values) for item_id in item_ids])


class Factory:
    """Makes users, images, items, checkpoints, policies and decisions in one database."""

    def __init__(self, database: Database, first: int = 1) -> None:
        """``first``: the number of the first thing made, where there are others in the database."""
        self._database = database
        self._numbers = count(first)

    def person(self, name: str = "", role: Role = Role.REVIEWER) -> Person:
        """An account that cannot sign in, for services that are handed a person."""
        number = next(self._numbers)
        name = name or f"{role.value}-{number}"
        with self._database.write() as repos:
            user = repos.users.add(User(name=name, role=role, pseudonym=f"r-{number:08d}"))
            return Person(user.id, user.name, user.role)

    def admin(self, name: str = "") -> Person:
        return self.person(name, Role.ADMIN)

    def review_options(self, **values: Any) -> None:
        """Change some of `ReviewOptions`, and leave the others as they are."""
        with self._database.write() as repos:
            repos.options.set("review", {**(repos.options.get("review") or {}), **values}, None)

    def image(self, **values: Any) -> int:
        """The id of a new image."""
        with self._database.write() as repos:
            return repos.images.add(self._image(values)).id

    def item(
        self,
        state: ItemState = ItemState.IN_REVIEW,
        *,
        known: LabelValue | None = None,
        decided: bool = False,
        image: dict[str, Any] | None = None,
        **values: Any,
    ) -> int:
        """The id of a new item with an ``image`` of its own, moved to ``state`` as triage would.

        ``needed_labels`` also sets the open slots. ``decided``: with a decision of the log.
        """
        with self._database.write() as repos:
            (item_id,) = self._items(repos, state, [values], image or {})
            if known is not None:
                repos.known_labels.add(item_id, known, "factory.csv (row 1)", ACTOR)
        if decided:
            self.decision(item_id)
        return item_id

    def bring(self, item_id: int, state: ItemState, **values: Any) -> None:
        """As `bring`, in a transaction of its own."""
        with self._database.write() as repos:
            bring(repos, [item_id], state, **values)

    def items(
        self,
        n: int,
        state: ItemState = ItemState.IN_REVIEW,
        *,
        known: LabelValue | None = None,
        **values: Any,
    ) -> list[int]:
        """The ids of ``n`` items that differ only in image, name and rank (in that order)."""
        with self._database.write() as repos:
            given = [{"rank": float(rank), **values} for rank in range(n)]
            ids = self._items(repos, state, given, {})
            if known is not None:
                for item_id in ids:
                    repos.known_labels.add(item_id, known, "factory.csv (row 1)", ACTOR)
        return ids

    def checkpoint(self, checkpoint_id: str = "checkpoint-1") -> str:
        """The id of a checkpoint, made if need be."""
        with self._database.write() as repos:
            row = CheckpointRow(id=checkpoint_id, path="none", backbone_key="none", card={})
            repos.checkpoints.register(row)
        return checkpoint_id

    def policy(self, version: int = 1, state: str = "learning", **values: Any) -> int:
        """The version of a policy, made if need be."""
        checkpoint_id = self.checkpoint()
        document = learning_policy(
            checkpoint=checkpoint_id,
            head="variational",
            risk_limit=0.05,
            delta=0.1,
            audit_probability=0.05,
            version=version,
        ).to_json()
        columns = {"checkpoint_id": checkpoint_id, "document": document, "note": "", **values}
        with self._database.write() as repos:
            if repos.policies.get(version) is None:
                repos.policies.add(PolicyRow(version=version, state=state, **columns))
        return version

    def attempt(self, labels: str = "8 verdicts") -> None:
        """Somebody has tried to certify the checkpoint."""
        checkpoint_id = self.checkpoint()
        with self._database.write() as repos:
            repos.attempts.add(checkpoint_id, labels, ACTOR)

    def comparison(self, challenger: str = "checkpoint-2", **document: Any) -> None:
        """Somebody has compared a challenger with the checkpoint."""
        champion_id, challenger_id = self.checkpoint(), self.checkpoint(challenger)
        with self._database.write() as repos:
            repos.comparisons.add(champion_id, challenger_id, document, ACTOR)

    def decision(self, item_id: int, **values: Any) -> None:
        """A decision on the item, by policy 1 and for review unless told otherwise."""
        columns = {
            "item_id": item_id,
            "policy_version": self.policy(),
            "checkpoint_id": self.checkpoint(),
            "head": "variational",
            "route": "review",
            "reasons": ["cold_start"],
            "p_fake": 0.83,
            "std": 0.09,
            "entropy": 0.45,
            "mutual_information": 0.02,
            "score": values.get("p_fake", 0.83),
            "novelty": None,
            "mark": None,
            "audited": False,
            "audit_probability": 0.05,
            "inclusion_probability": 1.0,
            **values,
        }
        with self._database.write() as repos:
            repos.decisions.add_many([columns])

    def prediction(self, item_id: int, **values: Any) -> None:
        """What the variational head says of the item's image; its score is P(fake) unless given."""
        columns = {
            "checkpoint_id": self.checkpoint(),
            "head": "variational",
            "p_fake": 0.83,
            "std": 0.09,
            "entropy": 0.45,
            "mutual_information": 0.02,
            "score": values.get("p_fake", 0.83),
            "novelty": None,
            **values,
        }
        with self._database.write() as repos:
            item = repos.items.get(item_id)
            assert item is not None
            repos.predictions.add_many([{"image_id": item.image_id, **columns}])

    def label(self, person: Person, item_id: int, value: LabelValue, **values: Any) -> int:
        """The id of a label stored as it is, past the service: states and slots do not move."""
        columns = {
            "client_id": f"factory-{next(self._numbers)}",
            "item_id": item_id,
            "user_id": person.id,
            "value": value,
            "blind": True,
            **values,
        }
        with self._database.write() as repos:
            return repos.labels.add(Label(**columns)).id

    def second_look(self, item_id: int, label_id: int, probability: float = 0.1) -> None:
        """The item was drawn to be looked at again, once the label had settled it."""
        with self._database.write() as repos:
            repos.second_looks.add(item_id, label_id, probability)

    def correction(self, admin: Person, item_id: int, value: LabelValue, **values: Any) -> None:
        """A correction stored as it is, without any service."""
        columns = {"was": LabelValue.FAKE, "reason": "looked again", **values}
        with self._database.write() as repos:
            row = Correction(item_id=item_id, user_id=admin.id, value=value, **columns)
            repos.corrections.add(row)

    def _image(self, values: dict[str, Any]) -> Image:
        number = next(self._numbers)
        columns = {
            "sha256": hashlib.sha256(f"image {number}".encode()).hexdigest(),
            "n_bytes": 1000,
            "width": 320,
            "height": 240,
            "format": "PNG",
            "public_type": "image/png",
            "phash": number,
            "file_metadata": {},
            **values,
        }
        return Image(**columns)

    def _items(
        self,
        repos: Repositories,
        state: ItemState,
        values: Sequence[dict[str, Any]],
        of_image: dict[str, Any],
    ) -> list[int]:
        """One for each of ``values``: images, rows and steps are stored at once, not in turn."""
        images = [self._image(of_image) for _ in values]
        repos.session.add_all(images)
        repos.session.flush()
        items = [_item(image, given) for image, given in zip(images, values, strict=True)]
        repos.session.add_all(items)
        repos.session.flush()
        ids = [repos.items.add(item, ACTOR).id for item in items]
        bring(repos, ids, state)
        return ids


def _item(image: Image, values: dict[str, Any]) -> Item:
    needed = values.get("needed_labels", 1)
    columns = {"name": f"image-{image.id}.png", "open_slots": needed, **values}
    return Item(image_id=image.id, **columns)
