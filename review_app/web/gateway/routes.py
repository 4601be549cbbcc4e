"""The routes of Gradio that our pages need. A list of what is open, so that a release of Gradio
that brings further routes opens none of them."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum, auto


class RouteKind(Enum):
    """The purpose of a route, which tells how a request to it is treated."""

    PAGE = auto()
    """One of our pages, or what every page of Gradio's looks like; it is passed on as it is."""
    IDENTITY = auto()
    """Which start of the server this is, asked by a page that had lost it."""
    CALL = auto()
    """A function that answers at once."""
    JOIN = auto()
    """A function that waits in Gradio's queue."""
    EVENTS = auto()
    """What becomes of the functions in the queue."""
    UPLOAD = auto()
    """A file that somebody sends."""
    PROGRESS = auto()
    """How far an upload has come."""
    FILE = auto()
    """An own upload, to be looked at again."""


_GET = frozenset({"GET", "HEAD"})
_POST = frozenset({"POST"})
_PART = r"[A-Za-z0-9_-][A-Za-z0-9_.-]*"
_ROUTES = tuple(
    (kind, methods, re.compile(pattern, re.DOTALL))
    for kind, methods, pattern in (
        (RouteKind.PAGE, _GET, rf"/(assets|static)(/{_PART})+"),
        (RouteKind.PAGE, _GET, r"/theme\.css"),
        (RouteKind.IDENTITY, _GET, r"/gradio_api/app_id"),
        (RouteKind.CALL, _POST, r"/gradio_api/run/predict"),
        (RouteKind.JOIN, _POST, r"/gradio_api/queue/join"),
        (RouteKind.EVENTS, frozenset({"GET"}), r"/gradio_api/queue/data"),
        (RouteKind.UPLOAD, _POST, r"/gradio_api/upload"),
        (RouteKind.PROGRESS, frozenset({"GET"}), r"/gradio_api/upload_progress"),
        (RouteKind.FILE, _GET, r"/gradio_api/file=.+"),
    )
)


def kind_of(path: str, method: str, pages: Collection[str]) -> RouteKind | None:
    """What the route at ``path``, seen from the mount, is for; None where it is shut.

    ``pages``: the names of the mount's pages; the first one's is empty.
    """
    if path.removeprefix("/") in pages:
        return RouteKind.PAGE if method in _GET else None
    for kind, methods, pattern in _ROUTES:
        if method in methods and pattern.fullmatch(path):
            return kind
    return None
