"""Calls under idempotency keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from storage.models import IdempotentCall


class IdempotentCalls:
    """The repository of calls that may be sent again."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, owner: str, key: str) -> IdempotentCall | None:
        """The call under that key; None where there is none."""
        return self._session.get(IdempotentCall, (owner, key))

    def begin(self, row: IdempotentCall) -> None:
        """Keep a call that is being done from now on, in place of one under the same key."""
        self.forget(row.owner, row.key)
        self._session.add(row)
        self._session.flush()

    def end(self, owner: str, key: str, status: int, body: str) -> None:
        """Keep what the call was answered."""
        call = update(IdempotentCall).where(
            IdempotentCall.owner == owner, IdempotentCall.key == key
        )
        self._session.execute(call.values(status=status, body=body))

    def forget(self, owner: str, key: str) -> None:
        """Know nothing of the call any more."""
        self._session.execute(
            delete(IdempotentCall).where(IdempotentCall.owner == owner, IdempotentCall.key == key)
        )

    def forget_expired(self, now: datetime) -> None:
        """Know nothing of calls whose time is over."""
        self._session.execute(delete(IdempotentCall).where(IdempotentCall.expires_at <= now))
