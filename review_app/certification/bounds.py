"""Exact binomial bounds: the arithmetic under every certificate.

Clopper & Pearson, "The use of confidence or fiducial limits illustrated in the case of the
binomial", Biometrika 26 (1934).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.core.errors import SettingsError
from review_app.core.special import bdtr, betainccinv, betaincinv, ndtri
from review_app.i18n import Text


def upper_bounds(errors: ArrayLike, n: ArrayLike, delta: float) -> NDArray[np.float64]:
    """One-sided Clopper–Pearson upper bounds on an error rate; shapes broadcast, 1 where n is 0.

    ``upper_bounds(k, n, delta) <= r`` holds exactly when ``BinomCDF(k; n, r) <= delta``.
    """
    k, m = np.broadcast_arrays(np.asarray(errors, np.float64), np.asarray(n, np.float64))
    room = k < m
    return np.where(room, betainccinv(k + 1, np.where(room, m - k, 1.0), delta), 1.0)


def upper_bound(errors: int, n: int, delta: float) -> float:
    """Upper bound on an error rate after ``errors`` in ``n``, wrong with probability ``delta``."""
    return float(upper_bounds(errors, n, delta))


def proves(
    errors: NDArray[np.int64], n: NDArray[np.int64], risk_limit: float, level: float
) -> NDArray[np.bool_]:
    """Tell where ``BinomCDF(errors; n, risk_limit) <= level``: `upper_bounds` decided without
    inverting.

    Several times faster, for forecasts over many sizes; on the last digit the two may differ, so a
    certificate rests on the bound alone.
    """
    return np.asarray(bdtr(errors, n, risk_limit) <= level)


def most_errors(n: ArrayLike, risk_limit: float, level: float) -> NDArray[np.int64]:
    """The most errors in ``n`` [...] that still prove ``risk_limit``; -1 where none would not prove
    it.

    Decided as in `proves`.
    """
    m = np.asarray(n, np.int64)
    # Near the normal quantile; from there, as many steps as it takes.
    spread = np.sqrt(m * risk_limit * (1 - risk_limit))
    k = np.floor(m * risk_limit + ndtri(level) * spread).astype(np.int64).clip(-1, m - 1)
    while (low := (k + 1 < m) & proves(k + 1, m, risk_limit, level)).any():
        k = k + low
    while (high := (k >= 0) & ~proves(k.clip(0), m, risk_limit, level)).any():
        k = k - high
    return np.asarray(k)


def lower_bound(hits: int, n: int, delta: float) -> float:
    """Lower bound on a rate after ``hits`` in ``n``, wrong with probability ``delta``."""
    return float(betaincinv(hits, n - hits + 1, delta)) if hits else 0.0


def zero_error_minimum(risk_limit: float, delta: float) -> int:
    """Fewest labels that can certify ``risk_limit``: all of them right, ``(1 - r)^n <= delta``."""
    # The small slack keeps log's rounding from asking for one label too many.
    return math.ceil(math.log(delta) / math.log1p(-risk_limit) - 1e-9)


def spent_level(delta: float, attempt: int | None) -> float:
    """The level one attempt may spend of ``delta``.

    ``None``: the only attempt there will be, at the full ``delta``. ``1, 2, ...``: attempts of an
    open series, ``delta / 2^attempt`` each, which add up to at most ``delta``. Trying again and
    again at full ``delta`` while labels come in would certify bad thresholds far more often.
    """
    if attempt is None:
        return delta
    if attempt < 1:
        raise SettingsError(f"Attempts are counted from 1, not {attempt}.")
    return delta * 2.0**-attempt


def check_limits(risk_limit: float, delta: float) -> None:
    """Refuse a risk limit outside (0, 0.5] and a delta outside (0, 0.5].

    Raises:
        SettingsError: one of them is out of range.
    """
    for name, value in (("risk_limit", risk_limit), ("delta", delta)):
        if not 0 < value <= 0.5:
            raise SettingsError(Text(f"certify.{name}_range", {"value": repr(value)}))
