"""Calibration labels become certificates here, or the number of labels that are still missing.

Selection risk is bounded as in Geifman & El-Yaniv, "Selective classification for deep neural
networks" (NeurIPS 2017); by default thresholds are tested in a fixed sequence as in Angelopoulos et
al., "Learn then test" (2021). The methods: `certificate.CertificateMethod`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.certification.bounds import check_limits, spent_level, upper_bound, upper_bounds
from review_app.certification.certificate import (
    Certificate,
    CertificateMethod,
    Provenance,
    Shortfall,
)
from review_app.certification.fixed_sequence import DEFAULT_METHOD, SequencePlan, make_plan, select
from review_app.certification.sample_size import EVEN, LIKELY, CalibrationCounts, LabelForecast
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.errors import CalibrationError


@dataclass(frozen=True)
class PolicyCertificates:
    """The certificates, or shortfalls, of both sides."""

    real: Certificate | Shortfall
    fake: Certificate | Shortfall


def certify_policy(
    scores: ArrayLike,
    is_fake: ArrayLike,
    grid_real: ThresholdGrid,
    grid_fake: ThresholdGrid,
    *,
    risk_limit: float,
    delta: float,
    provenance: Provenance,
    attempt: int | None = None,
    method: CertificateMethod = DEFAULT_METHOD,
) -> PolicyCertificates:
    """Certify both sides on the same labels, each at ``delta / 2``: both hold at ``1 - delta``.

    Arguments and errors as in `certify_side`.
    """
    if (grid_real.side, grid_fake.side) != (Side.REAL, Side.FAKE):
        raise CalibrationError("The grids are exchanged: the first is for real, then fake.")

    def certify(grid: ThresholdGrid) -> Certificate | Shortfall:
        return certify_side(
            scores,
            is_fake,
            grid,
            risk_limit=risk_limit,
            delta=delta / 2,
            provenance=provenance,
            attempt=attempt,
            method=method,
        )

    return PolicyCertificates(real=certify(grid_real), fake=certify(grid_fake))


def certify_side(
    scores: ArrayLike,
    is_fake: ArrayLike,
    grid: ThresholdGrid,
    *,
    risk_limit: float,
    delta: float,
    provenance: Provenance,
    attempt: int | None = None,
    method: CertificateMethod = DEFAULT_METHOD,
) -> Certificate | Shortfall:
    """The laxest threshold of ``grid`` that ``method`` proves.

    ``scores`` and ``is_fake`` [n] are those of calibration images, drawn at random and apart from
    the data of the grid. ``attempt``: see `bounds.spent_level`.

    Raises:
        SettingsError: limit, delta or attempt out of range.
        CalibrationError: scores outside [0, 1], or labels that do not match them.
    """
    check_limits(risk_limit, delta)
    level = spent_level(delta, attempt)
    s, fake = calibration_arrays(scores, is_fake)
    tally = CalibrationCounts.count(grid, s, fake)
    plan = make_plan(method, grid, tally.n, risk_limit, level)
    at = int(select(plan, tally.errors, tally.accepted))
    if at < 0:
        retry = level if attempt is None else spent_level(delta, attempt + 1)
        return shortfall_of(tally, plan, delta, retry)
    return certificate_at(tally, plan, at, int(fake.sum()), delta, provenance)


def certificate_at(
    tally: CalibrationCounts,
    plan: SequencePlan,
    at: int,
    n_fake: int,
    delta: float,
    provenance: Provenance,
) -> Certificate:
    """The certificate for threshold ``at`` of the grid, which ``plan`` has found to be proven."""
    accepted, errors = int(tally.accepted[at]), int(tally.errors[at])
    return Certificate(
        side=tally.grid.side,
        method=plan.method,
        threshold=tally.grid.thresholds[at],
        accepted=accepted,
        errors=errors,
        upper_bound=upper_bound(errors, accepted, plan.level),
        risk_limit=plan.risk_limit,
        delta=delta,
        level=plan.level,
        n_calibration=tally.n,
        n_fake=n_fake,
        candidates=plan.candidates,
        provenance=provenance,
    )


def calibration_arrays(
    scores: ArrayLike, is_fake: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores and labels [n] as arrays; CalibrationError where they are none, or do not match."""
    s, labels = np.asarray(scores, np.float64), np.asarray(is_fake)
    if s.ndim != 1:
        raise CalibrationError(
            f"The calibration scores must be one list of numbers, not of shape {s.shape}."
        )
    bad = np.flatnonzero(~((s >= 0) & (s <= 1)))
    if bad.size:
        raise CalibrationError(
            f"The calibration scores must lie in [0, 1]; number {bad[0]} is {s[bad[0]]} "
            f"({bad.size} such). Score those images again."
        )
    if labels.shape != s.shape or not np.isin(labels, (0, 1)).all():
        raise CalibrationError(
            f"{s.size} calibration scores need as many labels, each true (fake) or false (real); "
            f"found {labels.size}. Leave images labelled unsure out."
        )
    return s, labels.astype(np.bool_)


def shortfall_of(
    tally: CalibrationCounts, plan: SequencePlan, delta: float, level: float
) -> Shortfall:
    """The shortfall at ``level``, which the next attempt may spend."""
    going_on = LabelForecast(tally, plan.method, plan.risk_limit, level)
    flawless = LabelForecast(tally, plan.method, plan.risk_limit, level, errors_go_on=False)
    # Each takes as many labels as the one before at least.
    least = flawless.labels(EVEN)
    even = None if least is None else going_on.labels(EVEN, least)
    likely = None if even is None else going_on.labels(LIKELY, even)
    bounds = upper_bounds(tally.errors, tally.accepted, plan.level)
    nearest = min(plan.starts, key=lambda at: float(bounds[at]), default=None)
    return Shortfall(
        side=tally.grid.side,
        risk_limit=plan.risk_limit,
        delta=delta,
        n_calibration=tally.n,
        threshold=None if nearest is None else tally.grid.thresholds[nearest],
        accepted=0 if nearest is None else int(tally.accepted[nearest]),
        errors=0 if nearest is None else int(tally.errors[nearest]),
        labels_at_least=least,
        labels_expected=even,
        labels_likely=likely,
    )
