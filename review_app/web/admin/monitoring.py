"""Monitoring: can the detector, the people and the machine still be trusted, and what to do."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import number, percent, t
from review_app.monitoring.drift_watching import WatchedDrift
from review_app.monitoring.findings import SystemHealth, WatchFindings
from review_app.monitoring.flow_watching import WatchedFlow
from review_app.monitoring.live_watching import WatchedCalibration
from review_app.monitoring.people_watching import WatchedPeople
from review_app.monitoring.statistics.drift import LEAST_REFERENCE, SLOW, SUDDEN, Panel
from review_app.monitoring.statistics.live_calibration import Estimate
from review_app.web.admin.monitoring_told import build_told
from review_app.web.distributions import EstimateRow, estimates, two_histograms
from review_app.web.handlers import Call, Wiring, html
from review_app.web.markup import join, moment
from review_app.web.own_figures import second_look_lines, too_few_to_look

_GIB, _MIB = 1024**3, 1024**2


class MonitoringTab:
    """The handler of the tab: it shows what the last refresh found."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> Markup:
        """The panels."""
        found = self._app.monitoring.findings()
        health = self._app.monitoring.health()
        return Markup('<div class="watched">{}{}</div>').format(
            _when(found), _panels(found, health, self._too_few())
        )

    def _too_few(self) -> str:
        """A sentence where second looks are wanted, and too few people are there for them."""
        is_on = self._app.review_options.current().second_look_share > 0
        return too_few_to_look(self._app.people.all()) if is_on else ""


def build_monitoring(app: Application, tab: gr.Tab) -> None:
    """Add the tab's components to the open context."""
    panels = html()
    build_told(app, tab)
    Wiring(app, Permission.SEE_QUEUE).quick(tab.select, MonitoringTab(app).load, [panels])


def _panels(found: WatchFindings, health: SystemHealth, too_few: str) -> Markup:
    return join(
        (
            _drift(found.drift),
            _calibration(found.calibration),
            _people(found.people, too_few),
            _flow(found.flow),
            _system(health),
        )
    )


def _when(found: WatchFindings) -> Markup:
    if found.made_at is None:
        return _line("remark", t("watched.never"))
    words = Markup("{} {}").format(t("watched.as_of"), moment(found.made_at))
    return _line("remark", words)


def _panel(name: str, answer: str, lines: list[str | Markup], chart: Markup | str = "") -> Markup:
    """A question, its answer, what it rests on, and what to do."""
    rest = join(each if isinstance(each, Markup) else _line("", each) for each in lines)
    return Markup(
        '<section class="card"><h2>{}</h2><p class="answer-big">{}</p>{}{}'
        '<p class="remark">{}</p></section>'
    ).format(t(f"watched.{name}"), answer, rest, chart, t(f"watched.{name}_do"))


def _line(kind: str, words: str | Markup) -> Markup:
    return Markup('<p class="{}">{}</p>').format(kind, words)


def _drift(found: WatchedDrift | None) -> Markup:
    if found is None or found.reference < LEAST_REFERENCE:
        return _panel("drift", t("watched.not_enough"), [t("watched.drift_reference")])
    answer = "not_enough" if found.seen < SUDDEN.every else "drift_no"
    if found.flagged:
        answer = "drift_yes"
    lines: list[str | Markup] = [
        t("watched.drift_seen", n=found.seen, reference=found.reference),
        *(
            t(
                "watched.drift_flag",
                panel=t(f"watched.panel_{flag.panel}"),
                window=flag.window,
                end=number(flag.end),
            )
            for flag in found.flagged[-len(Panel) :]
        ),
    ]
    return _panel("drift", t(f"watched.{answer}"), lines, join(_spread(found)))


def _spread(found: WatchedDrift) -> list[Markup]:
    charts = []
    for panel, (reference, recent) in found.shares.items():
        title = t(f"watched.panel_{panel}")
        summary = t(
            "watched.index",
            index=number(found.index[panel], 3),
            chance=number(found.chance, 3),
            n=min(found.seen, SLOW.window),
        )
        charts.append(
            two_histograms(
                title, summary, (reference, recent), (t("watched.then"), t("watched.now"))
            )
        )
    return charts


def _calibration(found: WatchedCalibration | None) -> Markup:
    if found is None or found.gap is None or found.brier is None or found.fakes is None:
        labels = 0 if found is None else found.labels
        return _panel("calibration", t("watched.not_enough"), [t("watched.labels", n=labels)])
    gap = found.gap
    answer = f"gap_{found.leans or 'none'}"
    lines: list[str | Markup] = [
        t(
            "watched.gap",
            gap=_points(gap),
            labels=number(found.labels),
            images=number(found.images),
        ),
        t("watched.brier", brier=_figure(found.brier)),
        t("watched.fakes", fakes=_percent(found.fakes)),
    ]
    if found.shifted is not None:
        shifted = Estimate(*found.shifted)
        lines.append(t("watched.shifted", fakes=_percent(shifted)))
    title = t("watched.reliability")
    rows = [
        EstimateRow(
            t("watched.bin", p=percent(each.p_fake), n=each.labels),
            each.fakes.low,
            each.fakes.value,
            each.fakes.high,
            each.p_fake,
            _percent(each.fakes),
        )
        for each in found.bins
    ]
    return _panel(
        "calibration",
        t(f"watched.{answer}"),
        lines,
        estimates(title, t("watched.reliability_key"), rows),
    )


def _people(found: WatchedPeople | None, too_few: str) -> Markup:
    again = [*_second_looks(found), *([too_few] if too_few else [])]
    if found is None or found.alpha is None:
        lines = [t("watched.agreement_needs"), *again]
        return _panel("agreement", t("watched.not_enough"), lines)
    alpha = found.alpha
    answer = t("watched.alpha", alpha=number(alpha.value, 2))
    weighing = found.weighing
    lines = [
        t(
            "watched.alpha_interval",
            low=number(alpha.low, 2),
            high=number(alpha.high, 2),
            n=found.shared,
        ),
        t("watched.disputed", share=percent(found.disputed / found.shared)),
        t("watched.by_skill", turned=weighing.turned, n=weighing.opened),
        *again,
    ]
    return _panel("agreement", answer, lines)


def _second_looks(found: WatchedPeople | None) -> list[str]:
    """What second looks tell of everybody's first answers."""
    again = None if found is None else found.second_looks
    if again is None:
        return []
    told = t("watched.again", n=again.looks, differed=number(again.differed))
    return [told, *second_look_lines(again), t("watched.again_at_least")]


def _flow(found: WatchedFlow | None) -> Markup:
    if found is None or not found.settled:
        return _panel("flow", t("watched.not_enough"), [t("watched.flow_needs")])
    answer = t("watched.overridden", share=percent(found.overridden / found.settled))
    lines: list[str | Markup] = [t("watched.settled", n=found.settled)]
    if found.hours_median is not None and found.hours_late is not None:
        median, late = (number(x, 1) for x in (found.hours_median, found.hours_late))
        lines.append(t("watched.lag", median=median, late=late))
    lines.append(t("watched.reopened", n=found.reopened))
    return _panel("flow", answer, lines)


def _system(health: SystemHealth) -> Markup:
    free = t("watched.disk", free=number(health.disk_free / _GIB, 1))
    share = percent(health.disk_free / health.disk_total)
    size = number(health.database_bytes / _MIB, 0)
    return _panel("system", free, [t("watched.disk_share", share=share, size=size)])


def _figure(estimate: Estimate) -> str:
    value, low, high = (number(x, 3) for x in estimate)
    return t("watched.interval", value=value, low=low, high=high)


def _percent(estimate: Estimate) -> str:
    value, low, high = (percent(x) for x in estimate)
    return t("watched.interval", value=value, low=low, high=high)


def _points(estimate: Estimate) -> str:
    value, low, high = (number(100 * x, 1) for x in estimate)
    return t("watched.interval", value=value, low=low, high=high)
