"""The door to the desks: it finds out who may come in before anything of a desk answers.

Whoever has no place at a desk gets the same answers as at one that does not exist, after the same
questions to the same database: both end at an application without any pages.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from anyio.to_thread import run_sync
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from review_app.core.errors import NotFoundError, ReviewAppError
from review_app.core.permissions import DESKS
from review_app.i18n import t, use_language
from review_app.sites import Sites
from review_app.web import failures
from review_app.web.addresses import prefix_of
from review_app.web.bearer import Bearers, token_of
from review_app.web.cookies import Cookies
from review_app.web.failures import Failure, answer
from review_app.web.guard import Guard
from review_app.web.heads import Heads
from review_app.web.identity import REMEMBERED_SECONDS, SessionCache
from review_app.web.language import language_of
from review_app.web.origin import Origins
from review_app.web.proxies import ClientAddress, Proxies
from review_app.web.rendered import RenderedPages
from review_app.web.server import create_app

LOOK_EVERY = 5.0
"""Seconds between two looks which desks there are, and who has a place at them."""
_MAX_REMEMBERED = 10_000

_logger = logging.getLogger(__name__)


class DeskDoor:
    """The ASGI application of a whole deployment: that of the queue that is always there, and those
    of its desks below `DESKS`. ``changed``: called when the application of a desk has come or gone.
    """

    def __init__(self, sites: Sites, changed: Callable[[], None] = lambda: None) -> None:
        self._sites = sites
        self._sessions = SessionCache(sites.home.people, Cookies(sites.home.settings))
        self.home = create_app(sites.home, self._sessions, sites.release)
        self._places = _Places(sites)
        self._webs = _DeskWebs(sites, changed)
        self._to_desks = Heads(self._desk)
        self._nowhere = _nowhere(sites, self._sessions)
        self._live_within(self.home)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to its site."""
        is_below = scope["type"] == "http" and scope["path"].startswith(f"{DESKS}/")
        await (self._to_desks if is_below else self.home)(scope, receive, send)

    async def _desk(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, headers = scope["path"].split("/")[2], Headers(scope=scope)
        app = None
        if await self._may_come_in(name, headers):
            try:
                app = await self._webs.of(name)
            except ReviewAppError as error:
                _logger.error("desk %s cannot be opened: %s", name, error)
                with use_language(language_of(headers)):
                    failure = Failure(503, "storage", t("refusals.internal"))
                    await answer(Request(scope), failure)(scope, receive, send)
                return
        if app is None:
            app, scope["root_path"] = self._nowhere, prefix_of(name)
        await app(scope, receive, send)

    async def _may_come_in(self, name: str, headers: Headers) -> bool:
        secret = token_of(headers)
        if secret is not None:
            return await run_sync(self._knows_token, name, secret)
        person = await self._sessions.person_of(headers)
        return person is not None and name in await self._places.of(person.id)

    def _knows_token(self, name: str, secret: str) -> bool:
        """Whether the desk lets the token in. Where there is none, as much is looked up."""
        app = self._sites.find(name)
        if app is None:
            self._sites.home.tokens.knows(secret)
            return False
        return app.tokens.person(secret) is not None

    def _live_within(self, web: FastAPI) -> None:
        """Have the desks open and close with the server."""
        inner = web.router.lifespan_context

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with inner(app), self._webs.running():
                yield

        web.router.lifespan_context = lifespan


class _Places:
    """The desks at which somebody has a place, looked up off the event loop and remembered for a
    moment."""

    def __init__(self, sites: Sites) -> None:
        self._desks = sites.desks
        self._known: dict[int, tuple[frozenset[str], float]] = {}

    async def of(self, user_id: int) -> frozenset[str]:
        known = self._known.get(user_id)
        if known is not None and known[1] > time.monotonic():
            return known[0]
        found = frozenset(desk.name for desk in await run_sync(self._desks.open_to, user_id))
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[user_id] = found, time.monotonic() + REMEMBERED_SECONDS
        return found


class _DeskWebs:
    """The web applications of desks: made one at a time once the server answers, and before that
    for whoever comes sooner."""

    def __init__(self, sites: Sites, changed: Callable[[], None]) -> None:
        self._sites = sites
        self._changed = changed
        self._webs: dict[str, _DeskWeb] = {}
        self._making = asyncio.Lock()

    async def of(self, name: str) -> ASGIApp | None:
        """The application of the desk; None where it is closed meanwhile.

        Raises ReviewAppError where its data directory cannot be used.
        """
        found = self._webs.get(name)
        if found is None:
            async with self._making:
                found = self._webs.get(name) or await self._made(name)
        return None if found is None else found.web

    async def _made(self, name: str) -> _DeskWeb | None:
        try:
            app = await run_sync(self._sites.open, name)
        except NotFoundError:
            return None
        made = self._webs[name] = _DeskWeb(await run_sync(create_app, app))
        await made.start()
        self._changed()
        return made

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """A block in which desks are opened and closed as they come and go."""
        looking = asyncio.create_task(self._look_again_and_again())
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            for name in list(self._webs):
                await self._end(name)
            await run_sync(self._sites.close)

    async def _look_again_and_again(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                _logger.exception("the look at the desks failed")
            await asyncio.sleep(LOOK_EVERY)

    async def _look(self) -> None:
        names = await run_sync(self._sites.names)
        for name in self._webs.keys() - set(names):
            await self._end(name)
        for name in names:
            try:
                await self.of(name)
            except ReviewAppError as error:
                _logger.warning("desk %s cannot be opened: %s", name, error)
        await run_sync(self._sites.settle)

    async def _end(self, name: str) -> None:
        await self._webs.pop(name).stop()
        await run_sync(self._sites.shut, name)
        self._changed()


class _DeskWeb:
    """A web application whose lifespan goes on in a task of its own."""

    def __init__(self, web: FastAPI) -> None:
        self.web = web
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._living: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return once it has started."""
        self._living = asyncio.create_task(self._live())
        await self._ready.wait()
        if self._living.done():
            await self._living  # which raises what went wrong

    async def stop(self) -> None:
        """Return once it has ended."""
        self._stopping.set()
        if self._living is not None:
            await self._living

    async def _live(self) -> None:
        try:
            async with self.web.router.lifespan_context(self.web):
                self._ready.set()
                await self._stopping.wait()
        finally:
            self._ready.set()  # whoever waits is not to wait for what has failed


def _nowhere(sites: Sites, sessions: SessionCache) -> ASGIApp:
    """What answers for desks that are not there: whoever is signed in finds nothing, and others
    are asked to sign in."""
    settings = sites.home.settings
    web = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    failures.install(web)
    web.add_middleware(
        Guard,
        sessions=sessions,
        bearers=Bearers(sites.home.tokens, settings.api_calls_per_minute),
        origins=Origins(settings),
        largest={},
    )
    web.add_middleware(RenderedPages)
    web.add_middleware(ClientAddress, proxies=Proxies(settings))
    return web
