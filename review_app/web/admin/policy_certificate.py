"""The certificate: the proof in words and in numbers, or how far the labels are from one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from review_app.errors import CheckpointError
from review_app.triage.certificate import Certificate, Shortfall
from review_app.triage.forecasting import CertificateProgress, ForecastDesk
from review_app.triage.ladder import Side
from review_app.triage.policy import Policy, PolicyState, describe
from review_app.triage.wording import join as join_parts
from review_app.triage.wording import percent, percent_below
from review_app.web.charts import progress
from review_app.web.curves import Axis, Curve, curves
from review_app.web.markup import Content, Tone, join, moment, notice, table
from review_app.words import t

CUT_OFF = 4
"""Bounds beyond this many limits are drawn there: what matters lies near the limit."""
_MIXES = np.linspace(0, 1, 101)
"""Shares of fakes for which bounds are drawn."""
_TOLD = (0.1, 0.5, 0.9)
"""Shares of fakes for which they are told."""


def certificate_panel(policy: Policy, forecasts: ForecastDesk) -> Markup:
    """The policy in words; while auto-accept is closed how far a certificate is, and what is or was
    proven."""
    words = Markup('<p class="certificate">{}</p>').format(describe(policy))
    way = Markup() if policy.state is PolicyState.CERTIFIED else _way(forecasts)
    proof = _proof(policy) if policy.certificates else Markup()
    return Markup('<div class="proof">{}{}{}</div>').format(words, way, proof)


def _way(forecasts: ForecastDesk) -> Markup:
    try:
        return progress_panel(forecasts.progress())
    except CheckpointError as error:
        return notice(f"How far a certificate is cannot be told: {error}.", Tone.PROBLEM)


def progress_panel(towards: CertificateProgress) -> Markup:
    """A bar for the nearer side, and a sentence for each."""
    sides = join(
        Markup("<p>{}</p>").format(_told(name, proof))
        for name, proof in ((Side.REAL, towards.real), (Side.FAKE, towards.fake))
    )
    each = percent(1 - towards.delta / 2)
    rest = f"What counts so far: {towards.labels_words}. Either side is tested at {each}."
    return Markup("<h3>How far is a certificate?</h3>{}<p>{} {}</p>{}").format(
        progress_bar(towards), towards.words, rest, sides
    )


def progress_bar(towards: CertificateProgress) -> Markup:
    """How much of the way to the nearer certificate is gone."""
    return progress(t("policy.on_the_way"), towards.share)


def _told(side: Side, proof: Certificate | Shortfall) -> str:
    if isinstance(proof, Shortfall):
        return proof.words
    return (
        f"Accepting as {side} would be certified now ({proof.errors:,} wrong of "
        f"{proof.accepted:,})."
    )


def _proof(policy: Policy) -> Markup:
    held = policy.certificates
    closed = policy.state is not PolicyState.CERTIFIED
    title = "What was proven before auto-accept closed" if closed else "What is proven"
    headers = ("", *(f"Accepted as {c.side}" for c in held))
    return table(title, headers, _rows(held)) + _mix(held)


def _rows(held: Sequence[Certificate]) -> list[tuple[Content, ...]]:
    columns: list[dict[str, Content]] = [_figures(certificate) for certificate in held]
    return [(name, *(column[name] for column in columns)) for name in columns[0]]


def _figures(c: Certificate) -> dict[str, Content]:
    made = c.provenance
    beyond = "at most" if c.side is Side.REAL else "at least"
    return {
        "Errors k among n accepted": f"{c.errors:,} of {c.accepted:,}",
        "Upper bound on the error": percent_below(c.upper_bound),
        "Limit r": percent(c.risk_limit),
        "Confidence 1 - δ": f"{percent(1 - c.delta)}; this test {percent(1 - c.level)}",
        "Accepts where the score is": f"{beyond} {c.threshold:.3g}",
        "Calibration labels": f"{c.n_calibration:,}, of which {c.n_fake:,} fake",
        "Calibration set": made.calibration_set,
        "Checkpoint and head": f"{made.checkpoint}, {made.head}",
        "Method": c.method.value.replace("_", " "),
        "Certified": moment(made.certified_at),
    }


def _mix(held: Sequence[Certificate]) -> Markup:
    title = "What if the share of fakes changes?"
    words = " ".join(
        [
            *map(_mix_words, held),
            "That is so if the mix alone changes, not how real and fake images look.",
        ]
    )
    axis = Axis(
        "Share of fakes in the stream; dashed: as in the calibration labels, and the limit",
        [100 * share for share in _MIXES],
        "%",
        100 * held[0].prevalence,
    )
    drawing = curves(title, words, axis, [_curve(certificate) for certificate in held])
    return Markup("<h3>{}</h3><p>{}</p>{}").format(title, words, drawing)


def _mix_words(c: Certificate) -> str:
    bounds = [
        f"{percent_below(c.bound_at_prevalence(share))} with {percent(share)} fakes"
        for share in _TOLD
    ]
    return f"Of the images accepted as {c.side}, at most {join_parts(bounds)} would be wrong."


def _curve(c: Certificate) -> Curve:
    top = CUT_OFF * c.risk_limit
    return Curve(
        f"Accepted as {c.side}: wrong at most, cut off at {percent(top)}",
        "%",
        [100 * min(c.bound_at_prevalence(float(share)), top) for share in _MIXES],
        line=100 * c.risk_limit,
    )
