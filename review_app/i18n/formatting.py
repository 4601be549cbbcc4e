"""How numbers read in sentences."""

from __future__ import annotations

import math

from review_app.i18n import render


def percent(share: float) -> str:
    """``0.05`` as ``5%``, ``0.0412`` as ``4.1%``."""
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def percent_below(bound: float) -> str:
    """A bound in percent, rounded up: the sentence never claims more than was proven."""
    return render.percent(rounded_up(bound))


def rounded_up(bound: float) -> float:
    """``bound`` to a tenth of a percent, never below it."""
    return math.ceil(1000 * bound - 1e-9) / 1000


def plus_minus(p: float, std: float) -> str:
    """``0.83 ± 0.09``."""
    return f"{render.number(p, 2)} ± {render.number(std, 2)}"


def count(n: int, noun: str) -> str:
    """``1 label``, ``2 labels``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
