"""The evidence of the audits as a line chart: text is HTML, geometry SVG, as in `charts`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from review_app.audits.e_values import Floats
from review_app.audits.side_test import SideEvidence
from review_app.i18n import number, t
from review_app.web.markup import join

FLOOR = -2.0
"""Log10 of the weakest evidence that is drawn; weaker is drawn there."""
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
POINTS = 300
"""Most points of a line; of a longer path, these many evenly spread ones and the last."""


def evidence_chart(evidence: SideEvidence) -> Markup:
    """Both lines of evidence over the number of audits, on a logarithmic scale, with the alarm's
    line. For at least one audit."""
    alarm, holds = (_log10(path) for path in (evidence.log_alarm, evidence.log_holds))
    line = evidence.log_line / math.log(10)
    top = max(line + 0.4, math.ceil(max(alarm.max(), holds.max())))
    title = t(f"audit.chart_{evidence.side}")
    return _CHART.format(
        title=title,
        words=evidence.text,
        ticks=join(_tick(value, top) for value in _ticks(top)),
        line=_y(line, top),
        one=_y(0.0, top),
        alarm=_points(alarm, top),
        holds=_points(holds, top),
        alarm_line=t("audit.alarm_line", factor=round(math.exp(evidence.log_line))),
        first=t("audit.first"),
        by_verdict=t("audit.by_verdict"),
        end=t("audit.end", n=evidence.audits),
        broken=t("audit.broken"),
        kept=t("audit.holds"),
    )


_CHART = Markup("""
<figure class="evidence" role="img" aria-label="{title} {words}">
  <figcaption>{title}</figcaption>
  <div class="evidence-y">{ticks}</div>
  <div class="evidence-plot"><svg viewBox="0 0 100 100" preserveAspectRatio="none"\
 aria-hidden="true"><line class="evidence-one" x1="0" x2="100" y1="{one:.2f}" y2="{one:.2f}"/>\
<line class="evidence-line" x1="0" x2="100" y1="{line:.2f}" y2="{line:.2f}"/>\
<polyline class="evidence-holds" points="{holds}"/>\
<polyline class="evidence-alarm" points="{alarm}"/></svg>\
<span class="evidence-name" style="bottom:calc({line:.2f} * -1% + 100%)">{alarm_line}</span></div>
  <div class="evidence-x"><span>{first}</span><span>{by_verdict}</span><span>{end}</span></div>
  <div class="evidence-key"><span class="evidence-key-alarm">{broken}</span>\
<span class="evidence-key-holds">{kept}</span></div>
</figure>
""")


def _log10(path: Floats) -> Floats:
    """The path from its start at 1, thinned and cut to the chart."""
    whole = np.concatenate([[0.0], path]) / math.log(10)
    kept = np.unique(np.linspace(0, len(whole) - 1, min(len(whole), POINTS)).round().astype(int))
    return np.asarray(np.maximum(whole[kept], FLOOR), np.float64)


def _points(values: Floats, top: float) -> str:
    places = np.linspace(0, 100, len(values))
    return " ".join(f"{x:.2f},{_y(y, top):.2f}" for x, y in zip(places, values, strict=True))


def _y(value: float, top: float) -> float:
    return 100 * (top - value) / (top - FLOOR)


def _ticks(top: float) -> Sequence[int]:
    powers = range(math.ceil(FLOOR), math.floor(top) + 1)
    return [power for power in powers if power % math.ceil(len(powers) / 6) == 0]


def _tick(power: int, top: float) -> Markup:
    if power > 3:
        text = f"× 10{str(power).translate(_RAISED)}"
    else:
        text = f"× {number(10**power)}" if power >= 0 else f"× 1/{number(10**-power)}"
    return Markup('<span style="top:{:.2f}%">{}</span>').format(_y(power, top), text)
