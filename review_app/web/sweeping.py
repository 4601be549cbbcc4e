"""The server sweeps while it runs: it deletes uploads that nobody reads any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from fastapi import FastAPI

    from review_app.core.uploads import Uploads

    Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

EVERY = 30.0
"""Seconds between two looks at the uploads."""


def sweeping(uploads: Uploads, inner: Lifespan) -> Lifespan:
    """``inner``, and meanwhile a look at the uploads, at the start and again and again."""

    @asynccontextmanager
    async def running(web: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(uploads.sweep)
        task = asyncio.create_task(_sweep(uploads))
        try:
            async with inner(web):
                yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return running


async def _sweep(uploads: Uploads) -> None:
    while True:
        await asyncio.sleep(EVERY)
        await run_in_threadpool(uploads.sweep)
