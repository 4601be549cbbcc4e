"""Who is told of what: made, listed and ended by admins; and what became of the telling."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from review_app.core.errors import ConflictError, InputError, NotFoundError, QuotaError
from review_app.core.outgoing import split_address
from review_app.i18n import ENGLISH, Language, Text
from review_app.notifications.messages import ALERTS, ITEMS
from review_app.notifications.signing import signing_secret
from review_app.notifications.webhooks import WebhookCaller
from review_app.people.accounts import normal
from storage.database import Database
from storage.enums import Channel, DeliveryState, Topic
from storage.models import OutboxDelivery, OutboxEvent, SubscriptionRow
from storage.repositories import Repositories
from storage.repositories.outbox import DeliveryBacklog
from storage.types import utc_now

MAX_NAME = 80
MAX_SUBSCRIPTIONS = 50
"""Live ones: each may have several calls under way."""
MAX_ADDRESS = 2000
USUAL_OVERLAP, MAX_OVERLAP = 24.0, 24.0 * 7
"""Hours in which a webhook's former secret signs beside the new one."""
LISTED = 50
"""Deliveries that are shown of a subscription."""
_MAIL_ADDRESS = re.compile(r"[^@\s<>,;:\"()]{1,64}@[^@\s<>,;:\"()]{1,255}")


@dataclass(frozen=True)
class NewSubscription:
    """What an admin asks for. ``added_by``: whose images alone it is to hear of."""

    name: str
    channel: Channel
    address: str
    topics: tuple[Topic, ...]
    added_by: str | None = None
    language: Language = ENGLISH


@dataclass(frozen=True)
class SubscriptionView:
    """A subscription as admins see it: never its secret, and of its address what holds none."""

    id: int
    name: str
    channel: Channel
    address: str
    topics: tuple[Topic, ...]
    added_by: str | None
    language: str
    made_by: str
    made_at: datetime
    cursor: int
    """The last event that was looked at for it."""
    backlog: DeliveryBacklog
    paused_at: datetime | None
    """The time since which it is told of nothing; None where it is told."""
    former_until: datetime | None
    """The time until which its former secret signs, too; None where only its secret does."""


@dataclass(frozen=True)
class MadeSubscription:
    """A subscription that was just made; ``secret``, which signs what it is told, is shown this
    once. None where nothing is signed."""

    view: SubscriptionView
    secret: str | None


@dataclass(frozen=True)
class DeliveryView:
    """The telling of one event, as admins see it."""

    id: int
    event: int
    topic: Topic
    item_id: int | None
    at: datetime
    state: DeliveryState
    attempts: int
    due_at: datetime | None
    """The time of the next try; None where there is none."""
    status: int | None
    error: str | None


class SubscriptionService:
    """The subscriptions of one database. ``deployment``: the secret that theirs are derived from;
    ``mails``: whether mail is set up."""

    def __init__(
        self, database: Database, deployment: bytes, caller: WebhookCaller, mails: bool
    ) -> None:
        self._database = database
        self._deployment = deployment
        self._caller = caller
        self.mails = mails

    def add(self, wanted: NewSubscription, actor: str) -> MadeSubscription:
        """Have somebody or something told from now on.

        Raises:
            InputError: the name, the address or the topics cannot be used so.
            QuotaError: there are as many as there may be.
        """
        name = self._checked(wanted)
        with self._database.write() as repos:
            if len(repos.subscriptions.live()) >= MAX_SUBSCRIPTIONS:
                raise QuotaError(Text("alerts.too_many", {"n": MAX_SUBSCRIPTIONS}))
            row = SubscriptionRow(
                id=repos.subscriptions.next_id(),
                name=name,
                channel=wanted.channel,
                address=wanted.address.strip(),
                topics=[topic.value for topic in Topic if topic in wanted.topics],
                added_by=wanted.added_by,
                language=wanted.language,
                salt=secrets.token_hex(32),
                hears_items=any(topic in ITEMS for topic in wanted.topics),
                cursor=repos.outbox.newest(),
            )
            repos.subscriptions.add(row, actor)
            signed = wanted.channel is Channel.WEBHOOK
            secret = signing_secret(self._deployment, row.salt) if signed else None
            return MadeSubscription(_view(repos, row), secret)

    def all(self) -> list[SubscriptionView]:
        """Every subscription that has not ended."""
        with self._database.read() as repos:
            return [_view(repos, row) for row in repos.subscriptions.live()]

    def get(self, subscription_id: int) -> SubscriptionView:
        """The subscription of this number. Raises NotFoundError."""
        with self._database.read() as repos:
            return _view(repos, _found(repos, subscription_id))

    def remove(self, subscription_id: int, actor: str) -> SubscriptionView:
        """End a subscription: nothing is told any more, what waits is let go. Raises
        NotFoundError."""
        with self._database.write() as repos:
            row = _found(repos, subscription_id)
            view = _view(repos, row)
            repos.outbox.drop_all(row.id, utc_now())
            repos.subscriptions.end(_found(repos, subscription_id), actor)
            return view

    def rotate(
        self, subscription_id: int, actor: str, overlap_hours: float = USUAL_OVERLAP
    ) -> MadeSubscription:
        """Give a webhook another secret; the one before signs, too, for so many hours.

        Raises:
            NotFoundError: there is no such subscription.
            InputError: the hours are not between 0 and `MAX_OVERLAP`.
            ConflictError: it is no webhook; or three secrets would sign, unless both former ones
                are to end now.
        """
        if not 0 <= overlap_hours <= MAX_OVERLAP:
            raise InputError(Text("alerts.overlap", {"most": f"{MAX_OVERLAP:g}"}))
        now = utc_now()
        with self._database.write() as repos:
            row = _found(repos, subscription_id)
            if row.channel is not Channel.WEBHOOK:
                raise ConflictError(Text("alerts.not_signed"))
            if overlap_hours and _former_until(row, now) is not None:
                raise ConflictError(Text("alerts.rotated_lately"))
            until = now + timedelta(hours=overlap_hours) if overlap_hours else None
            repos.subscriptions.rotate(row, secrets.token_hex(32), until, actor)
            secret = signing_secret(self._deployment, row.salt)
            return MadeSubscription(_view(repos, row), secret)

    def pause(self, subscription_id: int, actor: str) -> SubscriptionView:
        """Tell nothing from now on but what is under way; what happens waits. Pausing twice is no
        mistake. Raises NotFoundError."""
        with self._database.write() as repos:
            row = _found(repos, subscription_id)
            if row.paused_at is None:
                repos.subscriptions.pause(row, actor)
            return _view(repos, row)

    def resume(self, subscription_id: int, actor: str) -> SubscriptionView:
        """Tell what has waited, and go on. Raises NotFoundError."""
        with self._database.write() as repos:
            row = _found(repos, subscription_id)
            if row.paused_at is not None:
                repos.subscriptions.resume(row, actor)
            return _view(repos, row)

    def test(self, subscription_id: int) -> int:
        """Have a message told that tells nothing; the number of its delivery. Raises
        NotFoundError, and ConflictError where nothing is told for now."""
        with self._database.write() as repos:
            row = _found(repos, subscription_id)
            if row.paused_at is not None:
                raise ConflictError(Text("alerts.is_paused"))
            now = utc_now()
            event = repos.outbox.add(Topic.TEST, f"test:{row.id}", {"test": True}, now)
            return repos.outbox.add_for(row, event)

    def replay(self, subscription_id: int, after: int) -> int:
        """Have everything told again that came behind event ``after``; how many events. Raises
        NotFoundError."""
        with self._database.read() as repos:  # which may take a while, and holds nobody up
            n = repos.outbox.heard_after(_found(repos, subscription_id), after)
        with self._database.write() as repos:
            repos.outbox.replay(_found(repos, subscription_id), after)
        return n

    def retry(self, subscription_id: int, ids: Collection[int] = ()) -> int:
        """Try again what is dead, all of it or the deliveries ``ids``; how many. Raises
        NotFoundError."""
        with self._database.write() as repos:
            return repos.outbox.retry(_found(repos, subscription_id).id, utc_now(), ids)

    def drop(self, subscription_id: int, ids: Collection[int] = ()) -> int:
        """Let go what is dead, all of it or the deliveries ``ids``: what came after it on the same
        images is told then; how many. Raises NotFoundError."""
        with self._database.write() as repos:
            return repos.outbox.drop(_found(repos, subscription_id).id, utc_now(), ids)

    def deliveries(
        self, subscription_id: int, most: int = LISTED, state: DeliveryState | None = None
    ) -> list[DeliveryView]:
        """The newest deliveries, the newest first. Raises NotFoundError."""
        with self._database.read() as repos:
            rows = repos.outbox.recent(_found(repos, subscription_id).id, most, state)
            return [_delivery(row, event) for row, event in rows]

    def delivery(self, delivery_id: int) -> tuple[DeliveryState, str | None]:
        """How one delivery stands, and what went wrong last. Raises NotFoundError."""
        with self._database.read() as repos:
            row = repos.outbox.get(delivery_id)
            if row is None:
                raise NotFoundError(Text("alerts.no_such_delivery", {"delivery": str(delivery_id)}))
            return row.state, row.error

    def _checked(self, wanted: NewSubscription) -> str:
        """The name. Raises InputError."""
        name = normal(wanted.name)
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
            raise InputError(Text("alerts.name_length"))
        allowed = (*ITEMS, *ALERTS) if wanted.channel is Channel.WEBHOOK else ALERTS
        if not wanted.topics or not set(wanted.topics) <= set(allowed):
            raise InputError(Text(f"alerts.choose_{wanted.channel}"))
        self._check_address(wanted.channel, wanted.address.strip())
        return name

    def _check_address(self, channel: Channel, address: str) -> None:
        if channel is not Channel.MAIL:
            self._caller.check(address)
            return
        if not self.mails:
            raise ConflictError(Text("alerts.mail_is_off"))
        if not (address.isascii() and _MAIL_ADDRESS.fullmatch(address)):
            raise InputError(Text("alerts.no_mail_address"))


def shown_address(channel: Channel, address: str) -> str:
    """What may be shown of an address: of a web address its host, as what follows may be a
    secret."""
    if channel is Channel.MAIL or not address:
        return address
    parts, _ = split_address(address)
    return f"{parts.scheme}://{parts.netloc}/…"


def _found(repos: Repositories, subscription_id: int) -> SubscriptionRow:
    row = repos.subscriptions.get(subscription_id)
    if row is None:
        raise NotFoundError(Text("alerts.no_such", {"subscription": str(subscription_id)}))
    return row


def _view(repos: Repositories, row: SubscriptionRow) -> SubscriptionView:
    return SubscriptionView(
        id=row.id,
        name=row.name,
        channel=row.channel,
        address=shown_address(row.channel, row.address),
        topics=tuple(map(Topic, row.topics)),
        added_by=row.added_by,
        language=row.language,
        made_by=row.made_by,
        made_at=row.made_at,
        cursor=row.cursor,
        backlog=repos.outbox.backlog(row.id),
        paused_at=row.paused_at,
        former_until=_former_until(row, utc_now()),
    )


def _former_until(row: SubscriptionRow, now: datetime) -> datetime | None:
    """The time until which a former secret signs; None where none does."""
    is_over = row.former_until is None or row.former_until <= now
    return None if is_over else row.former_until


def _delivery(row: OutboxDelivery, event: OutboxEvent) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        event=event.id,
        topic=event.topic,
        item_id=event.item_id,
        at=event.at,
        state=row.state,
        attempts=row.attempts,
        due_at=row.due_at if row.state is DeliveryState.WAITING else None,
        status=row.status,
        error=row.error,
    )
