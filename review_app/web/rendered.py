"""Pages on their way out: in the language of the request, and with what their head needs.

Gradio's pages are built once, with deferred texts (`i18n.deferred`): they are rendered here.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review_app.i18n import Language, render_deferred, use_language
from review_app.web.assets import STYLES, asset_url, words_url
from review_app.web.language import language_of
from review_app.web.mounts import MOUNTS

_REST = """<script>{
  const frame = window.requestAnimationFrame.bind(window);
  let next = frame;
  window.requestAnimationFrame = (draw) => next(draw);
  addEventListener("page-drawn", () => {
    window.requestAnimationFrame = frame;
    next = (draw) => setTimeout(() => frame(draw), 250);
  }, { once: true });
}</script>"""
"""Gradio's clock of how long a page takes to come goes on for ever, sixty times a second, and the
browser draws a frame each time. Its module keeps the function that it finds when it is loaded, so
it gets one that is slow once the page is there (``shell.js``); all others have the browser's."""


class RenderedPages:
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
        body = _prepared(text, self._language).encode()
        headers = MutableHeaders(raw=start["headers"])
        headers["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _prepared(page: str, language: Language) -> str:
    """``page`` with the head that ours have from the start, if it is Gradio's: which language it is
    in, and what the browser needs at once.

    Gradio words its own components by ``navigator.language`` alone; so that is what the person
    chose, as far as this page can see.
    """
    if "<gradio-app" not in page:
        return page
    head = (
        "<head><script>Object.defineProperty(navigator, 'language', "
        f"{{ get: () => '{language}' }})</script>{_REST}"
        f'<link rel="modulepreload" href="{words_url(language)}">'
        # Gradio asks for it once it has drawn, and its own header would be seen until it is here.
        f'<link rel="preload" as="style" href="{asset_url(STYLES)}">'
    )
    return page.replace('lang="en"', f'lang="{language}"', 1).replace("<head>", head, 1)
