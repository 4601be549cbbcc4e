"""Pauses before what could not be delivered is tried again. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Pauses that grow, spread by chance, so that many that failed together do not come back
    together. With the defaults something is tried for about two days."""

    first: float = 5
    """Seconds before the second try, at most."""
    factor: float = 3
    """How many times as long each further pause is."""
    longest: float = 6 * 3600
    """Seconds of the longest pause."""
    attempts: int = 16
    """Tries before something is dead."""

    def pause(self, attempts: int, coin: float, asked: float | None = None) -> float | None:
        """Seconds until it is tried again after ``attempts`` tries; None: no more. ``coin``, in
        [0, 1), spreads them over the longer half of each pause. ``asked``: what the receiver asks
        for at least, which is granted up to the longest pause."""
        if attempts >= self.attempts:
            return None
        whole = min(self.longest, self.first * self.factor ** (attempts - 1))
        return max(whole * (1 + coin) / 2, min(asked or 0, self.longest))
