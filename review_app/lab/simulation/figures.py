"""Figures of many runs: shares with intervals, and spreads from run to run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from review_app.certification.bounds import lower_bound, upper_bound

_TAIL = 0.025
"""The tail of intervals of shares, on either side."""
_SPREAD = (5, 50, 95)
"""Percentiles of what differs from run to run."""


def share(hits: int, n: int) -> list[float] | None:
    """``[value, low, high]`` with the 95% interval of Clopper and Pearson; None of nothing."""
    return [hits / n, lower_bound(hits, n, _TAIL), upper_bound(hits, n, _TAIL)] if n else None


def spread(
    values: Iterable[float] | Sequence[float] | NDArray[np.float64],
) -> dict[str, float] | None:
    """The 5th, 50th and 95th percentile as ``{"low", "median", "high"}``; None of nothing."""
    found = np.fromiter(values, np.float64)
    if not found.size:
        return None
    low, median, high = (float(x) for x in np.percentile(found, _SPREAD))
    return {"low": low, "median": median, "high": high}
