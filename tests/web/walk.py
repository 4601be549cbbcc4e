"""Every address that the application answers to, mounts included, found by walking its routes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.types import ASGIApp, Message

from review_app.web.gateway import Gateway

_PARAMETER = re.compile(r"\{(\w+)(:\w+)?\}")


def addresses(app: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """``(method, path)`` of every route; parameters are filled in with ``1``."""
    for route in app.routes:
        inner = getattr(route, "original_router", None)  # how FastAPI keeps included routers
        if inner is not None:
            yield from addresses(inner, prefix)
            continue
        path = prefix + _PARAMETER.sub("1", route.path)
        methods = getattr(route, "methods", None)
        if methods is None:
            yield "GET", path + "/"
            if route.routes:
                yield from addresses(route, prefix + route.path)
        else:
            yield from ((method, path) for method in sorted(methods))


def templates(app: Any) -> Iterator[str]:
    """``METHOD path`` of every route of ``app`` itself, and ``MOUNT path`` of what is mounted."""
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from templates(inner)
        elif getattr(route, "methods", None) is None:
            yield f"MOUNT {route.path}"
        else:
            yield from (f"{method} {route.path}" for method in route.methods)


def blocks_at(web: FastAPI, mount: str) -> gr.Blocks:
    """The Gradio pages mounted at ``mount``."""
    gateway = gateway_at(web, mount)
    return gateway.pages


def gateway_at(web: FastAPI, mount: str) -> Gateway:
    """What stands in front of the Gradio pages mounted at ``mount``."""
    found = next(route.app for route in web.routes if getattr(route, "path", "") == mount)  # type: ignore[attr-defined]
    assert isinstance(found, Gateway)
    return found


def mount_at(web: FastAPI, mount: str) -> Mount:
    """The mount itself; its routes are Gradio's."""
    return next(r for r in web.routes if isinstance(r, Mount) and r.path == mount)


def config_in(page: str) -> Any:
    """What a Gradio page tells the browser of its components and functions."""
    found = re.search(r"window\.gradio_config = (\{.*?\});</script>", page, re.DOTALL)
    assert found, page[:2000]
    return json.loads(found[1])


async def status_of(
    web: ASGIApp, path: str, cookie: str = "", method: str = "GET", kind: str = "http"
) -> tuple[int, bytes]:
    """The answer to exactly this path, which no client has tidied up on the way."""
    headers = [(b"host", b"127.0.0.1"), (b"cookie", cookie.encode()), (b"content-length", b"0")]
    scope = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 7860),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await web(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0].get("status", sent[0].get("code", 0)), body
