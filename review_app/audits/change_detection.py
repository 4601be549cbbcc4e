"""An error rate of accepted images may turn: the alarm tells of it, and since when acceptances are
in doubt.

The alarm is an e-process against "the rate was never above the limit" (see `evidence`) made for a
change that comes late. A forecast of the next audit's error rate is kept that forgets old audits.
Where it lies above the limit, the evidence bets on it; below, on nothing, so a long calm costs
next to nothing. Betting on forecasts: Waudby-Smith & Ramdas, "Estimating means of bounded random
variables by betting" (JRSS B 86, 2024); starting again and again: Shin, Ramdas & Rinaldo,
"E-detectors" (New England Journal of Statistics in Data Science 2, 2024).
"""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike

from review_app.audits.e_values import Floats, Wrong
from review_app.core.special import xlog1py, xlogy
from review_app.i18n import t

MEMORY = 6.0
"""Errors at the limit that the forecast remembers: of a limit of 5%, those of 120 audits."""
RISE = 1.15
"""The bet is on odds so many times those of the forecast, which lags behind a rate that rises."""
PRIOR_ERRORS = 0.5
"""The forecast begins at the limit, as if half an error had been seen at that rate."""
FIRST = 0.8
"""Share of the evidence that starts at the first audit; the rest starts later."""
PATIENCE = 50.0
"""Errors at the limit after which 1 - 1 / sqrt(2) of that rest has started."""
DOUBT = 1 / 200
"""A change is taken to be possible where its likelihood is this share of the likeliest one's."""


class ChangeDetection:
    """The alarm rule of this module: see `review_app.audits.rules`."""

    name = "change_detection"

    def alarm_after(self, wrong: Wrong, weights: Floats, limit: float, alpha: float) -> int | None:
        """The number of audits at which the evidence first reached ``1 / alpha``."""
        reached = alarm_path(wrong, limit, weights) >= -math.log(alpha)
        return int(reached.argmax()) + 1 if reached.any() else None

    def calm_audits(self, wrong: Wrong, weights: Floats, limit: float) -> int:
        """How many audits came before the rate can have risen."""
        return calm_audits(wrong, limit, weights)

    def text(self, wrong: Wrong, weights: Floats, limit: float) -> str:
        """How many of the last were wrong: a rate over everything hides a change."""
        calm = calm_audits(wrong, limit, weights)
        if not calm:
            return ""
        return t("audit.lately", last=len(wrong) - calm, n=int(wrong[calm:].sum()))


def alarm_path(wrong: ArrayLike, limit: float, weights: ArrayLike = 1.0) -> Floats:
    """Log evidence that the error rate is above ``limit``, after each audit of ``wrong`` [..., n].

    With x_i = 1 for an error and a forecast q_i >= r that knows only the audits before i, each::

        g_i = (q_i / r)^x_i ((1 - q_i) / (1 - r))^(1 - x_i)

    is at most 1 on average wherever the rate is at most r. Let w_s be the shares that start before
    audit s + 1: then ``sum_s w_s prod_{i > s} g_i``, with what has not started yet counted as it
    is, ever reaches ``1 / alpha`` with probability at most ``alpha``. It takes O(n).

    ``weights`` [..., n]: those of `e_values`, where audits were drawn with unequal probabilities.
    The gain of one of weight v is ``1 + v (g_i - 1)``. As ``g_i - 1`` is a stake, known
    beforehand, times ``x_i - r``, that is the betting bound of `e_values.betting_path`, whose proof
    holds for any stake.
    """
    outcomes = np.asarray(wrong, np.float64)
    v = np.broadcast_to(np.asarray(weights, np.float64), outcomes.shape)
    n = outcomes.shape[-1]
    q = np.maximum(_forecast(outcomes, v, limit), limit)
    gains = np.log(1 - v + v * np.where(outcomes > 0, q / limit, (1 - q) / (1 - limit)))
    capital = gains.cumsum(axis=-1)
    waiting = (1 - FIRST) / np.sqrt(1 + np.arange(n + 1) * (limit / PATIENCE))
    starting = np.concatenate([[FIRST], -np.diff(waiting)])[:n]
    started = np.logaddexp.accumulate(np.log(starting) - (capital - gains), axis=-1) + capital
    return np.asarray(np.logaddexp(started, np.log(waiting[:n])), np.float64)


def calm_audits(wrong: ArrayLike, limit: float, weights: ArrayLike = 1.0) -> int:
    """How many of the audits ``wrong`` [n] came before the rate can have risen above ``limit``.

    Every number s of audits before a change is judged by its profile likelihood: a constant rate of
    at most r before it, one of at least r from then on; audits count by their ``weights`` [n]. The
    answer is the earliest s that is not `DOUBT` times less likely than the best; 0 where nothing
    tells, so an error is on the safe side.
    """
    outcomes = np.asarray(wrong, np.float64)
    if not outcomes.size:
        return 0
    counted = np.asarray(weights, np.float64)
    errors, right = outcomes * counted, (1 - outcomes) * counted
    errors_before, right_before = (
        np.concatenate([[0.0], x.cumsum()[:-1]]) for x in (errors, right)
    )
    errors_later, right_later = (x[::-1].cumsum()[::-1] for x in (errors, right))
    before = errors_before + right_before
    calm = np.minimum(
        np.divide(errors_before, before, out=np.zeros_like(before), where=before > 0), limit
    )
    risen = np.maximum(errors_later / (errors_later + right_later), limit)
    likelihood = _log_likelihood(errors_before, right_before, calm)
    likelihood += _log_likelihood(errors_later, right_later, risen)
    return int((likelihood >= likelihood.max() + np.log(DOUBT)).argmax())


def _forecast(outcomes: Floats, weights: Floats, limit: float) -> Floats:
    """The error rate to bet on at each audit [..., n], from those before it."""
    fade = (1 - limit / MEMORY) ** weights
    errors, audits = (_faded(counted, fade) for counted in (outcomes * weights, weights))
    rate = (PRIOR_ERRORS + errors) / (PRIOR_ERRORS / limit + audits)
    return np.asarray(RISE * rate / (1 + (RISE - 1) * rate), np.float64)


def _faded(values: Floats, fade: Floats) -> Floats:
    """The sum of ``values_j`` [..., n] over j < i at each i, faded by each audit that followed."""
    if not values.size:
        return values
    steps = zip(np.moveaxis(fade, -1, 0)[:-1], np.moveaxis(values, -1, 0)[:-1], strict=True)
    start = np.zeros(values.shape[:-1])
    sums = accumulate(steps, lambda total, step: step[0] * total + step[1], initial=start)
    return np.stack(list(sums), axis=-1)


def _log_likelihood(errors: Floats, right: Floats, rate: Floats) -> Floats:
    return np.asarray(xlogy(errors, rate) + xlog1py(right, -rate), np.float64)
