"""Calls under idempotency keys: sent again, each is answered as before, and done once.

Of a call that was refused nothing is kept, so it may be sent again under the same key. One that a
killed server has left half done is done again after `LEFT_AFTER`: what stands behind each route
finds by itself what is there already. One whose answer is kept in the transaction that does it
(`IdempotencyService.once_together`) is never half done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from review_app.core.errors import IdempotencyError, LimitError
from review_app.core.permissions import Person
from review_app.i18n import Text
from storage.database import Database, Transactions
from storage.models import IdempotentCall
from storage.repositories import Repositories
from storage.types import utc_now

SharedTransaction = Transactions
"""What a call does its work in, so that its answer is stored together with that."""
KEPT = timedelta(hours=24)
"""How long a call is known."""
LEFT_AFTER = timedelta(minutes=15)
"""How long after its beginning a call without an answer is taken for dead."""
_DONE = 200
_AGAIN = 1.0


class Reply(NamedTuple):
    """The body of an answer, and whether it was given before."""

    body: str
    replayed: bool


class IdempotencyService:
    """The calls of one database. Keys belong to a token, or to a person who is signed in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def once(self, person: Person, key: str | None, asked: str, call: Callable[[], str]) -> Reply:
        """What ``call`` gives, done once for each key. ``asked``: the address and all that the
        caller sent.

        Raises ``IdempotencyError`` where the key is that of another call, ``LimitError`` where the
        same call is under way, and whatever ``call`` raises.
        """
        if key is None:
            return Reply(call(), False)
        owner = _owner(person)
        with self._database.write(durable=False) as repos:
            known = _begun(repos, owner, key, asked)
        if known is not None:
            return Reply(known, True)
        try:
            body = call()
        except BaseException:
            with self._database.write(durable=False) as repos:
                repos.idempotent_calls.forget(owner, key)
            raise
        with self._database.write() as repos:
            repos.idempotent_calls.end(owner, key, _DONE, body)
        return Reply(body, False)

    def once_together(
        self, person: Person, key: str | None, asked: str, call: Callable[[Transactions], str]
    ) -> Reply:
        """The same, where all that ``call`` does are parts of the transaction that it is given:
        what it did and what it was answered are stored together or not at all, whenever the server
        is killed. The same call beside it waits, and is answered alike.

        Raises as `once`.
        """
        with self._database.together() as transaction:
            if key is None:
                return Reply(call(transaction), False)
            owner = _owner(person)
            with transaction.write() as repos:
                known = _begun(repos, owner, key, asked)
            if known is not None:
                return Reply(known, True)
            body = call(transaction)
            with transaction.write() as repos:
                repos.idempotent_calls.end(owner, key, _DONE, body)
            return Reply(body, False)


def _owner(person: Person) -> str:
    """Whose keys they are."""
    return f"token-{person.token.id}" if person.token else f"person-{person.id}"


def _begun(repos: Repositories, owner: str, key: str, asked: str) -> str | None:
    """What the call was answered before; None where it is to be done now."""
    fingerprint = hashlib.sha256(asked.encode()).hexdigest()
    now, calls = utc_now(), repos.idempotent_calls
    calls.forget_expired(now)
    known = calls.get(owner, key)
    if known is not None:
        if known.fingerprint != fingerprint:
            raise IdempotencyError(Text("programs.key_reused"))
        if known.body is not None:
            return known.body
        if now - known.began_at < LEFT_AFTER:
            raise LimitError(Text("programs.key_in_progress"), _AGAIN)
    row = IdempotentCall(
        owner=owner, key=key, fingerprint=fingerprint, began_at=now, expires_at=now + KEPT
    )
    calls.begin(row)
    return None
