"""The chain of the audit log: what the hash of an event covers, and whether one holds."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from storage.enums import AuditKind
from storage.seals.keyring import Keyring, fingerprint
from storage.types import to_utc

GENESIS = "0" * 64
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
TURNS = (AuditKind.SEALING_BEGAN, AuditKind.REKEYED)
"""Events that tell a key. An index of their own finds them."""
NEWEST_TURN = (
    "SELECT details FROM audit_event WHERE kind IN ('rekeyed', 'sealing_began') "
    "ORDER BY id DESC LIMIT 1"
)
_EVENTS = (
    "SELECT id, at, actor, kind, item_id, from_state, to_state, details, seals, previous_hash, "
    "hash FROM audit_event"
)


class Stored(NamedTuple):
    """An event as its row has it: a forged one may hold what no enum, time or JSON would parse."""

    id: int
    at: str
    actor: str
    kind: str
    item_id: int | None
    from_state: str | None
    to_state: str | None
    details: str
    seals: str | None
    previous_hash: str
    hash: str

    def canonical(self) -> bytes | None:
        """What its hash covers; None where no event could have left such a row."""
        about = (self.actor, self.kind, self.item_id, self.from_state, self.to_state)
        try:
            moment = datetime.fromisoformat(self.at)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else to_utc(moment)
            details = json.loads(self.details)
            return canonical(moment, about, details, self.seals, self.previous_hash)
        except (TypeError, ValueError):
            return None


def canonical(
    at: datetime, about: Sequence[Any], details: dict[str, Any], seals: str | None, previous: str
) -> bytes:
    """The previous hash and an event's content in one form. Without seals it is the form of the
    events from before there were any."""
    content = [previous, at.isoformat(), *about, details]
    if seals is not None:
        content.append(seals)
    return _ENCODER.encode(content).encode()


def keyed(key: bytes, content: bytes) -> str:
    """HMAC-SHA-256: only whoever has the key can make it."""
    return hmac.digest(key, content, "sha256").hex()


def plain(content: bytes) -> str:
    """SHA-256, as events had before there was a key."""
    return hashlib.sha256(content).hexdigest()


def stored_events(driver: sqlite3.Connection, condition: str = "") -> Iterator[Stored]:
    """The log's rows in order; those that meet ``condition``, as SQL."""
    where = f" WHERE {condition}" if condition else ""
    return map(Stored._make, driver.execute(f"{_EVENTS}{where} ORDER BY id"))


def newest_events(driver: sqlite3.Connection, n: int) -> list[Stored]:
    """The log's last rows, newest first."""
    return list(map(Stored._make, driver.execute(f"{_EVENTS} ORDER BY id DESC LIMIT ?", (n,))))


def key_of(event: Stored, keys: Keyring) -> bytes | None:
    """The key that the event's hash was made with."""
    content = event.canonical()
    if content is None:
        return None
    found = (key for key in keys if keyed(key, content) == event.hash)
    return next(found, None)


def is_plain(event: Stored) -> bool:
    """Whether the event's hash was made without a key."""
    content = event.canonical()
    return content is not None and plain(content) == event.hash


def key_told(details: str) -> str | None:
    """The fingerprint that an event of `TURNS` tells."""
    try:
        told = json.loads(details)["key"]
    except (TypeError, ValueError, KeyError):
        return None
    return told if isinstance(told, str) else None


class Link(NamedTuple):
    """The link of one event, as it was found."""

    follows: bool
    """Its row says the hash of the row before it."""
    authentic: bool
    """Its hash is that of its content: under the key in use, or without one before sealing
    began."""


class Chain:
    """Verifies events given in order."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys
        self._key: bytes | None = None
        self._previous = GENESIS
        self._any_plain = False
        self.began_at: int | None = None
        """The first event under a key."""
        self.anchored = False
        """Whether that event seals what was there before, or there was nothing."""
        self.unknown_key: str | None = None
        """A fingerprint that the log tells and the file of keys does not have."""

    @property
    def key(self) -> bytes | None:
        """The key in use after the last event given."""
        return self._key

    def follow(self, event: Stored) -> Link:
        """Verify the next event."""
        follows = event.previous_hash == self._previous
        self._previous = event.hash
        content = event.canonical()
        authentic = content is not None and self._is_authentic(event, content)
        if authentic and event.kind == AuditKind.REKEYED and self._key is not None:
            self._turn(event)
        return Link(follows, authentic)

    def _is_authentic(self, event: Stored, content: bytes) -> bool:
        if self._key is not None:
            return keyed(self._key, content) == event.hash
        if plain(content) == event.hash:
            self._any_plain = True
            return True
        for key in self._keys:
            if keyed(key, content) == event.hash:
                self._begin(event, key)
                return True
        return False

    def _begin(self, event: Stored, key: bytes) -> None:
        self._key = key
        self.began_at = event.id
        begins = event.kind == AuditKind.SEALING_BEGAN
        self.anchored = not self._any_plain or (
            begins and key_told(event.details) == fingerprint(key)
        )

    def _turn(self, event: Stored) -> None:
        told = key_told(event.details) or ""
        found = self._keys.find(told)
        if found is None:
            self.unknown_key = told
        else:
            self._key = found
