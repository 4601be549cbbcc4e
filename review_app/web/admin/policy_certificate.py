"""The certificate: the proof in words and in numbers, or how far the labels are from one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from review_app.certification.certificate import Certificate
from review_app.certification.threshold_grid import Side
from review_app.core.errors import CheckpointError
from review_app.i18n import current_language, listed, percent, significant, t
from review_app.i18n.formatting import percent_below
from review_app.policy.policy import Policy
from review_app.policy.policy_text import describe
from review_app.triage.forecasting import CertificateProgress, ForecastService
from review_app.web.admin.policy_groups import proof_by_group
from review_app.web.charts import progress
from review_app.web.curves import Axis, Curve, curves
from review_app.web.markup import Content, Tone, join, moment, notice, recorded, table
from storage.enums import PolicyState

CUT_OFF = 4
"""Bounds beyond this many limits are drawn there: what matters lies near the limit."""
_MIXES = np.linspace(0, 1, 101)
"""Shares of fakes for which bounds are drawn."""
_TOLD = (0.1, 0.5, 0.9)
"""Shares of fakes for which they are told."""


def certificate_panel(policy: Policy, forecasts: ForecastService) -> Markup:
    """The policy in words; while auto-accept is closed how far a certificate is, and what is or was
    proven."""
    words = Markup('<p class="certificate">{}</p>').format(describe(policy))
    way = Markup() if policy.state is PolicyState.CERTIFIED else _way(forecasts)
    proof = _proof(policy) if policy.certificates else Markup()
    return Markup('<div class="proof">{}{}{}</div>').format(words, way, proof)


def _way(forecasts: ForecastService) -> Markup:
    try:
        return progress_panel(forecasts.progress())
    except CheckpointError as error:
        why = error.render(current_language())
        return notice(t("certificate.cannot_tell", error=why), Tone.PROBLEM)


def progress_panel(towards: CertificateProgress) -> Markup:
    """A bar for the nearer side, and a sentence for each."""
    sides = join(Markup("<p>{}</p>").format(side.text) for side in (towards.real, towards.fake))
    each = percent(1 - towards.delta / 2)
    rest = t("certificate.counts", labels=towards.labels_words, confidence=each)
    unseen = Markup('<p class="remark">{}</p>').format(t("policy.not_looked_at"))
    return Markup("<h3>{}</h3>{}<p>{} {}</p>{}{}").format(
        t("certificate.how_far"), progress_bar(towards), towards.text, rest, sides, unseen
    )


def progress_bar(towards: CertificateProgress) -> Markup:
    """How much of the way to the nearer certificate is gone."""
    return progress(t("policy.on_the_way"), towards.share)


def _proof(policy: Policy) -> Markup:
    if policy.grouping is not None:
        return proof_by_group(policy, policy.grouping)
    held = policy.certificates
    closed = policy.state is not PolicyState.CERTIFIED
    title = t("certificate.was_proven") if closed else t("certificate.is_proven")
    headers = ("", *(t(f"certificate.accepted_as_{c.side}") for c in held))
    return table(title, headers, _rows(held)) + _mix(held)


def _rows(held: Sequence[Certificate]) -> list[tuple[Content, ...]]:
    columns: list[dict[str, Content]] = [_figures(certificate) for certificate in held]
    return [(name, *(column[name] for column in columns)) for name in columns[0]]


def _figures(c: Certificate) -> dict[str, Content]:
    made = c.provenance
    threshold = significant(c.threshold)
    beyond = "at_most" if c.side is Side.REAL else "at_least"
    confidence, one = percent(1 - c.delta), percent(1 - c.level)
    return {
        t("certificate.errors"): t(
            "certificate.errors_value", errors=c.errors, accepted=c.accepted
        ),
        t("certificate.bound"): percent_below(c.upper_bound),
        t("certificate.limit"): percent(c.risk_limit),
        t("certificate.confidence"): t("certificate.confidence_value", all=confidence, one=one),
        t("certificate.threshold"): t(f"certificate.{beyond}", threshold=threshold),
        t("certificate.labels"): t(
            "certificate.labels_value", labels=c.n_calibration, fake=c.n_fake
        ),
        t("certificate.set"): recorded(made.calibration_set),
        t("certificate.made_for"): f"{made.checkpoint}, {made.head}",
        t("certificate.method"): t(f"certificate.method_{c.method}"),
        t("certificate.certified"): moment(made.certified_at),
    }


def _mix(held: Sequence[Certificate]) -> Markup:
    title = t("certificate.mix")
    words = " ".join([*map(_mix_words, held), t("certificate.mix_alone")])
    axis = Axis(
        t("certificate.mix_axis"),
        [100 * share for share in _MIXES],
        percent=True,
        mark=100 * held[0].prevalence,
    )
    drawing = curves(title, words, axis, [_curve(certificate) for certificate in held])
    return Markup("<h3>{}</h3><p>{}</p>{}").format(title, words, drawing)


def _mix_words(c: Certificate) -> str:
    bounds = [
        t(
            "certificate.mix_bound",
            bound=percent_below(c.bound_at_prevalence(share)),
            share=percent(share),
        )
        for share in _TOLD
    ]
    return t(f"certificate.mix_{c.side}", bounds=listed(bounds))


def _curve(c: Certificate) -> Curve:
    top = CUT_OFF * c.risk_limit
    return Curve(
        t(f"certificate.curve_{c.side}", top=percent(top)),
        [100 * min(c.bound_at_prevalence(float(share)), top) for share in _MIXES],
        percent=True,
        line=100 * c.risk_limit,
    )
