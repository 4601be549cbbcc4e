"""A panel of what if: shares, errors, hours and costs of a limit, before anything is applied."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr
from markupsafe import Markup
from pydantic import ValidationError

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, number, percent, significant, t
from review_app.policy.costs import Costs
from review_app.policy.what_if import PolicyForecast, Range, ReviewWorkload, SideForecast
from review_app.triage.forecasting import ForecastTerms
from review_app.web.curves import Axis, Curve, curves
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import join, long, notice, table

_FIELDS = 8
_SLIDER = 240
"""Least width in pixels; on a phone each has a line of its own."""
_PARTS = Markup(
    '<div style="display: grid; gap: var(--space-4); grid-template-columns: minmax(0, 1fr)">'
    "{}{}</div>"
)


class WhatIfPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._forecasts = app.forecasts

    def load(self, _call: Call) -> tuple[Markup, *tuple[float, ...]]:
        """The policy in force and what was measured, as the question to start from."""
        question, pace = self._forecasts.usual(), self._forecasts.pace()
        words = t(
            "whatif.filled_measured" if pace.measured else "whatif.filled_guess",
            images=number(pace.images_per_day),
            seconds=significant(pace.seconds_per_label),
        )
        return Markup('<p class="remark">{}</p>').format(words), *_values(question)

    def ask(self, call: Call, *values: float | None) -> Markup:
        """Figures and curves for the question in the fields."""
        answers = self._forecasts.usual().workload.answers
        asked, others = self._forecasts.answer(call.person, _question(values, answers))
        return _PARTS.format(figures(asked), _plot(asked, others))


def build_whatif(app: Application, blocks: gr.Blocks) -> None:
    """Add the panel to the open context."""
    panel = WhatIfPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("whatif.title"), t("whatif.remark")):
        filled = html()
        with gr.Row():
            limit = _slider(1, 30, 5, 0.5, t("whatif.limit"))
            confidence = _slider(50, 99, 90, 1, t("whatif.confidence"))
            audit = _slider(0, 50, 5, 1, t("whatif.audit"))
        with gr.Row():
            pace = gr.Number(label=t("whatif.pace"), minimum=0)
            seconds = gr.Number(label=t("whatif.seconds"), minimum=0)
        with gr.Row():
            missed = gr.Number(label=t("whatif.missed"), minimum=0)
            alarm = gr.Number(label=t("whatif.alarm"), minimum=0)
            minute = gr.Number(label=t("whatif.minute"), minimum=0)
        button = gr.Button(t("whatif.show"))
        answer = html()
    fields = [limit, confidence, audit, pace, seconds, missed, alarm, minute]
    wiring.quick(blocks.load, panel.load, [filled, *fields])
    wiring.slow(button.click, panel.ask, [answer], fields)


def _slider(least: float, most: float, start: float, step: float, label: str) -> gr.Slider:
    # Without Gradio's reset: it speaks English only, and goes back to what is not in force.
    return gr.Slider(least, most, start, step=step, label=label, min_width=_SLIDER, buttons=[])


def figures(asked: PolicyForecast) -> Markup:
    """The forecast in words and a table."""
    hours = number(asked.reviewer_hours_per_day, 1)
    if not asked.auto_accepted and not asked.audited:
        lead = t("whatif.nothing", hours=hours)
    else:
        lead = t(
            "whatif.lead",
            accepted=percent(asked.auto_accepted),
            audited=percent(asked.audited),
            hours=hours,
            wrong=_range(asked.errors_per_day),
        )
    cost = t(
        "whatif.cost",
        cost=number(asked.cost_per_day),
        reviewed=number(asked.cost_per_day_all_reviewed),
    )
    rows = [_side(side) for side in asked.sides]
    headers = [t(f"whatif.{name}") for name in ("accepted_as", "share", "wrong", "certificate")]
    proof = table(t("whatif.either_side"), headers, rows)
    return join([notice(lead), Markup("<p>{}</p>").format(cost), proof])


def _side(side: SideForecast) -> tuple[str, str, str, Markup]:
    prospect = side.prospect
    name, words = t(f"policy.{prospect.side}"), long(prospect.text)
    if prospect.threshold is None:
        return name, t("whatif.none"), t("whatif.none"), words
    interval = {"low": percent(side.accepted.low), "high": percent(side.accepted.high)}
    share = t("whatif.estimate", value=percent(side.accepted.value), **interval)
    return name, share, _range(side.errors_per_day), words


def _plot(asked: PolicyForecast, others: Sequence[PolicyForecast]) -> Markup:
    title = t("whatif.plot")
    first = next((one for one in others if one.auto_accepted), None)
    summary = (
        t("whatif.plot_none")
        if first is None
        else t(
            "whatif.plot_from",
            first=percent(first.risk_limit),
            last=percent(others[-1].risk_limit),
            accepted=percent(others[-1].auto_accepted),
        )
    )
    axis = Axis(
        t("whatif.plot_axis"),
        [0.0, *(100 * one.risk_limit for one in others)],
        percent=True,
        mark=100 * asked.risk_limit,
    )
    wrong = [one.errors_per_day for one in others]
    rows = [
        Curve(
            t("whatif.plot_accepted"),
            [0.0, *(100 * one.auto_accepted for one in others)],
            percent=True,
        ),
        Curve(
            t("whatif.plot_wrong"),
            [0.0, *(one.value for one in wrong)],
            band=[(0.0, 0.0), *((one.low, one.high) for one in wrong)],
        ),
    ]
    drawing = curves(title, summary, axis, rows)
    return Markup("<section><h3>{}</h3><p>{}</p>{}</section>").format(title, summary, drawing)


def _values(question: ForecastTerms) -> tuple[float, ...]:
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


def _question(values: Sequence[float | None], answers: int) -> ForecastTerms:
    numbers = [value for value in values if value is not None]
    if len(numbers) != _FIELDS:
        raise InputError(Text("whatif.fill_in"))
    limit, confidence, audit, pace, seconds, missed, alarm, minute = numbers
    if pace <= 0:
        raise InputError(Text("whatif.say_pace"))
    if not 0 <= audit <= 100:
        raise InputError(Text("whatif.wrong_audit"))
    return ForecastTerms(
        risk_limit=round(limit / 100, 12),
        delta=round(1 - confidence / 100, 12),
        audit_probability=audit / 100,
        workload=ReviewWorkload(pace, seconds, answers),
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
        raise InputError(Text("whatif.wrong_cost")) from error


def _range(value: Range) -> str:
    return t(
        "whatif.estimate",
        value=number(value.value, 1),
        low=number(value.low),
        high=number(value.high),
    )
