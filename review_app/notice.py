"""One line that every page shows: what this deployment is, where that must not be mistaken."""

from __future__ import annotations

from storage.database import Database

_KEY = "notice"


def set_notice(database: Database, text: str) -> None:
    """Show ``text`` on every page from the next start on."""
    with database.write() as repos:
        repos.options.set(_KEY, {"text": text}, None)


def read_notice(database: Database) -> str | None:
    """The line, or None."""
    with database.read() as repos:
        stored = repos.options.get(_KEY)
    return None if stored is None else str(stored["text"])
