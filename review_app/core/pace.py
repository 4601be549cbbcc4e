"""The pace of what is looked at now and then, by a loop that comes by far more often."""

from __future__ import annotations

from time import monotonic


class Pace:
    """Says when the next look is due: the first one at once, others ``seconds`` after the one
    before began. Of one loop alone: it is not shared between threads."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def takes_turn(self) -> bool:
        """Whether a look is due; if so, it begins now."""
        if monotonic() < self._next:
            return False
        self.again_in(self._seconds)
        return True

    def again_in(self, seconds: float) -> None:
        """Have the next look in ``seconds`` from now."""
        self._next = monotonic() + seconds
