"""The middleware in front of a mount. Gradio gets only what was let through here: calls that were
written anew, and files by the paths of their caller's own uploads.

Absolute paths stay on this side: a page knows an upload as ``token/name``, and names it so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import gradio as gr
from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review_app.core.errors import NotFoundError, ReviewAppError
from review_app.core.permissions import Person
from review_app.core.uploads import Owner, Uploads
from review_app.i18n import Text, t
from review_app.web.addresses import local_path
from review_app.web.failures import Failure, answer, failure_of, headers_of
from review_app.web.gateway.bodies import read_json
from review_app.web.gateway.calls import rewritten, session_of
from review_app.web.gateway.inputs import FILE_ROUTE, odd
from review_app.web.gateway.pages import noting_odd
from review_app.web.gateway.receiving import Receiver
from review_app.web.gateway.routes import RouteKind, kind_of
from review_app.web.pace import RateLimit

_Handler = Callable[[Scope, Receive, Send, Person], Awaitable[None]]


class Gateway:
    """ASGI middleware in front of the ``pages`` mounted at ``mount``, behind the guard; ``app`` is
    Gradio's."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        pages: gr.Blocks,
        mount: str,
        uploads: Uploads,
        max_file_bytes: int,
        pace: RateLimit | None,
    ) -> None:
        self.app = app
        self.pages = pages
        self._page = mount.strip("/")
        self._names = frozenset(name for name, *_ in pages.pages)
        self._uploads = uploads
        self._receiver = Receiver(uploads, self._page, max_file_bytes, pace)
        self._handlers: dict[RouteKind, _Handler] = {
            RouteKind.PAGE: self._pass_on,
            RouteKind.IDENTITY: self._pass_on,
            RouteKind.CALL: self._call,
            RouteKind.JOIN: self._join,
            RouteKind.EVENTS: self._events,
            RouteKind.UPLOAD: self._upload,
            RouteKind.PROGRESS: self._progress,
            RouteKind.FILE: self._file,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of the pages, or refuse it in words."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self._http(scope, receive, send)
        except ReviewAppError as error:
            await _refuse(failure_of(error), scope, receive, send)
        except ClientDisconnect:
            pass

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        person = scope.get("state", {}).get("person")
        if not isinstance(person, Person):
            failure = Failure(401, "not_signed_in", t("refusals.sign_in"))
            await _refuse(failure, scope, receive, send)
            return
        kind = kind_of(self._inner(scope), scope["method"], self._names)
        if kind is None:
            raise NotFoundError(Text("refusals.nothing_here"))
        await self._handlers[kind](scope, receive, send, person)

    def _inner(self, scope: Scope) -> str:
        return local_path(scope)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, _person: Person) -> None:
        # Gradio reads saved state, which we have none of, by a name in the query.
        await self.app({**scope, "query_string": b""}, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send, person: Person) -> None:
        await self._function(scope, receive, send, person, queued=False)

    async def _join(self, scope: Scope, receive: Receive, send: Send, person: Person) -> None:
        await self._function(scope, receive, send, person, queued=True)

    async def _function(
        self, scope: Scope, receive: Receive, send: Send, person: Person, queued: bool
    ) -> None:
        headers = Headers(scope=scope)
        document = await read_json(headers, receive)
        owner = Owner(self._page, person.id)

        def write() -> bytes:
            def find(name: str) -> Path:
                return self._uploads.find(owner, name)

            return rewritten(document, self.pages, queued, person, find)

        body = await run_sync(write)
        with noting_odd() as odd:
            send = _OddAs400(scope, receive, send, odd)
            await self.app(_with_body(scope, body), _replay(body, receive), send)

    async def _events(self, scope: Scope, receive: Receive, send: Send, person: Person) -> None:
        session = session_of(person, _only(scope, "session_hash"))
        if session not in self.pages._queue.pending_messages_per_session:
            raise NotFoundError(Text("refusals.nothing_here"))
        await self.app(_asking(scope, session_hash=session), receive, send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send, person: Person) -> None:
        given = _asked(scope, "upload_id")
        upload_id = session_of(person, given) if given else None
        try:
            names = await self._receiver.take(scope, receive, person.id, upload_id)
        except ReviewAppError as error:
            await _refuse_upload(failure_of(error), scope, receive, send)
            return
        await JSONResponse(names)(scope, receive, send)

    async def _progress(self, scope: Scope, receive: Receive, send: Send, person: Person) -> None:
        upload_id = session_of(person, _only(scope, "upload_id"))
        await self.app(_asking(scope, upload_id=upload_id), receive, send)

    async def _file(self, scope: Scope, receive: Receive, send: Send, person: Person) -> None:
        name = self._inner(scope).removeprefix(FILE_ROUTE)
        path = await run_sync(self._uploads.find, Owner(self._page, person.id), name)
        with self._uploads.in_use([path]):
            response = FileResponse(path, media_type="application/octet-stream", filename=path.name)
            await response(scope, receive, send)


class _OddAs400:
    """A ``send`` that says of a call with odd values what is odd, in place of "500"."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, odd: list[str]) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._odd = odd
        self._replaced = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400 and self._odd:
            self._replaced = True
            failure = Failure(400, "bad_input", self._odd[0])
            await _refuse(failure, self._scope, self._receive, self._send)
        elif not self._replaced:
            await self._send(message)


def _asked(scope: Scope, name: str) -> str | None:
    """The value of ``name`` in the query, if it is there. Raises InputError where it is odd."""
    values: list[str] = parse_qs(scope["query_string"].decode("latin-1")).get(name, [])
    if not values:
        return None
    if len(values) > 1 or not (values[0].isascii() and values[0].isalnum()) or len(values[0]) > 64:
        raise odd()
    return values[0]


def _only(scope: Scope, name: str) -> str:
    value = _asked(scope, name)
    if value is None:
        raise odd()
    return value


def _asking(scope: Scope, **query: str) -> Scope:
    return {**scope, "query_string": urlencode(query).encode()}


def _with_body(scope: Scope, body: bytes) -> Scope:
    """The scope of a request with this JSON for a body, and nothing in its query."""
    dropped = (b"content-length", b"content-type", b"transfer-encoding")
    headers = [(name, value) for name, value in scope["headers"] if name not in dropped]
    headers.append((b"content-type", b"application/json"))
    headers.append((b"content-length", str(len(body)).encode()))
    return {**scope, "headers": headers, "query_string": b""}


def _replay(body: bytes, receive: Receive) -> Receive:
    """``receive`` that brings ``body`` first, then whatever happens to the connection."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


async def _refuse(failure: Failure, scope: Scope, receive: Receive, send: Send) -> None:
    """Say what is wrong: in a page where one was asked for, else as JSON.

    What is wrong with a call stands in ``detail``, too, which Gradio's pages show.
    """
    response = answer(Request(scope), failure)
    if scope["method"] == "POST":
        error = {"code": failure.code, "message": failure.message}
        content = {"error": error, "detail": failure.message}
        response = JSONResponse(content, failure.status, headers_of(failure))
    await response(scope, receive, send)


async def _refuse_upload(failure: Failure, scope: Scope, receive: Receive, send: Send) -> None:
    """Gradio's pages show the body of a refused upload as it is; so they get the words alone."""
    if "sec-fetch-mode" in Headers(scope=scope):
        response = PlainTextResponse(failure.message, failure.status, headers_of(failure))
        await response(scope, receive, send)
    else:
        await _refuse(failure, scope, receive, send)
