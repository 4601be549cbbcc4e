"""Our own style sheets and scripts, under addresses that change with their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"


def _version() -> str:
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(STATIC)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


PREFIX = f"/static/{_version()}"
"""One version for all files: scripts import each other by relative path, and so match."""


def asset_url(name: str) -> str:
    """The address of a file under ``static/``."""
    return f"{PREFIX}/{name}"


class Assets(StaticFiles):
    """Static files that a browser may keep for ever, because a change moves them."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
