"""The asynchronous client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import httpx

from review_app.client import calls
from review_app.client.calls import Added, ApiCall, GivenFile, ImageDecision, Page, WebhookView


class AsyncApiClient:
    """Calls the API in the name of a token. What fails for the moment is sent again, up to
    ``retries`` times, and done once: each call has an idempotency key.

    ``transport``: how to reach the server, where not over the network. Every method raises
    ``ApiProblem`` where the server refuses, and ``httpx.TransportError`` where it is not reached.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        retries: int = 5,
        timeout: float = calls.LONGEST_WAIT + 30,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=address,
            headers={"authorization": f"Bearer {token}"},
            timeout=timeout,
            transport=transport,
        )
        self._retries = retries

    async def __aenter__(self) -> AsyncApiClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def add(self, files: Sequence[GivenFile], source: str | None = None) -> list[Added]:
        """Add up to 20 images; what became of each, in order."""
        return calls.added_of(await self._json(calls.adding(files, source)))

    async def add_addresses(
        self, addresses: Sequence[str], source: str | None = None
    ) -> list[Added]:
        """Have the server fetch images, where its admin allows that."""
        return calls.added_of(await self._json(calls.fetching(addresses, source)))

    async def get(self, item_id: int) -> ImageDecision:
        """How an image stands."""
        return calls.told_as(ImageDecision, await self._json(calls.reading(item_id)))

    async def wait(self, item_id: int, seconds: float = 300) -> ImageDecision:
        """How an image stands once it is settled, or after so many seconds."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            standing = calls.told_as(ImageDecision, await self._json(calls.waiting(item_id, left)))
            if standing.settled or time.monotonic() >= until:
                return standing

    async def page(
        self, *, below: int | None = None, n: int = 50, state: str | None = None, text: str = ""
    ) -> Page:
        """A page of images, the newest first; ``below``: `Page.older` of the page before."""
        return calls.page_of(await self._json(calls.listing(below, n=n, state=state, text=text)))

    async def label(self, item_id: int, value: str, comment: str = "") -> None:
        """Keep an answer on an image, beside those of the queue: it settles nothing."""
        await self._json(calls.labelling(item_id, value, comment))

    async def correct(self, item_id: int, value: str, reason: str) -> None:
        """Put a verdict right that is final."""
        await self._json(calls.correcting(item_id, value, reason))

    async def add_webhook(
        self,
        name: str,
        address: str,
        topics: Sequence[str] | None = None,
        *,
        all_images: bool = False,
    ) -> tuple[WebhookView, str]:
        """Have what is decided told to ``address`` from now on: the webhook, and the secret for
        `verify_signature`, which is told this once. ``topics``: None for all that happens to
        images; ``all_images``: not only those that the token's owner added."""
        call = calls.subscribing(name, address, topics, all_images=all_images)
        return calls.made_of(await self._json(call))

    async def webhooks(self) -> list[WebhookView]:
        """The webhooks that the token's owner made."""
        return calls.webhooks_of(await self._json(calls.listing_webhooks()))

    async def remove_webhook(self, webhook_id: int) -> WebhookView:
        """End a webhook; what waits is let go."""
        return calls.webhook_of(await self._json(calls.unsubscribing(webhook_id)))

    async def rotate_webhook(
        self, webhook_id: int, overlap_hours: float = 24
    ) -> tuple[WebhookView, str]:
        """Have a webhook sign with another secret, which is told this once; for so many hours, up
        to a week, the former one signs, too."""
        return calls.made_of(await self._json(calls.rotating(webhook_id, overlap_hours)))

    async def pause_webhook(self, webhook_id: int) -> WebhookView:
        """Tell a webhook nothing until it is resumed; what happens waits."""
        return calls.webhook_of(await self._json(calls.pausing(webhook_id)))

    async def resume_webhook(self, webhook_id: int) -> WebhookView:
        """Tell a webhook what has waited, and go on."""
        return calls.webhook_of(await self._json(calls.resuming(webhook_id)))

    async def replay_webhook(self, webhook_id: int, after: int = 0) -> int:
        """Have everything told again that came behind the event ``after``, a ``sequence``; how
        many events."""
        count: int = (await self._json(calls.replaying(webhook_id, after)))["count"]
        return count

    async def statistics(self) -> dict[str, Any]:
        """Counts of the queue now."""
        document: dict[str, Any] = await self._json(ApiCall("GET", "/api/v1/statistics"))
        return document

    async def _json(self, call: ApiCall) -> Any:
        for pause in (*calls.pauses(self._retries), None):
            answer = await self._sent(call, last=pause is None)
            wait = None if pause is None else calls.pause_before_next(answer, pause)
            if wait is None and answer is not None:
                return calls.require_good(answer).json()
            await asyncio.sleep(wait or 0.0)
        raise AssertionError("the last try gives an answer, or raises")

    async def _sent(self, call: ApiCall, *, last: bool) -> httpx.Response | None:
        """The answer; None where the line broke, and it may be tried again."""
        try:
            return await self._http.request(
                call.method, call.path, headers=call.headers, **call.more
            )
        except httpx.TransportError:
            if last:
                raise
            return None
