"""Intervals of 95% that few images cannot make too sure.

A bootstrap draws from what was seen: of five images that are all right it says [1, 1], as if no
sixth could be wrong. So shares have Wilson's score interval (Wilson 1927; Brown, Cai & DasGupta
2001), and an AUROC that few images, or a perfect separation, stand behind has the score interval of
Newcombe (2006, method 5). Both are wide where little is known, and never one point.
"""

from __future__ import annotations

import math
from typing import Final

FEWEST: Final = 5
"""Images behind a share: of fewer, no interval is given."""
FEWEST_OF_CLASS: Final = 4
"""Images of either class behind an AUROC: of fewer, no interval is given."""
ENOUGH_OF_CLASS: Final = 20
"""Images of either class from which on a bootstrap, or a normal approximation, is believed."""
ENOUGH_TO_COMPARE: Final = 6
"""Images of either class from which on a paired difference is told with ends and a p-value: what
both heads find hard is the same, so it takes fewer."""
_Z: Final = 1.959963984540054
"""The normal quantile of 0.975."""

Ends = list[float]
"""The two ends of an interval: [low, high]."""


def of_share(share: float | None, n: float) -> Ends | None:
    """Wilson's interval of ``share``, seen in ``n`` images; None below `FEWEST`."""
    if share is None or n < FEWEST:
        return None
    centre = share + _Z**2 / (2 * n)
    spread = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    low, high = ((centre + sign * spread) / (1 + _Z**2 / n) for sign in (-1, 1))
    return [min(max(low, 0.0), share), max(min(high, 1.0), share)]


def of_f1(f1: float | None, n: float) -> Ends | None:
    """The interval of an F1; ``n`` images are fake, or called so, or both.

    With J the share of hits among them F1 is 2J / (1 + J), which rises with J, so its ends are
    those of J, carried over.
    """
    ends = None if f1 is None else of_share(f1 / (2 - f1), n)
    return None if ends is None else [2 * end / (1 + end) for end in ends]


def of_auroc(auroc: float, positives: float, negatives: float, drawn: Ends | None) -> Ends | None:
    """The interval of an AUROC between two classes of these sizes: the bootstrap's ``drawn`` where
    it has enough of both and stays away from 0 and 1, else Newcombe's; None below
    `FEWEST_OF_CLASS`."""
    fewest = min(positives, negatives)
    if fewest < FEWEST_OF_CLASS:
        return None
    if drawn is not None and fewest >= ENOUGH_OF_CLASS and 0 < drawn[0] < drawn[1] < 1:
        return drawn
    return [_newcombe(auroc, positives, negatives, end) for end in (0.0, 1.0)]


def of_figure(drawn: Ends | None, fewest: float) -> Ends | None:
    """The interval of what only a bootstrap tells: its ``drawn`` ends where either class has enough
    images, ``fewest`` the smaller one, and they are not one point; else None."""
    if drawn is None or fewest < ENOUGH_OF_CLASS or drawn[0] == drawn[1]:
        return None
    return drawn


def _newcombe(auroc: float, positives: float, negatives: float, end: float) -> float:
    """The AUROC between ``auroc`` and ``end`` that is just 1.96 of its own standard errors away.

    The variance is that of Hanley & McNeil (1982) with the classes' sizes averaged, as Newcombe has
    it; it is of the AUROC that is tried, so a perfect one is not certain.
    """
    from scipy.optimize import brentq  # slow to import, and few processes look for an end

    more = (positives + negatives) / 2 - 1

    def beyond(tried: float) -> float:
        spread = 1 + more * ((1 - tried) / (2 - tried) + tried / (1 + tried))
        variance = tried * (1 - tried) * spread / (positives * negatives)
        return abs(tried - auroc) - _Z * math.sqrt(max(variance, 0.0))

    inside = auroc + (end - auroc) * 1e-12
    if auroc == end or beyond(end) <= 0 or beyond(inside) >= 0:
        return end
    found: float = brentq(beyond, inside, end)
    return found
