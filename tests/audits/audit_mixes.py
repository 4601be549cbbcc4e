"""What the next accepted image may be, where audit probabilities differ from group to group."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st


@dataclass(frozen=True)
class Mix:
    """Two groups that the next image may be of, of which all together err at ``rate``."""

    rate: float
    shares: tuple[float, float]
    rates: tuple[float, float]
    probabilities: tuple[float, float]

    @property
    def weights(self) -> tuple[float, float]:
        base = min(self.probabilities)
        return base / self.probabilities[0], base / self.probabilities[1]

    def average(self, right: tuple[float, float], error: tuple[float, float]) -> float:
        """What capital becomes on average: times ``right`` or ``error`` of its group where the
        image is audited, and as it was where not."""
        return sum(
            share * (1 - pi + pi * (rate * wrong + (1 - rate) * fine))
            for share, rate, pi, fine, wrong in zip(
                self.shares, self.rates, self.probabilities, right, error, strict=True
            )
        )


@st.composite
def mixes(draw: st.DrawFn, low: float = 0.0, high: float = 1.0) -> Mix:
    """Mixes that err at a rate in [low, high], however unlike their groups are."""
    rate = draw(st.floats(low, high))
    share = draw(st.floats(0.05, 0.95))
    least = min(1.0, max(0.0, (rate - (1 - share)) / share))  # rounding may lead beyond 1
    first = draw(st.floats(least, min(1.0, rate / share)))
    second = min(1.0, max(0.0, (rate - share * first) / (1 - share)))
    probabilities = draw(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)))
    return Mix(rate, (share, 1 - share), (first, second), probabilities)
