"""Ways of telling: to an address, in one call for one event or for several."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from review_app.i18n import Language, use_language
from review_app.notifications.messages import Message
from review_app.notifications.outcome import SendOutcome
from review_app.notifications.signing import signed_headers, signing_secret
from review_app.notifications.webhooks import WebhookCaller


@dataclass(frozen=True)
class Recipient:
    """Whom something is sent to."""

    id: int
    name: str
    address: str
    salts: tuple[str, ...]
    """What the secrets are derived from that sign what it is told, the newest first."""
    language: Language


@dataclass(frozen=True)
class Manner:
    """How much a way of telling takes at once."""

    at_once: int = 1
    """Calls to one recipient at a time."""
    together: int = 1
    """Events of one call."""
    pause: float = 0
    """Seconds between the beginnings of two calls to one recipient."""
    seconds: float = 10
    """The longest that a call takes."""


class Sender(Protocol):
    """A way of telling."""

    manner: Manner

    def send(self, to: Recipient, messages: Sequence[Message]) -> SendOutcome:
        """Tell ``messages`` in one call; what came of it. Never raises."""
        ...


class WebhookSender:
    """Signed calls. ``deployment``: the secret that those of subscriptions are derived from."""

    def __init__(self, caller: WebhookCaller, deployment: bytes) -> None:
        self.manner = Manner(at_once=8, seconds=caller.seconds)
        self._caller = caller
        self._deployment = deployment

    def send(self, to: Recipient, messages: Sequence[Message]) -> SendOutcome:
        """Tell one message."""
        (message,) = messages
        body = message.body()
        secrets = [signing_secret(self._deployment, salt) for salt in to.salts]
        headers = signed_headers(secrets, message.id, int(time.time()), body)
        return self._caller.post(to.address, headers, body)


class SlackSender:
    """Sentences for people, in the form of Slack's incoming webhooks: one a second at most."""

    def __init__(self, caller: WebhookCaller) -> None:
        self.manner = Manner(pause=1, seconds=caller.seconds)
        self._caller = caller

    def send(self, to: Recipient, messages: Sequence[Message]) -> SendOutcome:
        """Tell one message."""
        (message,) = messages
        with use_language(to.language):
            text = message.line
        plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return self._caller.post(to.address, {}, json.dumps({"text": plain}).encode())
