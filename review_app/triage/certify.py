"""From calibration labels to certificates, or to the number of labels still missing.

Selection risk is bounded as in Geifman & El-Yaniv, "Selective classification for deep neural
networks" (NeurIPS 2017); thresholds are tested in a fixed sequence as in Angelopoulos et al.,
"Learn then test" (2021): from the most conservative to the laxest, each at the full level, stopping
at the first failure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.errors import CalibrationError
from review_app.triage.bounds import check_limits, spent_level, upper_bound
from review_app.triage.certificate import Certificate, Method, Provenance, Shortfall
from review_app.triage.ladder import Ladder, Side
from review_app.triage.planning import Tally, labels_missing, start_rung


@dataclass(frozen=True)
class PolicyCertificates:
    """What was found for either side."""

    real: Certificate | Shortfall
    fake: Certificate | Shortfall


def certify_policy(
    scores: ArrayLike,
    is_fake: ArrayLike,
    ladder_real: Ladder,
    ladder_fake: Ladder,
    *,
    risk_limit: float,
    delta: float,
    provenance: Provenance,
    attempt: int | None = None,
) -> PolicyCertificates:
    """Certify both sides on the same labels, each at ``delta / 2``: both hold at ``1 - delta``.

    Arguments and errors as in `certify_fixed_sequence`.
    """
    if (ladder_real.side, ladder_fake.side) != (Side.REAL, Side.FAKE):
        raise CalibrationError("The ladders are exchanged: the first is for real, then fake.")

    def certify(ladder: Ladder) -> Certificate | Shortfall:
        return certify_fixed_sequence(
            scores,
            is_fake,
            ladder,
            risk_limit=risk_limit,
            delta=delta / 2,
            provenance=provenance,
            attempt=attempt,
        )

    return PolicyCertificates(real=certify(ladder_real), fake=certify(ladder_fake))


def certify_fixed_sequence(
    scores: ArrayLike,
    is_fake: ArrayLike,
    ladder: Ladder,
    *,
    risk_limit: float,
    delta: float,
    provenance: Provenance,
    attempt: int | None = None,
) -> Certificate | Shortfall:
    """The laxest threshold of ``ladder`` that a fixed-sequence test proves.

    ``scores`` and ``is_fake`` [n] are those of calibration images, drawn at random and apart from
    the data of the ladder. ``attempt``: see `bounds.spent_level`.

    Raises:
        SettingsError: limit, delta or attempt out of range.
        CalibrationError: scores outside [0, 1], or labels that do not match them.
    """
    check_limits(risk_limit, delta)
    level = spent_level(delta, attempt)
    s, fake = _calibration(scores, is_fake)
    tally = Tally.count(ladder, s, fake)
    start = start_rung(ladder, s.size, risk_limit, level)
    rung = _walk(tally, start, risk_limit, level)
    if rung is None:
        retry = level if attempt is None else spent_level(delta, attempt + 1)
        return _shortfall(tally, start, risk_limit, delta, retry)
    accepted, errors = int(tally.accepted[rung]), int(tally.errors[rung])
    return Certificate(
        side=ladder.side,
        method=Method.FIXED_SEQUENCE,
        threshold=ladder.thresholds[rung],
        accepted=accepted,
        errors=errors,
        upper_bound=upper_bound(errors, accepted, level),
        risk_limit=risk_limit,
        delta=delta,
        level=level,
        n_calibration=tally.n,
        n_fake=int(fake.sum()),
        candidates=len(ladder.thresholds) - start,
        provenance=provenance,
    )


def _calibration(
    scores: ArrayLike, is_fake: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
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


def _walk(tally: Tally, start: int, risk_limit: float, level: float) -> int | None:
    """The last rung from ``start`` on before the first that fails; ``None`` if ``start`` fails."""
    passed = None
    for rung in range(start, len(tally.ladder.thresholds)):
        if upper_bound(int(tally.errors[rung]), int(tally.accepted[rung]), level) > risk_limit:
            break
        passed = rung
    return passed


def _shortfall(
    tally: Tally, start: int, risk_limit: float, delta: float, level: float
) -> Shortfall:
    tested = bool(tally.ladder.thresholds)
    return Shortfall(
        side=tally.ladder.side,
        risk_limit=risk_limit,
        delta=delta,
        n_calibration=tally.n,
        threshold=tally.ladder.thresholds[start] if tested else None,
        accepted=int(tally.accepted[start]) if tested else 0,
        errors=int(tally.errors[start]) if tested else 0,
        labels_at_least=labels_missing(tally, risk_limit, level, errors_go_on=False),
        labels_expected=labels_missing(tally, risk_limit, level, errors_go_on=True),
    )
