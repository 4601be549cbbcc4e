"""The worker that delivers: a thread of the server, and one for each call that is under way.

Each round is one transaction: it keeps what came of calls, derives deliveries from new events, and
claims what is due; then the calls go out. Recipients have calls of their own, so one that is slow
or dead delays itself alone. What a killed process had claimed is due again when the claim runs out,
so everything is delivered at least once.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Final

from review_app.core.errors import StorageError
from review_app.i18n import language_named
from review_app.notifications.backoff import Backoff
from review_app.notifications.messages import Message, messages_of
from review_app.notifications.outcome import SendOutcome
from review_app.notifications.senders import Recipient, Sender
from storage.database import Database
from storage.enums import Channel, DeliveryState
from storage.models import SubscriptionRow
from storage.repositories import Repositories
from storage.repositories.outbox import Claimed
from storage.types import utc_now

LOOK: Final = 0.5
"""Seconds between two looks whether something is to be told."""
BETWEEN: Final = 0.02
"""Seconds between two rounds: what came of several calls is stored together, and whoever else
writes has the database in between."""
KEPT: Final = timedelta(days=30)
"""How long what was told is remembered, and can be told again; and how long what happens waits for
who is paused."""
FORGET_EVERY: Final = 3600.0
PATIENCE: Final = 2.0
"""Seconds that the end of the server waits for calls that are under way."""
_GRACE: Final = 5.0
"""Seconds beyond the longest call after which a claim has run out."""

_logger = logging.getLogger(__name__)


@dataclass
class _Lane:
    """The calls to one recipient."""

    under_way: int = 0
    not_before: float = 0.0


@dataclass(frozen=True)
class _OutgoingCall:
    """Deliveries that one call is to make."""

    to: Recipient
    sender: Sender
    claimed: Sequence[Claimed]


@dataclass
class _Round:
    """What a round has found to do."""

    calls: list[_OutgoingCall] = field(default_factory=list)
    more: bool = False
    """Whether there were more events than one round looks at."""


class DeliveryWorker:
    """Delivers what the outbox of one database holds. ``coin``: in [0, 1), spreads tries."""

    def __init__(
        self,
        database: Database,
        senders: Mapping[Channel, Sender],
        backoff: Backoff | None = None,
        look: float = LOOK,
        coin: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._senders = senders
        self._backoff = backoff or Backoff()
        self._look = look
        self._coin = coin
        self._lanes: dict[int, _Lane] = {}
        self._done: SimpleQueue[tuple[_OutgoingCall, SendOutcome]] = SimpleQueue()
        self._unsaved: list[tuple[_OutgoingCall, SendOutcome]] = []
        self._wake = threading.Event()
        self._closing = False
        self._forget_at = 0.0
        self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)

    def start(self) -> None:
        """Begin to deliver; nothing happens where nothing may be stored."""
        if not self._database.read_only:
            self._thread.start()

    def close(self) -> None:
        """Deliver no more; what is under way has a moment, and is tried again at the next start."""
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def _run(self) -> None:
        while not self._closing:
            self._wake.clear()
            if not self._safely(self._round):
                self._wake.wait(self._look)
            time.sleep(BETWEEN)
        self._end()

    def _end(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and any(lane.under_way for lane in self._lanes.values()):
            self._wake.clear()
            self._wake.wait(self._look)
            self._safely(self._keep_results)

    def _safely(self, work: Callable[[], bool]) -> bool:
        """What ``work`` returns; False where it failed, and is tried again at the next look."""
        try:
            return work()
        except StorageError:
            return False  # which is in the log, and on the admin's page
        except Exception:
            _logger.exception("the look at the outbox failed")
            return False

    def _round(self) -> bool:
        """Do what is to be done now; whether there is more."""
        results = self._results()
        if not results and not self._is_anything_due():
            return False
        found = _Round()
        with self._database.write(durable=False) as repos:
            now = utc_now()
            self._forget(repos, now)
            self._store(repos, results, now)
            for row in repos.subscriptions.told():
                found.more |= repos.outbox.fan_out(row, now)
                found.calls += self._claim(repos, row, now)
        self._unsaved = []
        self._begin(found.calls)
        return found.more

    def _keep_results(self) -> bool:
        """Keep what came of calls, and begin no more of them."""
        results = self._results()
        with self._database.write(durable=False) as repos:
            self._store(repos, results, utc_now())
        self._unsaved = []
        return False

    def _is_anything_due(self) -> bool:
        now = utc_now()
        with self._database.read() as repos:
            newest = repos.outbox.newest()
            return any(
                row.cursor < newest or (self._has_room(row) and repos.outbox.is_due(row.id, now))
                for row in repos.subscriptions.told()
            )

    def _results(self) -> list[tuple[_OutgoingCall, SendOutcome]]:
        """What came of calls and is not stored yet."""
        while True:
            try:
                call, outcome = self._done.get_nowait()
            except Empty:
                return self._unsaved
            self._lane(call.to.id).under_way -= 1
            self._unsaved.append((call, outcome))

    def _store(
        self,
        repos: Repositories,
        results: Sequence[tuple[_OutgoingCall, SendOutcome]],
        now: datetime,
    ) -> None:
        for call, outcome in results:
            for one in call.claimed:
                self._store_one(repos, one, outcome, now)

    def _store_one(
        self, repos: Repositories, one: Claimed, outcome: SendOutcome, now: datetime
    ) -> None:
        if outcome.error is None:
            repos.outbox.delivered(one.id, outcome.status, now)
            return
        told = (one.id, outcome.status, outcome.error)
        if one.is_test:  # somebody waits for what comes of this try
            repos.outbox.failed(*told, None, DeliveryState.DROPPED)
        else:
            repos.outbox.failed(*told, self._again(one, outcome, now))

    def _again(self, one: Claimed, outcome: SendOutcome, now: datetime) -> datetime | None:
        pause = self._backoff.pause(one.attempts, self._coin(), outcome.retry_after)
        return None if pause is None else now + timedelta(seconds=pause)

    def _claim(
        self, repos: Repositories, row: SubscriptionRow, now: datetime
    ) -> list[_OutgoingCall]:
        sender, to = self._senders[row.channel], _recipient(row, now)
        if not self._has_room(row):
            return []
        manner, lane = sender.manner, self._lane(row.id)
        most = manner.together * (manner.at_once - lane.under_way)
        until = now + timedelta(seconds=manner.seconds + _GRACE)
        claimed = repos.outbox.claim(row.id, now, until, most)
        parts = range(0, len(claimed), manner.together)
        return [_OutgoingCall(to, sender, claimed[at : at + manner.together]) for at in parts]

    def _has_room(self, row: SubscriptionRow) -> bool:
        lane = self._lane(row.id)
        free = lane.under_way < self._senders[row.channel].manner.at_once
        return free and time.monotonic() >= lane.not_before

    def _lane(self, subscription_id: int) -> _Lane:
        return self._lanes.setdefault(subscription_id, _Lane())

    def _forget(self, repos: Repositories, now: datetime) -> None:
        if time.monotonic() >= self._forget_at:
            for row in repos.subscriptions.paused():
                if n := repos.outbox.pass_by(row, now - KEPT):
                    _logger.warning("%d events waited for subscription %d too long", n, row.id)
            repos.outbox.forget(now - KEPT)
            self._forget_at = time.monotonic() + FORGET_EVERY

    def _begin(self, calls: Sequence[_OutgoingCall]) -> None:
        if not calls:
            return
        events = [one.event for call in calls for one in call.claimed]
        with self._database.read() as repos:
            messages = {message.number: message for message in messages_of(repos, events)}
        for call in calls:
            lane = self._lane(call.to.id)
            lane.under_way += 1
            lane.not_before = time.monotonic() + call.sender.manner.pause
            told = [messages[one.event.id] for one in call.claimed]
            name = f"deliver-{call.to.id}"
            threading.Thread(target=self._make, args=[call, told], name=name, daemon=True).start()

    def _make(self, call: _OutgoingCall, messages: Sequence[Message]) -> None:
        try:
            outcome = call.sender.send(call.to, messages)
        except Exception as error:  # a fault of ours must not keep the lane busy for ever
            _logger.exception("a call to subscription %d failed", call.to.id)
            outcome = SendOutcome(f"the call failed ({type(error).__name__})")
        self._done.put((call, outcome))
        self._wake.set()


def _recipient(row: SubscriptionRow, now: datetime) -> Recipient:
    return Recipient(row.id, row.name, row.address, _salts(row, now), language_named(row.language))


def _salts(row: SubscriptionRow, now: datetime) -> tuple[str, ...]:
    """What it signs by ``now``: for a time after a rotation by two."""
    if row.former_salt is None or row.former_until is None or row.former_until <= now:
        return (row.salt,)
    return (row.salt, row.former_salt)
