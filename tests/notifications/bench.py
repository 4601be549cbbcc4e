"""Subscriptions and a worker over a database, with pauses of hundredths of a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from review_app.notifications.backoff import Backoff
from review_app.notifications.messages import ITEMS
from review_app.notifications.senders import Sender, SlackSender, WebhookSender
from review_app.notifications.subscriptions import (
    DeliveryView,
    MadeSubscription,
    NewSubscription,
    SubscriptionService,
)
from review_app.notifications.webhooks import WebhookCaller
from review_app.notifications.worker import DeliveryWorker
from storage.database import Database
from storage.enums import AuditKind, Channel, DeliveryState, ItemState, LabelValue, Topic
from storage.repositories.items import Move
from tests.notifications.receiver import caller

SECRET = b"s" * 32
QUICK = Backoff(first=0.02, factor=2, longest=0.1, attempts=4)


class TellingBench:
    """Tells what happens in one database."""

    def __init__(self, database: Database, calling: WebhookCaller | None = None) -> None:
        self.database = database
        self.caller = calling or caller()
        self.service = SubscriptionService(database, SECRET, self.caller, mails=True)
        self.workers: list[DeliveryWorker] = []

    def subscribe(
        self,
        address: str,
        topics: Sequence[Topic] = ITEMS,
        channel: Channel = Channel.WEBHOOK,
        **more: Any,
    ) -> MadeSubscription:
        wanted = NewSubscription("hook", channel, address, tuple(topics), **more)
        return self.service.add(wanted, "root")

    def work(self, backoff: Backoff = QUICK, **senders: Sender) -> DeliveryWorker:
        """A worker that has been started."""
        known: dict[Channel, Sender] = {
            Channel.WEBHOOK: WebhookSender(self.caller, SECRET),
            Channel.SLACK: SlackSender(self.caller),
        }
        known |= {Channel(name): sender for name, sender in senders.items()}
        worker = DeliveryWorker(self.database, known, backoff, look=0.02, coin=lambda: 0.0)
        worker.start()
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        for worker in self.workers:
            worker.close()

    def resolve(self, item_id: int, verdict: LabelValue, kind: AuditKind) -> None:
        """Settle an item that is in review, or resolved."""
        with self.database.write() as repos:
            item = repos.items.get(item_id)
            assert item is not None
            repos.items.settle("ada", item, ItemState.RESOLVED, verdict, None, kind, {})

    def reopen(self, item_id: int) -> None:
        with self.database.write() as repos:
            item = repos.items.get(item_id)
            assert item is not None
            undone = AuditKind.UNDONE
            repos.items.settle("ada", item, ItemState.IN_REVIEW, None, None, undone, {})

    def escalate(self, item_id: int) -> None:
        with self.database.write() as repos:
            move = Move(item_id, ItemState.ESCALATED, AuditKind.LABELLED)
            repos.items.move("ada", [move])

    def settle_and_reopen(self, item_id: int, times: int) -> None:
        """Two events for each time."""
        for _ in range(times):
            self.resolve(item_id, LabelValue.FAKE, AuditKind.LABELLED)
            self.reopen(item_id)

    def deliveries(self, subscription_id: int = 1) -> list[DeliveryView]:
        """The deliveries, the oldest first."""
        return self.service.deliveries(subscription_id)[::-1]

    def states(self, subscription_id: int = 1) -> list[DeliveryState]:
        return [one.state for one in self.deliveries(subscription_id)]
