"""The order in which people get images: the worth of a look, and how it becomes a place in the
queue.

Low ranks are handed out first. `PlacedBy` tells what a rank was made from, and each kind has ranks
of its own, so that the kinds come one after another:

* by the time of its run, plus a random part below a second: at least 0;
* by time again, after the queue had been ordered by worth: in (-1, 0), by `timed`;
* by the worth of a look: in (-2, -1), by `placed`;
* because it has waited longer than the deadline: below;
* because an admin put it before others: in (-5, -4), by `in_front`; or, what an admin keeps for one
  person, from 1e12 on, by `kept_places`, where only that person is looked for.

An *audited* image must stay indistinguishable. By its own worth it would come last, the detector
being sure of it, and its place would give it away. So it gets the worth of another image that goes
to people, drawn at random: given the queue, its place has the distribution of everyone's places
(`borrowed`). So audits are never chosen by any order either.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.core.errors import InputError
from review_app.core.special import logit, xlogy
from review_app.i18n import t
from review_app.policy.costs import Costs, cost_avoided
from storage.repositories.queue import FRONT, kept_for

Floats = NDArray[np.float64]

FUNCTIONS = 64
"""Draws of the detector's doubt that the learning order averages over."""
TARGETS = 64
"""Images of the recent stream for which the learning order wants to learn."""
WAVES = 128
"""Random Fourier features of the doubt's covariance."""
LENGTH = (1.0, 1.0)
"""How far doubt reaches: in logits of P(fake), and in units (z) of novelty."""
_LONG = 1e11
"""Seconds; no clock shows as many, and a rank still tells milliseconds apart."""
_MAX_LOGIT = 8.0
_MAX_SPREAD = 4.0


class Order(StrEnum):
    """An order in which people see images."""

    OLDEST = "oldest"
    """Run after run; at random within a run."""
    RISK = "risk"
    """Images come first where a person's look is expected to avoid the highest cost."""
    LEARNING = "learning"
    """Images come first whose label is expected to teach the detector most about the stream
    (EPIG)."""

    @property
    def text(self) -> str:
        """What puts an image before others, in the language of whoever is served."""
        return t(f"explanation.order_{self}")


def risk_worth(
    p_fake: ArrayLike, unlike: ArrayLike, costs: Costs, seconds_per_label: float, answers: int = 1
) -> Floats:
    """Expected cost avoided by reviewing images [n]; see `costs.cost_avoided`.

    What a detector says of an image ``unlike`` its training images means little: there P(fake) is
    taken to be 1/2.
    """
    p = np.where(np.asarray(unlike, np.bool_), 0.5, np.asarray(p_fake, np.float64))
    return cost_avoided(p, costs, seconds_per_label, answers)


def epig(candidates: ArrayLike, targets: ArrayLike) -> Floats:
    """Expected predictive information gain of labelling each candidate, nats [n].

    ``candidates`` [K, n] and ``targets`` [K, m] are P(fake) under the same K draws of the model's
    parameters. The mean over targets of the mutual information between the candidate's label and
    the target's: the estimator of Bickford Smith et al., "Prediction-oriented Bayesian active
    learning" (AISTATS 2023), for two classes.

    Raises:
        InputError: draws that do not match, or none.
    """
    p, q = np.asarray(candidates, np.float64), np.asarray(targets, np.float64)
    if p.ndim != 2 or q.ndim != 2 or len(p) != len(q) or not q.size:
        raise InputError(f"Draws of candidates {p.shape} and targets {q.shape} do not match.")
    both = p.T @ q / len(p)
    one, other = p.mean(0)[:, None], q.mean(0)[None]
    # The four cells of the joint distribution; what rounding leaves below zero is zero.
    cells = (both, one - both, other - both, 1 - one - other + both)
    joint = sum(xlogy(c, c) for c in (np.maximum(cell, 0) for cell in cells))
    gain = joint + _entropy(one) + _entropy(other)
    return np.asarray(np.maximum(gain, 0).mean(1))


def learning_worth(
    p_fake: ArrayLike,
    std: ArrayLike,
    novelty: ArrayLike,
    targets: tuple[ArrayLike, ArrayLike, ArrayLike],
    seed: int = 0,
) -> Floats:
    """EPIG of images [n] for the stream that ``targets`` (the same three, [m]) stand for, nats.

    An approximation. EPIG needs draws of P(fake) for image and target together; what is stored are
    each image's own mean and standard deviation. So the doubt of the logit is modelled as a
    Gaussian process over (logit of P(fake), novelty) with a squared-exponential kernel of
    `LENGTH`: images alike in both share their doubt, others do not. Its size at an image is the
    stored ``std`` by the delta method, ``std / (p (1 - p))``. Draws use random Fourier features
    (Rahimi & Recht 2007), seeded. Unlike BALD it ranks an odd image, whatever its doubt, below
    one that stands for many. Where novelty is not measured, pass 0.
    """
    rng = np.random.default_rng(seed)
    waves = rng.normal(size=(2, WAVES)) / np.array(LENGTH)[:, None]
    phases = rng.uniform(0, 2 * np.pi, WAVES)
    weights = rng.normal(size=(WAVES, FUNCTIONS)) * np.sqrt(2 / WAVES)

    def draws(p: ArrayLike, s: ArrayLike, z: ArrayLike) -> Floats:
        mean, spread = _logit_normal(np.asarray(p, np.float64), np.asarray(s, np.float64))
        place = np.stack([mean, np.asarray(z, np.float64)], 1)
        doubt = np.cos(place @ waves + phases) @ weights
        return np.asarray(1 / (1 + np.exp(-(mean[:, None] + spread[:, None] * doubt)))).T

    return epig(draws(p_fake, std, novelty), draws(*targets))


def race_weights(worth: ArrayLike, share: float, usual: float) -> Floats:
    """How much each image [n] counts in a `race`: ``share`` for being there, the rest by its worth
    (at least 0) in units of the ``usual`` one, the mean worth of the stream."""
    own = np.asarray(worth, np.float64)
    return np.asarray(share + (1 - share) * (own / usual if usual > 0 else np.ones_like(own)))


def race(weights: ArrayLike, coins: ArrayLike) -> Floats:
    """Worths [n] by which an order is a random sample: an image of twice the weight is twice as
    likely to come next, whatever has come.

    It is log w - log E, with E exponential from the ``coins`` [n], uniform in [0, 1): the image of
    the lowest E / w comes first (Efraimidis & Spirakis 2006). So labels given in that order have
    known inclusion probabilities, `race_inclusion`; by worth alone those of all other images are 0,
    and nothing could be said of the stream any more.
    """
    drawn = np.maximum(-np.log1p(-np.asarray(coins, np.float64)), np.finfo(float).tiny)
    return np.asarray(np.log(np.asarray(weights, np.float64)) - np.log(drawn))


def race_inclusion(weights: ArrayLike, lowest: ArrayLike) -> Floats:
    """The probability [n] to come before an image that has the ``lowest`` worth of a `race`.

    With the best worth that was not reached as the threshold, estimates that weigh by the inverse
    are unbiased (priority sampling: Duffield, Lund & Thorup 2007).
    """
    reached = np.exp(-np.asarray(lowest, np.float64))
    return np.asarray(-np.expm1(-np.asarray(weights, np.float64) * reached))


def raced_chances(ranks: ArrayLike, coins: ArrayLike) -> Floats:
    """The probability [n] with which images that came first in a race, and have these ``ranks`` and
    ``coins``, had to.

    The threshold is the rank that 19 in 20 of them were before: a few that came late, when little
    waited, say nothing of how far the race went.
    """
    share = 2 * (-1.5 - np.asarray(ranks, np.float64))  # worth / (1 + |worth|), as `placed` has it
    worth = share / np.maximum(1 - np.abs(share), np.finfo(float).eps)
    drawn = np.maximum(-np.log1p(-np.asarray(coins, np.float64)), np.finfo(float).tiny)
    reached = np.minimum(worth, np.quantile(worth, 0.05)) if len(worth) else worth
    return race_inclusion(np.exp(worth) * drawn, reached)


def placed(worth: ArrayLike) -> Floats:
    """Ranks in (-2, -1) for worths [n] of any size and sign: the worthiest first."""
    w = np.asarray(worth, np.float64)
    return np.asarray(-1.5 - 0.5 * w / (1 + np.abs(w)))


def timed(seconds: ArrayLike) -> Floats:
    """Ranks in (-1, 0) for moments [n], seconds since 1970: the earliest first."""
    return np.asarray(-1 + np.asarray(seconds, np.float64) / _LONG)


def in_front(seconds: ArrayLike) -> Floats:
    """Ranks in (-5, -4) for what an admin puts before all others at moments [n], seconds since
    1970: the earliest first."""
    return np.asarray(FRONT - 1 + np.asarray(seconds, np.float64) / _LONG)


def kept_places(user_id: int, coins: ArrayLike) -> Floats:
    """Ranks for what is kept for a person, at random by ``coins`` [n] in [0, 1)."""
    first, below = kept_for(user_id)
    # A hair less than that far: a coin near 1 would be rounded into the next person's places.
    return np.asarray(first + (below - first) * 0.999 * np.asarray(coins, np.float64))


def borrowed(worth: ArrayLike, hidden: ArrayLike, pool: ArrayLike, coins: ArrayLike) -> Floats:
    """``worth`` [n], where each ``hidden`` image has that of a random one of ``pool`` [m] instead.

    ``pool``: worths of images that the rule sends to people. ``coins`` [n], uniform in [0, 1),
    must not depend on the image's content. With an empty pool nothing else waits that an audited
    image could be told from; all hidden ones then share worth 0.
    """
    w, others = np.array(worth, np.float64), np.asarray(pool, np.float64)
    mask = np.asarray(hidden, np.bool_)
    drawn = (np.asarray(coins, np.float64)[mask] * len(others)).astype(np.intp)
    w[mask] = others[drawn] if len(others) else 0.0
    return w


def _logit_normal(p: Floats, std: Floats) -> tuple[Floats, Floats]:
    mean = np.clip(logit(np.clip(p, 1e-12, 1 - 1e-12)), -_MAX_LOGIT, _MAX_LOGIT)
    p = 1 / (1 + np.exp(-mean))
    return mean, np.minimum(std / (p * (1 - p)), _MAX_SPREAD)


def _entropy(p: Floats) -> Floats:
    return np.asarray(-(xlogy(p, p) + xlogy(1 - p, 1 - p)))
