"""``/api/v1/webhooks``: have decisions told to a program, signed, in order, at least once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from review_app.core.errors import NotFoundError
from review_app.core.outgoing import MAX_LETTERS
from review_app.core.permissions import Permission, Person, TokenScope, require_scope
from review_app.i18n import ENGLISH, Language, Text, language_named
from review_app.notifications.messages import ALERTS, ITEMS
from review_app.notifications.subscriptions import (
    LISTED,
    MAX_NAME,
    MAX_OVERLAP,
    USUAL_OVERLAP,
    DeliveryView,
    NewSubscription,
    SubscriptionView,
)
from review_app.web.programs.callers import caller
from storage.enums import Channel, DeliveryState, Topic

if TYPE_CHECKING:
    from review_app.bootstrap import Application

WEBHOOKS = "/api/v1/webhooks"
_LARGEST_ID = 2**63 - 1
_MAX_CHOSEN = 100

Managing = Annotated[Person, Depends(caller(TokenScope.WEBHOOKS, Permission.MANAGE_NOTIFICATIONS))]
Number = Annotated[int, Path(ge=1, le=_LARGEST_ID, examples=[3])]


class NewWebhook(BaseModel):
    """A webhook that is asked for."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "newsroom", "address": "https://news.example/decided"}]
        },
    )

    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]
    address: Annotated[str, StringConstraints(min_length=1, max_length=MAX_LETTERS)]
    topics: list[Topic] = Field(list(ITEMS), min_length=1, max_length=len(Topic))
    all_images: bool = Field(
        False, description="Not only images that the caller's account added; needs images:read."
    )
    language: Annotated[Language, AfterValidator(language_named)] = ENGLISH


class Webhook(BaseModel):
    """A webhook. Its secret is shown when it is made or rotated, and never again."""

    webhook_id: int
    name: str
    address: str = Field(description="Its scheme and host: what follows may be a secret.")
    topics: list[Topic]
    added_by: str | None = Field(description="Whose images alone it hears of; null: of all.")
    made_by: str
    made_at: datetime
    cursor: int = Field(description="The last event that was looked at for it.")
    open: int = Field(description="Deliveries that wait.")
    dead: int = Field(description="Deliveries that were given up.")
    paused_at: datetime | None = Field(description="Since when it is told of nothing.")
    former_secret_until: datetime | None = Field(
        description="Until when its former secret signs, too."
    )


class SecretRotation(BaseModel):
    """How a webhook gets another secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    overlap_hours: float = Field(
        USUAL_OVERLAP,
        ge=0,
        le=MAX_OVERLAP,
        description="For how long the former secret signs, too; 0: no more from now on.",
    )


class WebhookMade(BaseModel):
    """A webhook that was just made or got another secret, which is shown this once."""

    webhook: Webhook
    secret: str


class WebhookList(BaseModel):
    """Webhooks, the oldest first."""

    webhooks: list[Webhook]


class WebhookDelivery(BaseModel):
    """The telling of one event."""

    delivery_id: int
    event: int = Field(description="The event's ``sequence``.")
    topic: Topic
    item_id: int | None
    at: datetime = Field(description="When it happened.")
    state: DeliveryState
    attempts: int
    due_at: datetime | None = Field(description="When it is tried next; null where it is not.")
    status: int | None = Field(description="What the receiver answered last.")
    error: str | None


class WebhookDeliveries(BaseModel):
    """Deliveries, the newest first."""

    deliveries: list[WebhookDelivery]


class ReplayFrom(BaseModel):
    """What is to be told again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: int = Field(0, ge=0, le=_LARGEST_ID, description="All that came behind this event.")


class DeadDeliveries(BaseModel):
    """What of that which was given up is meant, and what is to become of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deliveries: list[Annotated[int, Field(ge=1, le=_LARGEST_ID)]] = Field(
        [], max_length=_MAX_CHOSEN, description="None: all of them."
    )
    drop: bool = Field(False, description="Let them go, rather than try them again.")


class WebhookCount(BaseModel):
    """The number of events or deliveries that it was done to."""

    count: int


def webhooks_router(app: Application) -> APIRouter:
    """The routes, bound to ``app``."""
    router = APIRouter(prefix=WEBHOOKS, tags=["webhooks"])
    _add_making(router, app)
    _add_changing(router, app)
    _add_telling(router, app)
    return router


def _own(app: Application, person: Person, webhook_id: int) -> SubscriptionView:
    """A webhook that the caller may know of: a program's are those of its owner. Raises
    NotFoundError."""
    view = app.subscriptions.get(webhook_id)
    if not _may_know(person, view):
        raise NotFoundError(Text("alerts.no_such", {"subscription": str(webhook_id)}))
    return view


def _may_know(person: Person, view: SubscriptionView) -> bool:
    is_own = person.token is None or view.made_by == person.name
    return is_own and view.channel is Channel.WEBHOOK


def _add_making(router: APIRouter, app: Application) -> None:
    @router.post("")
    def add(body: NewWebhook, person: Managing) -> WebhookMade:
        """Have a program told from now on."""
        if body.all_images:
            require_scope(person, TokenScope.IMAGES_READ)
        if any(topic in ALERTS for topic in body.topics):
            require_scope(person, TokenScope.STATS)
        added_by = None if body.all_images else person.name
        wanted = NewSubscription(
            body.name, Channel.WEBHOOK, body.address, tuple(body.topics), added_by, body.language
        )
        made = app.subscriptions.add(wanted, person.name)
        assert made.secret is not None
        return WebhookMade(webhook=_webhook(made.view), secret=made.secret)

    @router.get("")
    def every(person: Managing) -> WebhookList:
        """List webhooks: a program's own, or all where an admin asks."""
        views = [one for one in app.subscriptions.all() if _may_know(person, one)]
        return WebhookList(webhooks=[_webhook(one) for one in views])

    @router.delete("/{webhook_id}")
    def remove(webhook_id: Number, person: Managing) -> Webhook:
        """End a webhook; what waits is let go."""
        view = _own(app, person, webhook_id)
        return _webhook(app.subscriptions.remove(view.id, person.name))


def _add_changing(router: APIRouter, app: Application) -> None:
    @router.post("/{webhook_id}/rotate")
    def rotate(webhook_id: Number, body: SecretRotation, person: Managing) -> WebhookMade:
        """Have a webhook sign with another secret, and for a time with both."""
        view = _own(app, person, webhook_id)
        made = app.subscriptions.rotate(view.id, person.name, body.overlap_hours)
        assert made.secret is not None
        return WebhookMade(webhook=_webhook(made.view), secret=made.secret)

    @router.post("/{webhook_id}/pause")
    def pause(webhook_id: Number, person: Managing) -> Webhook:
        """Tell nothing until it is resumed; what happens waits."""
        view = _own(app, person, webhook_id)
        return _webhook(app.subscriptions.pause(view.id, person.name))

    @router.post("/{webhook_id}/resume")
    def resume(webhook_id: Number, person: Managing) -> Webhook:
        """Tell what has waited, and go on."""
        view = _own(app, person, webhook_id)
        return _webhook(app.subscriptions.resume(view.id, person.name))


def _add_telling(router: APIRouter, app: Application) -> None:
    @router.get("/{webhook_id}/deliveries")
    def deliveries(
        webhook_id: Number,
        person: Managing,
        state: Annotated[DeliveryState | None, Query()] = None,
        n: Annotated[int, Query(ge=1, le=_MAX_CHOSEN)] = LISTED,
    ) -> WebhookDeliveries:
        """List what was told, and what was not."""
        view = _own(app, person, webhook_id)
        found = app.subscriptions.deliveries(view.id, n, state)
        return WebhookDeliveries(deliveries=[_delivery(one) for one in found])

    @router.post("/{webhook_id}/test")
    def test(webhook_id: Number, person: Managing) -> WebhookCount:
        """Have an event of the type ``test`` told, once."""
        app.subscriptions.test(_own(app, person, webhook_id).id)
        return WebhookCount(count=1)

    @router.post("/{webhook_id}/replay")
    def replay(webhook_id: Number, body: ReplayFrom, person: Managing) -> WebhookCount:
        """Have everything told again that came behind an event, in its order."""
        view = _own(app, person, webhook_id)
        return WebhookCount(count=app.subscriptions.replay(view.id, body.after))

    @router.post("/{webhook_id}/retry")
    def retry(webhook_id: Number, body: DeadDeliveries, person: Managing) -> WebhookCount:
        """Try again what was given up, or let it go."""
        view = _own(app, person, webhook_id)
        act = app.subscriptions.drop if body.drop else app.subscriptions.retry
        return WebhookCount(count=act(view.id, body.deliveries))


def _webhook(view: SubscriptionView) -> Webhook:
    return Webhook(
        webhook_id=view.id,
        name=view.name,
        address=view.address,
        topics=list(view.topics),
        added_by=view.added_by,
        made_by=view.made_by,
        made_at=view.made_at,
        cursor=view.cursor,
        open=view.backlog.open,
        dead=view.backlog.dead,
        paused_at=view.paused_at,
        former_secret_until=view.former_until,
    )


def _delivery(view: DeliveryView) -> WebhookDelivery:
    return WebhookDelivery(
        delivery_id=view.id,
        event=view.event,
        topic=view.topic,
        item_id=view.item_id,
        at=view.at,
        state=view.state,
        attempts=view.attempts,
        due_at=view.due_at,
        status=view.status,
        error=view.error,
    )
