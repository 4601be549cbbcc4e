"""What is told: the facts of an event, as programs and as people read them.

Of an image that is with people nothing of the detector's is told, nor what others said, as
`records.standing` has it: whoever reads it may be handed the image next.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review_app.i18n import t
from review_app.records.search import display_name
from storage.enums import ACCEPTED_AS, ItemState, LabelValue, Topic
from storage.models import DecisionRow, OutboxEvent
from storage.repositories import Repositories
from storage.repositories.outbox import ToldItem
from storage.states import WITH_PEOPLE

_SCORES = ("p_fake", "std", "score", "novelty", "policy_version")


@dataclass(frozen=True)
class Message:
    """An event, ready to be told."""

    number: int
    """Counts up: of two about the same image, the one with the larger number came later."""
    topic: Topic
    at: datetime
    data: dict[str, Any]

    @property
    def id(self) -> str:
        """The same at every try and at every replay, so that a receiver can tell what it has."""
        return f"evt_{self.number}"

    def body(self) -> bytes:
        """What programs are sent."""
        told = {"id": self.id, "sequence": self.number, "type": self.topic}
        document = {**told, "timestamp": self.at.isoformat(), "data": self.data}
        return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()

    @property
    def line(self) -> str:
        """What people read of it, in the language in use."""
        if self.topic is Topic.TEST:
            return t("alerts.test")
        if self.topic in ALERTS:
            return alert_line(self.topic, self.data["status"], self.data["facts"])
        verdict = self.data["verdict"] or "none"
        told = {"name": self.data["name"], "verdict": t(f"alerts.verdict_{verdict}")}
        return t(f"alerts.told_{self.topic.partition('.')[2]}", **told)


ITEMS = tuple(topic for topic in Topic if topic.startswith("item."))
"""Topics about what becomes of images."""
ALERTS = tuple(topic for topic in Topic if topic.startswith("alert."))
"""Topics about what needs an admin."""


def alert_line(topic: Topic, status: str, facts: dict[str, Any]) -> str:
    """A sentence about something that needs an admin, and what to do; or that it is over."""
    name = topic.partition(".")[2]
    words = t(f"alerts.{name}", **facts)
    if status == "settled":
        return t("alerts.settled", words=words)
    return f"{words} {t(f'alerts.{name}_do')}"


def messages_of(repos: Repositories, events: Sequence[OutboxEvent]) -> list[Message]:
    """What is told of ``events``, in their order."""
    items = repos.outbox.with_items([event for event in events if event.item_id is not None])
    return [
        Message(
            event.id,
            event.topic,
            event.at,
            item_data(items[event.id]) if event.id in items else dict(event.document or {}),
        )
        for event in events
    ]


def item_data(told: ToldItem) -> dict[str, Any]:
    """What is told of an image: how it stood when it happened, whatever it is by now."""
    event, item = told.event, told.item
    blind = event.state in WITH_PEOPLE
    verdict = None if blind else _verdict(event, told.decision)
    final = (event.final_at or event.at).isoformat() if verdict is not None else None
    scores = {name: getattr(told.decision, name, None) for name in _SCORES}
    return {
        "item_id": item.id,
        "name": display_name(item),
        "sha256": item.image.sha256,
        "source": item.source,
        "state": event.state,
        "verdict": verdict,
        "final_at": final,
        "certified": None if blind else event.state is ItemState.AUTO_ACCEPTED,
        **(dict.fromkeys(_SCORES) if blind else scores),
    }


def _verdict(event: OutboxEvent, decision: DecisionRow | None) -> LabelValue | None:
    if event.verdict is None and event.state is ItemState.AUTO_ACCEPTED and decision is not None:
        return ACCEPTED_AS.get(decision.route)
    return event.verdict
