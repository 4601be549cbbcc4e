"""One line that every page shows: what this deployment is, where that must not be mistaken."""

from __future__ import annotations

from review_app.i18n import t
from storage.database import Database

_KEY = "notice"
DEMO = "header.demo"
"""Key of the words for a deployment whose images this program has made."""


class Notice:
    """The line of one deployment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, words: str) -> None:
        """Show the text with the key ``words`` on every page from the next start on."""
        with self._database.write() as repos:
            repos.options.set(_KEY, {"words": words}, None)

    def read(self) -> str | None:
        """The line, or None."""
        with self._database.read() as repos:
            stored = repos.options.get(_KEY) or {}
        return t(stored["words"]) if "words" in stored else None
