"""Audits tell of an error rate R, at any time: e-processes, intervals and a betting bound.

An e-process starts at 1 and, were its null hypothesis true, would ever reach ``1 / alpha`` with
probability at most ``alpha`` (Ville's inequality). So it may be looked at after every audit, where
a test repeated at every look would raise a false alarm sooner or later. Howard, Ramdas, McAuliffe &
Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences" (Annals of Statistics
49, 2021); Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting"
(JRSS B 86, 2024; arXiv 2010.09686).

The null holds for each audit given those before it, so the error rate may change from image to
image as long as it stays on the null's side of the limit. A rate that rises late is told sooner by
`change_detection`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.core.errors import InputError
from review_app.core.special import betainc, betaln, expit, logsumexp

Floats = NDArray[np.float64]
Wrong = NDArray[np.bool_]
"""Audits [n] in the order of their verdicts: whether the image was of the other class."""

PRIOR = 0.5
"""Both parameters of the mixture's Beta distribution (Jeffreys')."""
_SMALLEST = 1e-200
"""An incomplete beta function below this is computed by its series instead: scipy's loses digits
from about 1e-265 on, long before it underflows."""
_HALVINGS = 40
"""The steps of the search for an interval's ends: far finer than any number shown."""


class Direction(StrEnum):
    """The claim that the evidence speaks for."""

    BELOW = "below"
    """R is below the limit (against R >= limit): the certificate still holds."""
    ABOVE = "above"
    """R is above the limit (against R <= limit)."""


def log_evidence(
    errors: ArrayLike, audits: ArrayLike, limit: ArrayLike, direction: Direction
) -> Floats:
    """Natural log of the beta-binomial mixture e-value after ``errors`` in ``audits``; broadcasts.

    For `Direction.BELOW`, with a = b = 1/2, k errors, n audits and the limit r::

        [B(a+k, b+n-k) I_r(a+k, b+n-k)] / [B(a, b) I_r(a, b)] / [r^k (1-r)^(n-k)]

    the likelihood of the audits averaged over rates below r, against that at r. `Direction.ABOVE`
    is the same with right and wrong exchanged, and with ``1 - r``.
    """
    k, n, r = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (errors, audits, limit)))
    if direction is Direction.ABOVE:
        k, r = n - k, 1 - r
    likelihood = k * np.log(r) + (n - k) * np.log1p(-r)
    prior = np.full_like(r, PRIOR)
    posterior = _log_lower_beta(prior + k, prior + n - k, r)
    return np.asarray(posterior - _log_lower_beta(prior, prior, r) - likelihood, np.float64)


def evidence_path(wrong: ArrayLike, limit: ArrayLike, direction: Direction) -> Floats:
    """`log_evidence` after each of the audits ``wrong`` [..., n], in the order of their verdicts.

    ``limit`` broadcasts with [..., n].
    """
    errors = np.cumsum(np.asarray(wrong, np.bool_), axis=-1)
    return log_evidence(errors, np.arange(1, errors.shape[-1] + 1), limit, direction)


def interval(wrong: ArrayLike, alpha: float) -> tuple[float, float]:
    """Confidence sequence of R after the audits ``wrong`` [n]: it holds at every n at once.

    Each end errs with probability at most ``alpha / 2`` ever: it is the limit whose evidence is
    just ``2 / alpha`` now. What was excluded earlier is not kept: where R changes with time, the
    intervals of two moments need not meet.
    """
    outcomes = np.asarray(wrong, np.bool_)

    def reached(limit: float, direction: Direction) -> bool:
        now = log_evidence(outcomes.sum(), outcomes.size, limit, direction)
        return bool(now >= np.log(2 / alpha))

    return _ends(reached)


def betting_path(
    wrong: ArrayLike, weights: ArrayLike, limit: float, direction: Direction
) -> Floats:
    """Log capital after each audit [n], where images had unequal probabilities of an audit.

    ``weights`` [n] are ``base / pi``: pi is the probability with which the image was drawn, and
    base the smallest with which its policy draws any, both fixed before the image came. With
    stakes c in (0, 1) the capital is the even mixture over c of

        prod_i 1 + (c / r) w_i (x_i - r)          for R above r
        prod_i 1 - (c / (1 - r)) w_i (x_i - r)    for R below r

    where x_i = 1 for an error. It is an e-process for R, the error rate of accepted images, whether
    audited or not. Let A = 1 where an accepted image is audited, which given its pi is independent
    of x, and let ``Z = (x - r) A / pi + r`` (`Waudby-Smith & Ramdas`, scaled by base). Then
    E[Z | past] = E[x | past], since E[A | pi, x] = pi whatever pi is. An image multiplies the
    capital by ``1 + s base (Z - r)`` with s = c / r, and leaves it as it is where A = 0. So while
    E[x | past] <= r the capital shrinks on average; no factor is negative, because
    ``base |Z - r| <= |x - r|``; and by Ville's inequality it ever reaches ``1 / alpha`` with
    probability at most ``alpha``. Below r the same holds with the signs exchanged. That R may
    differ from group to group does not matter: pi is part of what E[x | past] averages over.

    Raises:
        InputError: shapes differ, or a weight is outside (0, 1].
    """
    outcomes, w = np.asarray(wrong, np.bool_), np.asarray(weights, np.float64)
    if outcomes.shape != w.shape or outcomes.ndim != 1:
        raise InputError(f"{outcomes.shape} audits and {w.shape} weights do not match.")
    if not ((w > 0) & (w <= 1)).all():
        raise InputError(
            "An audit's weight is the smallest audit probability over its own: (0, 1]."
        )
    scale = 1 / limit if direction is Direction.ABOVE else -1 / (1 - limit)
    stakes = _stakes()
    growth = np.log1p(stakes[:, None] * scale * w * (outcomes - limit)).cumsum(axis=1)
    return np.asarray(logsumexp(growth, axis=0) - np.log(len(stakes)), np.float64)


@cache
def _stakes() -> Floats:
    """Shares of the largest bet that cannot ruin; the betting bound mixes them evenly."""
    return np.asarray(expit(np.linspace(-5.5, 3.0, 24)), np.float64)


def betting_interval(wrong: ArrayLike, weights: ArrayLike, alpha: float) -> tuple[float, float]:
    """The `interval` for the audits of `betting_path`.

    Raises:
        InputError: as `betting_path`.
    """

    def reached(limit: float, direction: Direction) -> bool:
        path = betting_path(wrong, weights, limit, direction)
        return bool(path.size and path[-1] >= np.log(2 / alpha))

    return _ends(reached)


def _ends(reached: Callable[[float, Direction], bool]) -> tuple[float, float]:
    """The limits at which the evidence of either direction stops being enough."""
    ends = []
    for direction, outer in ((Direction.ABOVE, 0.0), (Direction.BELOW, 1.0)):
        excluded, kept = outer, 1 - outer
        for _ in range(_HALVINGS):
            middle = (excluded + kept) / 2
            if reached(middle, direction):
                excluded = middle
            else:
                kept = middle
        ends.append(excluded)
    return ends[0], ends[1]


def _log_lower_beta(a: Floats, b: Floats, x: Floats) -> Floats:
    """log of ``B(a, b) I_x(a, b)``, also where the incomplete beta function underflows."""
    share = betainc(a, b, x)
    tiny = share < _SMALLEST
    found = np.asarray(np.log(np.where(tiny, 1.0, share)) + betaln(a, b), np.float64)
    if tiny.any():
        far = _log_lower_beta_series(*(np.asarray(v)[tiny] for v in (a, b, x)))
        found = found.copy()
        found[tiny] = far
    return found


def _log_lower_beta_series(a: Floats, b: Floats, x: Floats) -> Floats:
    """``x^a (1-x)^b / a * 2F1(a + b, 1; a + 1; x)`` in logs (DLMF 8.17.8).

    Only for the far tail, where x is well below a / (a + b): the terms then fall at least
    geometrically.
    """
    term, total, j = np.ones_like(x), np.ones_like(x), 0
    while (term > 1e-17 * total).any():
        term = term * x * (a + b + j) / (a + 1 + j)
        total = total + term
        j += 1
    return np.asarray(a * np.log(x) + b * np.log1p(-x) - np.log(a) + np.log(total), np.float64)
