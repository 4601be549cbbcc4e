"""Streams of scores with known risk, and certificates and policies made from them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit

from review_app.certification.bounds import upper_bound, zero_error_minimum
from review_app.certification.certificate import Certificate, CertificateMethod, Provenance
from review_app.certification.certify import PolicyCertificates
from review_app.certification.grouping import Grouping
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.policy.policy import Policy, learning_policy
from review_app.policy.policy_group import PolicyGroup
from storage.enums import PolicyState

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PROVENANCE = Provenance(
    "default-1a2b", "variational", "412 random", datetime(2026, 1, 2, tzinfo=UTC)
)


def draw(rng: np.random.Generator, n: int, separation: float = 1.5) -> tuple[Floats, Bools]:
    """``n`` calibrated scores and labels; two Gaussian classes ``2 * separation`` apart."""
    fake = rng.random(n) < 0.5
    z = rng.normal(np.where(fake, separation, -separation))
    return expit(2 * separation * z), fake


def threshold_grids(real: tuple[float, ...]) -> tuple[ThresholdGrid, ThresholdGrid]:
    """Threshold grids for real and fake, the second a mirror image; each of 20 thresholds accepts
    2.5% more."""
    shares = tuple(at / 40 for at in range(1, len(real) + 1))
    fake = tuple(1 - threshold for threshold in real)
    return ThresholdGrid(Side.REAL, real, shares), ThresholdGrid(Side.FAKE, fake, shares)


GRIDS = threshold_grids(
    (
        0.00008, 0.00025, 0.00052, 0.00091, 0.0015, 0.0023, 0.0034, 0.0051, 0.0074, 0.0106,
        0.0154, 0.0225, 0.0329, 0.0478, 0.0706, 0.1045, 0.159, 0.241, 0.359, 0.499,
    )
)  # fmt: skip
"""Quantiles of what `draw` draws."""


def certificate(
    side: Side, threshold: float, *, errors: int = 0, delta: float = 0.05
) -> Certificate:
    """A true certificate for a 5% limit, with as few labels as its errors allow."""
    accepted = zero_error_minimum(0.05, delta)
    while upper_bound(errors, accepted, delta) > 0.05:
        accepted += 1
    return Certificate(
        side=side,
        method=CertificateMethod.FIXED_SEQUENCE,
        threshold=threshold,
        accepted=accepted,
        errors=errors,
        upper_bound=upper_bound(errors, accepted, delta),
        risk_limit=0.05,
        delta=delta,
        level=delta,
        n_calibration=412,
        n_fake=206,
        candidates=12,
        provenance=PROVENANCE,
    )


def start(audit_probability: float = 0.1) -> Policy:
    """A policy in cold start, of the detector that `PROVENANCE` names."""
    return learning_policy(
        checkpoint=PROVENANCE.checkpoint,
        head=PROVENANCE.head,
        risk_limit=0.05,
        delta=0.1,
        audit_probability=audit_probability,
    )


def certified(t_real: float = 0.1, t_fake: float = 0.9, audit_probability: float = 0.1) -> Policy:
    """A policy that is certified on both sides."""
    found = PolicyCertificates(certificate(Side.REAL, t_real), certificate(Side.FAKE, t_fake))
    return start(audit_probability).with_certificates(found)


def by_group(
    *groups: PolicyGroup, grouping: Grouping = Grouping.SOURCE, audit_probability: float = 0.1
) -> Policy:
    """A policy that is certified group by group."""
    return start(audit_probability).with_groups(grouping, groups)


def group(
    name: str,
    t_real: float | None = 0.1,
    t_fake: float | None = 0.9,
    audit_probability: float = 0.1,
) -> PolicyGroup:
    """A group that is certified where it has a threshold."""
    return PolicyGroup(
        name=name,
        labels=412,
        least=60,
        audit_probability=audit_probability,
        real=None if t_real is None else certificate(Side.REAL, t_real, delta=0.1),
        fake=None if t_fake is None else certificate(Side.FAKE, t_fake, delta=0.1),
    )


@st.composite
def policies_by_group(draw_: st.DrawFn) -> Policy:
    """Policies of every state that are certified in some of three groups."""
    t_real, t_fake = st.floats(0, 0.499), st.floats(0.501, 1)
    groups = [
        group(
            name,
            draw_(st.none() | t_real),
            draw_(st.none() | t_fake),
            draw_(st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)),
        )
        for name in draw_(st.sets(st.sampled_from("abc")))
    ]
    policy = by_group(*groups, audit_probability=draw_(st.floats(0, 1)))
    return policy.suspended("an alarm") if draw_(st.booleans()) else policy


@st.composite
def policies(draw_: st.DrawFn) -> Policy:
    """Policies of every state, certified on one side or both."""
    probability = draw_(st.sampled_from([0.0, 0.05, 0.5, 1.0]) | st.floats(0, 1))
    real = certificate(Side.REAL, draw_(st.floats(0, 0.499)))
    fake = certificate(Side.FAKE, draw_(st.floats(0.501, 1)))
    held = draw_(st.sampled_from([(real, fake), (real, None), (None, fake), (None, None)]))
    states = set(PolicyState) if any(held) else set(PolicyState) - {PolicyState.CERTIFIED}
    state = draw_(st.sampled_from(sorted(states)))
    return Policy(
        version=draw_(st.integers(1, 99)),
        state=state,
        checkpoint=PROVENANCE.checkpoint,
        head=PROVENANCE.head,
        risk_limit=0.05,
        delta=0.1,
        audit_probability=probability,
        real=held[0],
        fake=held[1],
        reason="an alarm" if state is PolicyState.SUSPENDED else None,
    )
