"""A watch over the audit log: whether it is as the program left it, looked at portion by portion,
round and round, while the server runs. ``db check`` looks at everything that the log seals, too."""

from __future__ import annotations

from itertools import islice

from review_app.core.pace import Pace
from storage.database import Database
from storage.seals.chain import Chain, stored_events
from storage.seals.heads import ChainHead
from storage.seals.sealing import driver_of

PORTION = 20_000
"""Events of one look: less than a second's work."""
EVERY = 300.0
"""Seconds between two looks."""


class LogWatch:
    """A watch over the log of one database."""

    def __init__(self, database: Database, portion: int = PORTION) -> None:
        self._database = database
        self._portion = portion
        self._pace = Pace(EVERY)
        self._chain = Chain(database.keys.ring)
        self._last = 0
        self._found: int | None = None
        self.broken: int | None = None
        """The first event that was found to be changed, or to be missing; None where none was the
        last time that all of them were looked at."""

    def look(self) -> None:
        """Look on, if the last look was `EVERY` ago."""
        if self._pace.takes_turn():
            self.check()

    def check(self) -> bool:
        """Look at the next portion; whether that was the last, and the next look begins anew."""
        # Read before the log, which may go on meanwhile.
        heads = list(self._database.heads.read())[-1:]
        with self._database.read() as repos:
            driver = driver_of(repos.session)
            behind = stored_events(driver, f"id > {self._last}")
            looked_at = 0
            for event in islice(behind, self._portion):
                looked_at += 1
                link = self._chain.follow(event)
                self._last = event.id
                if not (link.follows and link.authentic):
                    self._tell(event.id)
            for head in heads:
                self._compare(head, {event.hash for event in stored_events(driver, _is(head))})
        if looked_at == self._portion:
            return False
        self.broken = self._found
        self._begin()
        return True

    def _begin(self) -> None:
        self._chain = Chain(self._database.keys.ring)
        self._last = 0
        self._found = None

    def _compare(self, head: ChainHead, found: set[str]) -> None:
        if head.hash not in found:
            self._tell(head.number)

    def _tell(self, number: int) -> None:
        self._found = number if self._found is None else min(number, self._found)
        self.broken = self._found


def _is(head: ChainHead) -> str:
    return f"id = {head.number}"
