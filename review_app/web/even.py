"""Replies that come at even times, so that how long something took tells nothing.

An answer on a known image moves no item, and so is stored sooner; what others have looked at is
drawn sooner. While known images or second looks are mixed in, replies to reviewers leave at
multiples of `GRID` after their requests came, which is longer than any of these takes on a server
that is not flooded.
Nobody waits for it: the page asks for images ahead, and answers travel behind.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from review_app.bootstrap import Application

GRID = 0.05
"""The seconds between the times at which replies leave."""
LOOK_AGAIN = 2.0
"""Seconds after which it is looked up again whether known images are mixed in."""
_PATHS = ("/api/v1/review/", "/media/")


class EvenReplies:
    """The ASGI middleware that makes replies even."""

    def __init__(self, app: ASGIApp, application: Application) -> None:
        self._app = app
        self._application = application
        self._mixes = False
        self._looked = -math.inf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; while known images are mixed in, a reply starts at the next step."""
        came = time.monotonic()
        if scope["type"] != "http" or not scope["path"].startswith(_PATHS):
            await self._app(scope, receive, send)
            return
        if not await self._mixes_known_images(came):
            await self._app(scope, receive, send)
            return

        async def send_evenly(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = time.monotonic() - came
                await asyncio.sleep(math.ceil(took / GRID) * GRID - took)
            await send(message)

        await self._app(scope, receive, send_evenly)

    async def _mixes_known_images(self, now: float) -> bool:
        if now - self._looked > LOOK_AGAIN:
            self._looked = now
            self._mixes = await run_sync(self._look)
        return self._mixes

    def _look(self) -> bool:
        options = self._application.review_options.current()
        return options.gold_share > 0 or options.second_look_share > 0
