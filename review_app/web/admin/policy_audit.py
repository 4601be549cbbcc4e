"""Audit: what the blind audits say of each certificate, and what an alarm does."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.audits.circuit_breaker import BreakerOptions
from review_app.audits.standing import AuditReport, SideAudit, audits_left
from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import number, percent, t
from review_app.web.evidence import evidence_chart
from review_app.web.handlers import Call, Refresh, Wiring, html, section
from review_app.web.markup import Tone, join, notice


class AuditPanel:
    """The handlers of what the panel shows and changes."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Markup, Any]:
        """The evidence, and the option in force."""
        reopen = self._app.breaker_options.current().reopen
        return panel(self._app.breaker.report()), reopen

    def refresh(self, _call: Call) -> Markup:
        """The evidence alone."""
        return panel(self._app.breaker.report())

    def save(self, call: Call, reopen: bool | None) -> Markup:
        """Change what an alarm does."""
        options = BreakerOptions(reopen=bool(reopen))
        self._app.breaker_options.change(call.person, options)
        words = t("audit.saved_goes_back") if options.reopen else t("audit.saved_stays")
        return notice(words, Tone.DONE)


def build_audit(app: Application, blocks: gr.Blocks) -> Refresh:
    """Add the panel to the open context; what draws it anew after an event."""
    audits = AuditPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("audit.title"), t("audit.remark")):
        evidence = html()
        reopen = gr.Checkbox(True, label=t("audit.reopen"))
        message = html()
    wiring.quick(blocks.load, audits.load, [evidence, reopen])
    wiring.quick(reopen.input, audits.save, [message], [reopen])
    return lambda event: wiring.quick(event, audits.refresh, [evidence])


def panel(report: AuditReport | None) -> Markup:
    """Every side's evidence in words, numbers and a chart."""
    if report is None or not report.sides:
        return Markup('<p class="empty">{}</p>').format(t("audit.nothing_yet"))
    sides = join(_side(side) for side in report.sides)
    if report.standing:
        return notice(t("audit.alarm_stands", advice=report.advice)) + sides
    return Markup('<p class="remark">{}</p>').format(report.advice) + sides


def _side(side: SideAudit) -> Markup:
    evidence = side.evidence
    low, high = evidence.interval
    numbers = (
        (t("audit.audits"), number(evidence.audits)),
        (t("audit.errors"), number(evidence.errors)),
        (t("audit.error_rate"), t("audit.span", low=percent(low), high=percent(high))),
        (t("audit.limit"), percent(evidence.limit)),
    )
    figures = join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value) for name, value in numbers
    )
    chart = evidence_chart(evidence) if evidence.audits else Markup()
    groups = join(
        Markup("<p>{}</p>").format(group.text) for group in side.grouped.groups if group.audits
    )
    return Markup(
        '<article class="audit-side"><h3>{}</h3><p>{}</p>{}'
        '<dl class="audit-figures">{}</dl>{}<p class="remark">{}</p></article>'
    ).format(
        t(f"audit.accepted_as_{side.certificate.side}"),
        evidence.text,
        groups,
        figures,
        chart,
        audits_left(side),
    )
