"""What if: shares, errors, hours and costs of a limit, before anything is applied."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr
from markupsafe import Markup
from pydantic import ValidationError

from review_app.bootstrap import Application
from review_app.errors import InputError
from review_app.permissions import Permission
from review_app.triage.certificate import Certificate
from review_app.triage.costs import Costs
from review_app.triage.forecasting import ForecastDesk, Question
from review_app.triage.whatif import Forecast, Range, SideForecast, Workload
from review_app.triage.wording import count, percent, percent_below
from review_app.web.curves import Axis, Curve, curves
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import join, long, notice, table

_REMARK = (
    "Nothing is applied and nothing is spent by asking. But whoever looks at many limits and then "
    "picks the one that looks best has chosen by the labels, and the certificate's confidence does "
    "not count that. Decide what errors you can bear first."
)
_FIELDS = 8
_SLIDER = 240
"""Least width in pixels; on a phone each has a line of its own."""
_PARTS = Markup(
    '<div style="display: grid; gap: var(--space-4); grid-template-columns: minmax(0, 1fr)">'
    "{}{}</div>"
)


class WhatIfPanel:
    """What the panel's buttons do."""

    def __init__(self, app: Application) -> None:
        self._desk = ForecastDesk(app.database, app.detectors)

    def load(self, _call: Call) -> tuple[Markup, *tuple[float, ...]]:
        """The policy in force and what was measured, as the question to start from."""
        question, pace = self._desk.usual(), self._desk.pace()
        took = "the median of your reviewers' labels" if pace.measured else "a guess, not measured"
        words = (
            f"Filled in: the policy in force; {pace.images_per_day:,.0f} images a day, the pace of "
            f"the last week; {pace.seconds_per_label:.3g} seconds per label, {took}."
        )
        return Markup('<p class="remark">{}</p>').format(words), *_values(question)

    def ask(self, call: Call, *values: float | None) -> Markup:
        """Figures and curves for the question in the fields."""
        answers = self._desk.usual().workload.answers
        asked, others = self._desk.answer(call.person, _question(values, answers))
        return _PARTS.format(figures(asked), _plot(asked, others))


def build_whatif(app: Application, blocks: gr.Blocks) -> None:
    """Add the panel to the open context."""
    panel = WhatIfPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section("What if?", _REMARK):
        filled = html()
        with gr.Row():
            limit = gr.Slider(1, 30, 5, step=0.5, label="Limit to try, %", min_width=_SLIDER)
            confidence = gr.Slider(50, 99, 90, step=1, label="How sure, %", min_width=_SLIDER)
            audit = gr.Slider(0, 50, 5, step=1, label="Audits, % of accepted", min_width=_SLIDER)
        with gr.Row():
            pace = gr.Number(label="Images a day", minimum=0)
            seconds = gr.Number(label="Seconds per label", minimum=0)
        with gr.Row():
            missed = gr.Number(label="Cost of a missed fake", minimum=0)
            alarm = gr.Number(label="Cost of a false alarm", minimum=0)
            minute = gr.Number(label="Cost of a reviewer's minute", minimum=0)
        button = gr.Button("Show what would happen")
        answer = html()
    fields = [limit, confidence, audit, pace, seconds, missed, alarm, minute]
    wiring.quick(blocks.load, panel.load, [filled, *fields])
    wiring.slow(button.click, panel.ask, [answer], fields)


def figures(asked: Forecast) -> Markup:
    """The forecast in words and a table."""
    hours = f"{asked.reviewer_hours_per_day:,.1f}"
    if not asked.auto_accepted and not asked.audited:
        lead = f"Nothing would be accepted by itself: people see everything, {hours} hours a day."
    else:
        lead = (
            f"{percent(asked.auto_accepted)} of the stream would be accepted by itself, "
            f"{percent(asked.audited)} would go to a blind audit, and people would need {hours} "
            f"hours a day. Wrong among the accepted: {_range(asked.errors_per_day)} a day."
        )
    cost = (
        f"Expected cost: {asked.cost_per_day:,.0f} a day, against "
        f"{asked.cost_per_day_all_reviewed:,.0f} with everything reviewed. "
        "Reviewers are taken to be right."
    )
    rows = [_side(side) for side in asked.sides]
    headers = ("Accepted as", "Share of the stream", "Wrong a day", "Certificate")
    proof = table("What either side would do, with 95% intervals", headers, rows)
    return join([notice(lead), Markup("<p>{}</p>").format(cost), proof])


def _side(side: SideForecast) -> tuple[str, str, str, Markup]:
    if not isinstance(side.proof, Certificate):
        return side.side.value, "none", "none", long(side.proof.words)
    share = f"{percent(side.accepted.value)} ({_percents(side.accepted)})"
    proof = side.proof
    words = (
        f"{count(proof.errors, 'error')} in {proof.accepted:,}: below "
        f"{percent_below(proof.upper_bound)} (limit {percent(proof.risk_limit)}), confidence "
        f"{percent(1 - proof.level)} for this try"
    )
    return side.side.value, share, _range(side.errors_per_day), long(words)


def _plot(asked: Forecast, others: Sequence[Forecast]) -> Markup:
    title = "How do coverage and errors go with the limit?"
    first = next((one for one in others if one.auto_accepted), None)
    summary = (
        "No limit up to 30% can be certified on the labels there are."
        if first is None
        else f"From a limit of {percent(first.risk_limit)} on something is certified; at "
        f"{percent(others[-1].risk_limit)}, {percent(others[-1].auto_accepted)} is accepted."
    )
    axis = Axis(
        "Risk limit; dashed: the one asked about",
        [0.0, *(100 * one.risk_limit for one in others)],
        "%",
        100 * asked.risk_limit,
    )
    wrong = [one.errors_per_day for one in others]
    rows = [
        Curve("Accepted by itself", "%", [0.0, *(100 * one.auto_accepted for one in others)]),
        Curve(
            "Wrong among them a day, with 95% interval",
            "",
            [0.0, *(one.value for one in wrong)],
            [(0.0, 0.0), *((one.low, one.high) for one in wrong)],
        ),
    ]
    drawing = curves(title, summary, axis, rows)
    return Markup("<section><h3>{}</h3><p>{}</p>{}</section>").format(title, summary, drawing)


def _values(question: Question) -> tuple[float, ...]:
    load, costs = question.workload, question.costs
    shares = (question.risk_limit, 1 - question.delta, question.audit_probability)
    return (
        *(round(100 * share, 4) for share in shares),
        round(load.images_per_day, 1),
        round(load.seconds_per_label, 1),
        costs.missed_fake,
        costs.false_alarm,
        costs.reviewer_minute,
    )


def _question(values: Sequence[float | None], answers: int) -> Question:
    numbers = [value for value in values if value is not None]
    if len(numbers) != _FIELDS:
        raise InputError("fill in every field with a number")
    limit, confidence, audit, pace, seconds, missed, alarm, minute = numbers
    if pace <= 0:
        raise InputError("say how many images come in a day")
    if not 0 <= audit <= 100:
        raise InputError("the blind audit is a share from 0 to 100 percent")
    return Question(
        risk_limit=round(limit / 100, 12),
        delta=round(1 - confidence / 100, 12),
        audit_probability=audit / 100,
        workload=Workload(pace, seconds, answers),
        costs=prices(missed, alarm, minute),
    )


def prices(missed: float, alarm: float, minute: float) -> Costs:
    """Costs from an admin's fields.

    Raises:
        InputError: one is negative or too large to be meant.
    """
    try:
        return Costs(missed_fake=missed, false_alarm=alarm, reviewer_minute=minute)
    except ValidationError as error:
        raise InputError("a cost is a number from 0 to 1,000,000,000") from error


def _range(value: Range) -> str:
    return f"{value.value:,.1f} ({value.low:,.0f} to {value.high:,.0f})"


def _percents(value: Range) -> str:
    return f"{percent(value.low)} to {percent(value.high)}"
