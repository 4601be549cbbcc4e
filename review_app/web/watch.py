"""The server watches while nobody asks for anything: verdicts become final, audits turn, and disks
fill up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from fastapi import FastAPI

    from review_app.bootstrap import Application

EVERY = 30.0
"""Seconds between two looks at the audits."""
STORAGE_EVERY = 5.0
"""Seconds between two looks at the database's files."""


def lifespan(app: Application) -> Callable[[FastAPI], Any]:
    """What runs from the server's start to its end: looks at the audits and at the database."""

    @asynccontextmanager
    async def running(_web: FastAPI) -> AsyncIterator[None]:
        looks = [
            asyncio.create_task(_again_and_again(app.breaker.after_verdicts, lambda: EVERY)),
            asyncio.create_task(_again_and_again(app.alerts.look, lambda: EVERY)),
            asyncio.create_task(_again_and_again(app.storage.look, lambda: STORAGE_EVERY)),
            asyncio.create_task(_again_and_again(app.upload_cache.sweep, lambda: EVERY)),
            asyncio.create_task(_again_and_again(app.memory.look, lambda: EVERY)),
        ]
        # Beside the pool that serves people: it may take hours, once.
        threading.Thread(target=app.stored_images.prepare, name="describe", daemon=True).start()
        try:
            yield
        finally:
            for look in looks:
                look.cancel()
                with suppress(asyncio.CancelledError):
                    await look

    return running


async def _again_and_again(look: Callable[[], None], seconds: Callable[[], float]) -> None:
    """Call ``look``, which must not raise, beside the requests."""
    while True:
        await asyncio.sleep(seconds())
        await run_in_threadpool(look)
