"""What the server does while nobody asks for anything: verdicts become final, and audits turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from fastapi import FastAPI

    from review_app.bootstrap import Application

EVERY = 30.0
"""Seconds between two looks at the audits."""


def lifespan(app: Application) -> Callable[[FastAPI], Any]:
    """What runs from the server's start to its end: a look at the audits, again and again."""

    @asynccontextmanager
    async def running(_web: FastAPI) -> AsyncIterator[None]:
        watch = asyncio.create_task(_watch(app))
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    return running


async def _watch(app: Application) -> None:
    while True:
        await asyncio.sleep(EVERY)
        await run_in_threadpool(app.breaker.after_verdicts)
