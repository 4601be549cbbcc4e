"""One line that every page shows: what this deployment is, where that must not be mistaken."""

from __future__ import annotations

from review_app.i18n import t
from storage.database import Database

_KEY = "notice"
DEMO = "header.demo"
"""Key of the words for a deployment whose images this program has made."""


def set_notice(database: Database, words: str) -> None:
    """Show the text with the key ``words`` on every page from the next start on."""
    with database.write() as repos:
        repos.options.set(_KEY, {"words": words}, None)


def read_notice(database: Database) -> str | None:
    """The line, or None."""
    with database.read() as repos:
        stored = repos.options.get(_KEY) or {}
    return t(stored["words"]) if "words" in stored else None
