"""The key that the next event is chained under."""

from __future__ import annotations

import sqlite3

from storage.seals.chain import NEWEST_TURN, is_plain, key_of, key_told, newest_events
from storage.seals.heads import ChainHead
from storage.seals.keyring import Keyring, SealKeyError

LOOKED_AT = 20
"""The number of the log's last events that are looked at: one of them may have been forged
since."""


class Keys:
    """The keys of one database, and the one in use as far as this process has seen."""

    def __init__(self, ring: Keyring) -> None:
        self.ring = ring
        self._seen: tuple[ChainHead, bytes] | None = None

    def key_after(self, head: ChainHead, driver: sqlite3.Connection) -> bytes:
        """The key for the event after the log's last one.

        Raises:
            SealKeyError: the file of keys does not have it.
        """
        if self._seen is not None and self._seen[0] == head:
            return self._seen[1]
        return self.in_use(driver)

    def remember(self, head: ChainHead, key: bytes, *, turned: bool) -> None:
        """The process has appended events up to ``head``; ``turned``: one of them tells a key."""
        self._seen = None if turned else (head, key)

    def in_use(self, driver: sqlite3.Connection) -> bytes:
        """The key that the log itself names or, where it names none, was begun with.

        Raises:
            SealKeyError: the file of keys does not have it.
        """
        turn = driver.execute(NEWEST_TURN).fetchone()
        if turn is not None:
            told = key_told(turn[0]) or ""
            found = self.ring.find(told)
            if found is None:
                raise SealKeyError(
                    f"the audit log is sealed with key {told}, which {self.ring.path} does not "
                    "have; put the file back that has it"
                )
            return found
        newest = newest_events(driver, LOOKED_AT)
        if not newest or any(map(is_plain, newest)):
            return self.ring.newest()
        made_with = (key_of(event, self.ring) for event in newest)
        key = next((key for key in made_with if key is not None), None)
        if key is None:
            raise SealKeyError(
                f"no key in {self.ring.path} is that of the audit log: put back the file that was "
                "there when its last events were written; or they were forged, db check tells"
            )
        return key
