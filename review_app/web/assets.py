"""Our own style sheets, scripts and texts, under addresses that change with their content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from review_app.i18n import LANGUAGES, Language, for_browser

STATIC = Path(__file__).parent / "static"
STYLES = "styles.css"
"""The style sheets of the pages, one after the other: a browser asks once instead of often."""
_SHEETS = (
    *("app", "review", "review_header", "dialogs", "zoom_panel", "care", "statements"),
    *("annotation_panel", "recent", "grid", "panels", "figures", "desk", "distributions"),
    *("inspect", "images"),
)


def _version() -> str:
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(STATIC)}\0".encode())
            digest.update(path.read_bytes())
    digest.update(_styles())  # whose order is said here, not in a file
    for language in LANGUAGES:
        digest.update(_words(language))
    return digest.hexdigest()[:16]


def _words(language: Language) -> bytes:
    """The module that ``static/words.js`` imports: every text that scripts use, by its key."""
    texts = json.dumps(for_browser(language), ensure_ascii=False, separators=(",", ":"))
    return f"export default {texts};\n".encode()


def _styles() -> bytes:
    return b"\n".join((STATIC / f"{sheet}.css").read_bytes() for sheet in _SHEETS)


PREFIX = f"/static/{_version()}"
"""One version for all files: scripts import each other by relative path, and so match."""


def asset_url(name: str) -> str:
    """The address of a file under ``static/``."""
    return f"{PREFIX}/{name}"


def words_url(language: Language) -> str:
    """The address of the texts in ``language`` for scripts."""
    return asset_url(f"words/{language}.js")


class Assets(StaticFiles):
    """Static files that a browser may keep for ever, because a change moves them."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)
        self._made = {f"words/{language}.js": _words(language) for language in LANGUAGES}
        self._made[STYLES] = _styles()

    async def get_response(self, path: str, scope: Scope) -> Response:
        """What lies at ``path`` or was made for it, with a header to keep it for a year."""
        made = self._made.get(path)
        if made is not None:
            kind = "text/css" if path == STYLES else "text/javascript"
            response = Response(made, media_type=kind)
        else:
            response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
