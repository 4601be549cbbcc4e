"""The OpenAPI document: what it says of tokens, and of errors, beside what the routes say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from review_app.core.permissions import Area, area_of
from review_app.web.problems import MEDIA_TYPE, ErrorAnswer, Problem, speaks_problems

PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "What was sent is not as described here."},
    "default": {"model": Problem, "description": "Why the call came to nothing."},
}
"""The answers of each route for programs, besides its own."""
ERRORS: dict[int | str, dict[str, Any]] = {
    422: {"model": ErrorAnswer, "description": "What was sent is not as described here."},
    "default": {"model": ErrorAnswer, "description": "Why the call came to nothing."},
}
"""The same of the routes that pages call."""
_FILE = {"schema": {"type": "string", "format": "binary"}}
_TOKEN = {"type": "http", "scheme": "bearer", "description": "A token, or a session's cookie."}


def install(web: FastAPI) -> None:
    """Have the document of ``web`` say it all."""
    plain = web.openapi

    def openapi() -> dict[str, Any]:
        known = web.openapi_schema is not None
        document = plain()
        if not known:
            _complete(document)
        return document

    web.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    document["components"].setdefault("securitySchemes", {})["token"] = _TOKEN
    for path, operation in _operations(document):
        if area_of(path) is Area.PROGRAMS:
            operation["security"] = [{"token": []}]
        if speaks_problems(path):
            for status in ("422", "default"):
                content = operation["responses"][status]["content"]
                content[MEDIA_TYPE] = content.pop("application/json")
        given = operation["responses"].get("200")
        if given is not None and _is_file(given):
            given["content"] = {"*/*": _FILE}


def _is_file(answer: dict[str, Any]) -> bool:
    """Whether a route gives something that has no shape in the document."""
    content = answer.get("content", {})
    return not content or content == {"application/json": {"schema": {}}}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        yield from ((path, operation) for operation in methods.values())
