"""Choices made in the app, by key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from storage.models import Option
from storage.prepared import Prepared
from storage.types import utc_now

_VALUE = Prepared(select(Option.value).where(Option.key == bindparam("key")))


class Options:
    """The repository of deployment-wide choices."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # Nobody else changes them during this transaction, and every answer asks several times.
        self._known: dict[str, dict[str, Any] | None] = {}

    def get(self, key: str) -> dict[str, Any] | None:
        """What is chosen; None where nobody has chosen yet."""
        if key not in self._known:
            self._known[key] = _VALUE.value(self._session, key=key)
        return self._known[key]

    def set(self, key: str, value: dict[str, Any], user_id: int | None) -> None:
        """Keep ``value`` under ``key`` in place of what was chosen before; ``user_id``: who chose
        it, None for the program."""
        self._known.pop(key, None)
        row = Option(key=key, value=value, updated_by=user_id, updated_at=utc_now())
        self._session.merge(row)
        self._session.flush()
