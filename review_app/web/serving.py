"""The way in which uvicorn is to serve the application."""

from __future__ import annotations

from typing import Any

import uvicorn
from starlette.types import ASGIApp

from review_app.core.settings import Settings
from review_app.web.protocol import limited_protocol

KEEP_ALIVE_SECONDS = 75
"""The seconds between two requests on a connection: longer than proxies keep one, so that it is
they who end it, and no request meets a connection that has just been closed."""


def server_config(web: ASGIApp, settings: Settings, **others: Any) -> uvicorn.Config:
    """The configuration for ``uvicorn.Server``; ``others`` are options of its own that take the
    place of ours."""
    options: dict[str, Any] = {
        "http": limited_protocol(settings),
        "ws": "none",  # the limits of its connections would be others
        "log_config": None,
        "access_log": False,  # it would keep the one-time links that people sign in with
        "proxy_headers": False,  # ClientAddress knows whom to believe
        "server_header": False,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        # Open pages keep a stream that would hold the end up.
        "timeout_graceful_shutdown": 3,
    }
    return uvicorn.Config(web, **(options | others))
