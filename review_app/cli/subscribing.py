"""Parts that the commands about subscriptions share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from review_app.i18n import Language, language_named
from review_app.notifications.subscriptions import SubscriptionView

Number = Annotated[int, typer.Argument(help="Its number, as the list tells it.")]


def document(view: SubscriptionView) -> dict[str, object]:
    """A subscription for scripts."""
    return {
        "id": view.id,
        "name": view.name,
        "channel": view.channel.value,
        "address": view.address,
        "topics": [topic.value for topic in view.topics],
        "added_by": view.added_by,
        "made_by": view.made_by,
        "made_at": view.made_at.isoformat(),
        "cursor": view.cursor,
        "open": view.backlog.open,
        "dead": view.backlog.dead,
        "paused_at": _iso(view.paused_at),
        "former_secret_until": _iso(view.former_until),
    }


def line(view: SubscriptionView) -> str:
    """A subscription in a line."""
    counts = f"{view.backlog.open} wait, {view.backlog.dead} given up"
    paused = "" if view.paused_at is None else "  paused"
    return f"{view.id}  {view.name}  {view.channel} to {view.address}  {counts}{paused}"


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def known_language(tag: str) -> Language:
    """The language ``tag``. Raises ``typer.BadParameter`` where there is no such."""
    try:
        return language_named(tag)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
