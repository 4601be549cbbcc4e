"""A pace limits how fast one person may have costly things done, so that nobody else has to wait
for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from review_app.core.errors import LimitError
from review_app.i18n import Text

LONGEST_WAIT = 15.0
"""Seconds that a request is kept waiting for its turn; one that would wait longer is refused."""
_MANY = 1000
"""People that are remembered before those who have waited long enough are forgotten."""


class RateLimit:
    """One request every ``interval`` seconds for each person, after a rest ``burst`` at once.

    The generic cell rate algorithm (ITU-T I.371): per person one number, the time at which a
    steady sender's next request would be due. Used on the event loop alone. ``longest_wait``: in
    seconds, `LONGEST_WAIT` unless told; a turn that is further off is refused.
    """

    def __init__(
        self,
        interval: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        longest_wait: float | None = None,
    ) -> None:
        self._interval = interval
        self._tolerance = (burst - 1) * interval
        self._clock = clock
        self._longest_wait = longest_wait
        self._due: dict[int, float] = {}

    async def turn(self, person_id: int, cost: float = 1.0) -> None:
        """Wait for the person's turn. ``cost``: how many requests this one counts for.

        Raises LimitError where it is too far off.
        """
        if (wait := self.reserve(person_id, cost)) > 0:
            await asyncio.sleep(wait)

    def reserve(self, person_id: int, cost: float = 1.0) -> float:
        """Take the person's next turn; the seconds until then. Raises what `turn` does."""
        now = self._clock()
        due = max(self._due.get(person_id, now), now)
        wait = max(0.0, due - now - self._tolerance)
        most = LONGEST_WAIT if self._longest_wait is None else self._longest_wait
        if wait > most:
            raise LimitError(Text("refusals.too_fast", {"n": max(1, round(wait))}), wait)
        self._due[person_id] = due + cost * self._interval
        if len(self._due) > _MANY:
            self._due = {person: due for person, due in self._due.items() if due > now}
        return wait
