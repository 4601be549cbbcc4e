"""Calls that pages make at every image, answered without the way through the router.

To find a route, solve what its handler depends on and shape its reply by the declared model takes
FastAPI longer than the handlers of these calls take. So their bodies are read here, and the same
handlers are called. Whatever is unusual about a call goes the ordinary way, which refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, get_type_hints

from fastapi import HTTPException
from fastapi.routing import APIRoute, APIRouter
from pydantic import BaseModel, TypeAdapter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review_app.core.errors import ReviewAppError
from review_app.core.permissions import Person
from review_app.web.failures import answer, failure_of

Entering = Callable[[Any, int | None], Awaitable[Person]]
"""Tells who calls, by what the guard has found and whom the page says that it was made for; raises
where they may not."""


@dataclass(frozen=True)
class QuickCall:
    """A call of ``POST`` whose handler takes ``body`` and ``person``, and nothing else."""

    route: APIRoute
    body: type[BaseModel]
    reply: TypeAdapter[Any]


def quick_calls(router: APIRouter) -> dict[str, QuickCall]:
    """The calls of a router, by their paths."""
    return dict(_found(router.routes))


def _found(routes: Iterable[BaseRoute]) -> Iterable[tuple[str, QuickCall]]:
    for route in routes:
        assert isinstance(route, APIRoute)
        hints = get_type_hints(route.endpoint)
        assert route.methods == {"POST"}, route.path
        assert hints.keys() == {"body", "person", "return"}, route.path
        yield route.path, QuickCall(route, hints["body"], TypeAdapter(hints["return"]))


class QuickCalls:
    """The ASGI middleware that answers ``calls``; `Guard` stands in front of it."""

    def __init__(self, app: ASGIApp, calls: dict[str, QuickCall], enter: Entering) -> None:
        self._app = app
        self._calls = calls
        self._enter = enter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the call, or pass the request on."""
        call = self._calls.get(scope["path"]) if scope["type"] == "http" else None
        if call is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        messages = await _whole(receive)
        asked = await self._asked(call, scope, messages)
        if asked is None:
            await self._app(scope, _again(messages, receive), send)
            return
        scope["route"] = call.route
        await (await _answer(call, scope, *asked))(scope, receive, send)

    async def _asked(
        self, call: QuickCall, scope: Scope, messages: list[Message]
    ) -> tuple[BaseModel, Person] | None:
        """What is asked, and by whom; None where the ordinary way has to look at it."""
        headers = Headers(scope=scope)
        if headers.get("content-type") != "application/json":
            return None
        made_for = headers.get("x-person")
        try:
            person = await self._enter(
                scope["state"].get("person"), None if made_for is None else int(made_for)
            )
            content = b"".join(message.get("body", b"") for message in messages)
            return call.body.model_validate(json.loads(content)), person
        except (ValueError, RecursionError, HTTPException, ReviewAppError):
            return None


async def _answer(call: QuickCall, scope: Scope, body: BaseModel, person: Person) -> Response:
    try:
        found = await call.route.endpoint(body=body, person=person)
    except ReviewAppError as error:
        return answer(Request(scope), failure_of(error))
    return Response(call.reply.dump_json(found), media_type="application/json")


async def _whole(receive: Receive) -> list[Message]:
    """The messages of a request's body, up to its end or that of the connection."""
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    """``receive`` that begins with ``messages``, which have come already."""
    waiting = list(messages)

    async def received() -> Message:
        return waiting.pop(0) if waiting else await receive()

    return received
