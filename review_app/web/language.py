"""The language a request is answered in, and where people choose theirs.

What they chose is kept in a cookie for a year; until then their browser's ``Accept-Language``
counts. Gradio's pages are built once, with deferred texts (`i18n.deferred`): they are rendered
here, on their way out.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import AfterValidator
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review_app.i18n import (
    Language,
    language_named,
    negotiate,
    render_deferred,
    use_language,
)
from review_app.web.assets import words_url
from review_app.web.mounts import MOUNTS

COOKIE = "review_language"
_YEAR_SECONDS = 365 * 86400


def language_of(headers: Headers) -> Language:
    """The language that a request with these headers is answered in."""
    chosen = cookie_parser(headers.get("cookie", "")).get(COOKIE)
    return negotiate(headers.get("accept-language", ""), chosen)


def language_router(secure: bool) -> APIRouter:
    """``POST /language``: keeps the choice, goes on to ``next``, a path of this site."""
    router = APIRouter(include_in_schema=False)

    @router.post("/language")
    async def choose(
        language: Annotated[Language, AfterValidator(language_named), Form()],
        target: Annotated[str, Form(alias="next", max_length=2048)] = "/",
    ) -> Response:
        answer = RedirectResponse(target if is_own_path(target) else "/", 303)
        answer.set_cookie(
            COOKIE,
            language,
            max_age=_YEAR_SECONDS,
            secure=secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    return router


def is_own_path(target: str) -> bool:
    """Whether ``target`` is a path of this site, rather than an address that leads elsewhere."""
    return target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()


class LanguageMiddleware:
    """ASGI middleware: what is behind it renders in the language of the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on in its language; of a page the deferred texts are rendered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        language = language_of(Headers(scope=scope))
        if scope["path"].startswith(MOUNTS):
            send = _Rendering(send, language)
        with use_language(language):
            await self._app(scope, receive, send)


class _Rendering:
    """A ``send`` that renders the deferred texts of a page, and passes the rest on as it is."""

    def __init__(self, send: Send, language: Language) -> None:
        self._send = send
        self._language = language
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._is_page(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_rendered(self._start)

    def _is_page(self, start: Message) -> bool:
        kind = Headers(raw=start["headers"]).get("content-type", "")
        return kind.startswith("text/html")

    async def _send_rendered(self, start: Message) -> None:
        text = render_deferred(self._body.decode(), self._language)
        body = _in_language(text, self._language).encode()
        headers = MutableHeaders(raw=start["headers"])
        headers["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _in_language(page: str, language: Language) -> str:
    """``page`` saying which language it is in, if it is Gradio's; our own say so already.

    Gradio words its own components by ``navigator.language`` alone; so that is what the person
    chose, as far as this page can see.
    """
    if "<gradio-app" not in page:
        return page
    head = (
        "<head><script>Object.defineProperty(navigator, 'language', "
        f"{{ get: () => '{language}' }})</script>"
        f'<link rel="modulepreload" href="{words_url(language)}">'
    )
    return page.replace('lang="en"', f'lang="{language}"', 1).replace("<head>", head, 1)
