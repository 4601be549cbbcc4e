"""Audit: what the blind audits say of each certificate, and what an alarm does."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.monitoring.audits import AuditReport, SideAudit, audit_report, audits_left
from review_app.monitoring.circuit import (
    BreakerOptions,
    change_breaker_options,
    read_breaker_options,
)
from review_app.permissions import Permission
from review_app.triage.wording import percent
from review_app.web.evidence import evidence_chart
from review_app.web.handlers import Call, Refresh, Wiring, html, section
from review_app.web.markup import Tone, join, notice

_REMARK = (
    "Some of the images that would be accepted are reviewed blindly instead, drawn by lot. Their "
    "verdicts are evidence for or against the certificate, however often one looks: while it is "
    "true, the line of the alarm is hardly ever reached. At the line, auto-accept closes by itself."
)
_REOPEN = "At an alarm, send to people what was accepted since the errors may have become more"


class AuditPanel:
    """What the panel shows and changes."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Markup, Any]:
        """The evidence, and the option in force."""
        with self._app.database.read() as repos:
            reopen = read_breaker_options(repos).reopen
        return panel(audit_report(self._app.database)), reopen

    def refresh(self, _call: Call) -> Markup:
        """The evidence alone."""
        return panel(audit_report(self._app.database))

    def save(self, call: Call, reopen: bool | None) -> Markup:
        """Change what an alarm does."""
        options = BreakerOptions(reopen=bool(reopen))
        change_breaker_options(self._app.database, call.person, options)
        words = "goes back to people" if options.reopen else "stays accepted"
        return notice(f"Saved. At an alarm, what is in doubt {words}.", Tone.DONE)


def build_audit(app: Application, blocks: gr.Blocks) -> Refresh:
    """Add the panel to the open context; what draws it anew after an event."""
    desk = AuditPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section("The audit", _REMARK):
        evidence = html()
        reopen = gr.Checkbox(True, label=_REOPEN)
        message = html()
    wiring.quick(blocks.load, desk.load, [evidence, reopen])
    wiring.quick(reopen.input, desk.save, [message], [reopen])
    return lambda event: wiring.quick(event, desk.refresh, [evidence])


def panel(report: AuditReport | None) -> Markup:
    """Every side's evidence in words, numbers and a chart."""
    if report is None or not report.sides:
        words = "Nothing is certified, so there is nothing to audit yet."
        return Markup('<p class="empty">{}</p>').format(words)
    sides = join(_side(side) for side in report.sides)
    if report.standing:
        return notice(f"An alarm stands. {report.advice}") + sides
    return Markup('<p class="remark">{}</p>').format(report.advice) + sides


def _side(side: SideAudit) -> Markup:
    evidence = side.evidence
    low, high = evidence.interval
    numbers = (
        ("audits", f"{evidence.audits:,}"),
        ("errors", f"{evidence.errors:,}"),
        ("error rate", f"{percent(low)} to {percent(high)}"),
        ("limit", percent(evidence.limit)),
    )
    figures = join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value) for name, value in numbers
    )
    chart = evidence_chart(evidence) if evidence.audits else Markup()
    return Markup(
        '<article class="audit-side"><h3>Accepted as {}</h3><p>{}</p>'
        '<dl class="audit-figures">{}</dl>{}<p class="remark">{}</p></article>'
    ).format(side.certificate.side, evidence.words, figures, chart, audits_left(side))
