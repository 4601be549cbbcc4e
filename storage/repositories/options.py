"""Choices made in the app, by key."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from storage.models import Option
from storage.types import utc_now


class Options:
    """Deployment-wide choices."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, key: str) -> dict[str, Any] | None:
        row = self._session.get(Option, key)
        return None if row is None else row.value

    def set(self, key: str, value: dict[str, Any], user_id: int | None) -> None:
        row = Option(key=key, value=value, updated_by=user_id, updated_at=utc_now())
        self._session.merge(row)
        self._session.flush()
