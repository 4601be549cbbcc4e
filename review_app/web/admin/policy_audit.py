"""Audit: what the blind audits say of each certificate."""

from __future__ import annotations

from markupsafe import Markup

from review_app.audits.standing import AuditReport, SideAudit, audits_left
from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import number, percent, t
from review_app.web.evidence import evidence_chart
from review_app.web.handlers import Call, Refresh, Wiring, html, section
from review_app.web.markup import join, notice


class AuditPanel:
    """The handler of the evidence."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def refresh(self, _call: Call) -> Markup:
        """The evidence of each side."""
        return panel(self._app.breaker.report())


def build_audit(app: Application) -> Refresh:
    """Add the evidence to the open context; what draws it after an event."""
    audits = AuditPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("audit.title"), t("audit.remark")):
        evidence = html()
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
