"""Images by address: servers elsewhere that dawdle hold nobody up here."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import httpx
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request

from review_app.bootstrap import Application
from review_app.core.permissions import Person
from review_app.intake.fetching import ImageFetcher
from review_app.web.programs.images import FETCHED_AT_ONCE, IMAGES, images_router
from storage.enums import Role
from tests.web.site import Site

THREADS = 40
"""Those of anyio, which answer everybody."""


def test_calls_that_wait_for_servers_elsewhere_leave_threads_to_others(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=THREADS) as silent:
        port = silent.getsockname()[1]
        fetcher = ImageFetcher(1000, 20, lambda _: True, frozenset({port}))
        allowed = site.app.settings.model_copy(update={"fetch_addresses": True})
        app = replace(site.app, fetcher=fetcher, settings=allowed)
        asyncio.run(_flood(_web(app, site), silent, f"http://127.0.0.1:{port}/a.png"))


async def _flood(web: FastAPI, silent: socket.socket, address: str) -> None:
    over, loop = httpx.ASGITransport(web), asyncio.get_running_loop()
    silent.setblocking(False)
    async with httpx.AsyncClient(transport=over, base_url="http://here") as client:
        body = {"addresses": [address]}
        calls = [client.post(f"{IMAGES}/by-address", json=body) for _ in range(THREADS)]
        flood = asyncio.gather(*calls)
        lines = [(await loop.sock_accept(silent))[0] for _ in range(FETCHED_AT_ONCE)]
        for _ in range(1000):  # each call has come as far as it gets without an answer
            await asyncio.sleep(0)
        taken = current_default_thread_limiter().borrowed_tokens
        silent.close()
        for line in lines:
            line.close()
        answers = await flood
    assert taken == FETCHED_AT_ONCE
    outcomes = {one["outcome"] for answer in answers for one in answer.json()["images"]}
    assert outcomes == {"refused"}


def _web(app: Application, site: Site) -> FastAPI:
    """The routes of images, called by an admin."""
    name, web = site.account(Role.ADMIN), FastAPI()
    account = next(one for one in app.people.all() if one.name == name)

    @web.middleware("http")
    async def signed_in(request: Request, go_on):  # type: ignore[no-untyped-def]
        request.state.person = Person(account.id, name, Role.ADMIN)
        return await go_on(request)

    web.include_router(images_router(app))
    return web
