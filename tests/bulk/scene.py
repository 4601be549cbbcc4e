"""A queue, and short ways to have something done to many of its images."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from review_app.bulk.order import BulkOrder, ImageSelection
from review_app.bulk.purging import PurgeSchedule
from review_app.bulk.service import BulkPreview, BulkService
from review_app.core.permissions import Person
from review_app.durability import integrity
from review_app.intake.store import MediaStore
from storage.database import Database
from storage.enums import BulkKind, ItemState, LabelValue
from storage.models import Item
from storage.types import utc_now
from tests.factories import Factory
from tests.migrations.snapshots import rows

CERTIFIED = 2


@dataclass
class Scene:
    """``root`` acts; every chunk is as large as the test says."""

    database: Database
    factory: Factory
    root: Person
    service: BulkService
    media: MediaStore

    def certify(self) -> None:
        """From now on a certified policy is in force."""
        self.factory.policy(1)
        self.factory.policy(CERTIFIED, "certified")

    def decided(
        self, n: int, state: ItemState, policy: int = CERTIFIED, audited: int = 0, **values: Any
    ) -> list[int]:
        """``n`` items in a state, the first ``audited`` of them drawn for an audit."""
        ids = self.factory.items(n, state, **values)
        route = "accept_real" if state is ItemState.AUTO_ACCEPTED else "review"
        for at, item_id in enumerate(ids):
            drawn = {"audited": True, "proposal": "accept_real"} if at < audited else {}
            self.factory.decision(item_id, policy_version=policy, route=route, **drawn)
        return ids

    def order(self, kind: BulkKind, picked: list[int] | None = None, **more: Any) -> BulkOrder:
        filters = more.pop("filters", {})
        picks = None if picked is None else tuple(picked)
        return BulkOrder(kind, ImageSelection(filters=filters, picked=picks), **more)

    def preview(self, kind: BulkKind, picked: list[int] | None = None, **more: Any) -> BulkPreview:
        return self.service.preview(self.root, self.order(kind, picked, **more))

    def act(self, kind: BulkKind, picked: list[int] | None = None, **more: Any) -> int:
        """Have it done; the action's number."""
        order = self.order(kind, picked, **more)
        action = self.service.ask(self.root, order, in_background=False)
        return self.run(action.id)

    def undo(self, number: int) -> int:
        return self.run(self.service.undo(self.root, number, in_background=False).id)

    def purge(self) -> list[int]:
        """Have the files go that are due; the numbers of the actions that see to it."""
        due = PurgeSchedule(self.database).ask_if_due(utc_now(), in_background=False)
        return [self.run(action.id) for action in due]

    def run(self, number: int) -> int:
        self.service.run(number, lambda _done, _total: None)
        return number

    def touched(self, number: int) -> int:
        with self.database.read() as repos:
            action = repos.bulk_actions.get(number)
            assert action is not None
            return action.touched

    def item(self, item_id: int) -> Item:
        with self.database.read() as repos:
            item = repos.items.get(item_id)
            assert item is not None
            return item

    def states(self, ids: list[int]) -> Counter[ItemState]:
        return Counter(self.item(item_id).state for item_id in ids)

    def known(self, value: LabelValue = LabelValue.FAKE) -> int:
        """A settled image whose known label counts for certificates."""
        settled = ItemState.RESOLVED
        item_id = self.factory.item(settled, known=value, verdict=value, decided=True)
        self.factory.prediction(item_id)
        return item_id

    def as_it_was(self) -> dict[str, Any]:
        """The rows that an action and its undo leave as they were."""
        found = rows(self.database)
        marks = ("assignment", "item_tag", "archived_item", "deletion", "tombstone")
        kept = ("item", "image", "queue_place", "label", "claim", *marks)
        return {table: found[table] for table in kept}

    def faults(self) -> list[str]:
        """What a check of the database finds; but for verdicts, which the factory tells no log."""
        found = [finding.text for finding in integrity.check(self.database).findings]
        return [text for text in found if not text.endswith("(verdict)")]
