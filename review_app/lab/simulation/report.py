"""The page of a simulation: ``report.html``, ``metrics.json`` and the figure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

import review_app.lab.report as frame
from review_app.i18n.formatting import percent
from review_app.lab.report.style import (
    FAKE,
    MUTED,
    REAL,
    WRONG,
    Drawing,
    finish,
    key,
    label,
    legend_below,
    panels,
    words,
)
from review_app.lab.report.write import write_page
from review_app.lab.simulation.replays import ENOUGH_AUDITS, Simulation

FIGURE = "simulation"
_FOLDERS = (Path(__file__).parent / "templates", Path(frame.__file__).parent / "templates")

_templates = Environment(
    loader=FileSystemLoader(_FOLDERS),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["words"] = words


def write_simulation(simulation: Simulation, document: Mapping[str, Any], out_dir: Path) -> Path:
    """Write the report of ``simulation`` into ``out_dir``; return the path of its page.

    The same simulation gives the same bytes. Raises InputError where the folder cannot be written.
    """
    drawings = {FIGURE: drawn(simulation, document)}
    page = _templates.get_template("simulation.html").render(
        d=document,
        drawings=drawings,
        address=lambda drawing: f"data:image/png;base64,{b64encode(drawing.png).decode()}",
        share=_share,
        spread=_spread,
        percent=percent,
    )
    return write_page(out_dir, page, document, drawings, (FIGURE,))


def drawn(simulation: Simulation, document: Mapping[str, Any]) -> Drawing:
    """Coverage and errors over the stream, and how soon auto-accept was suspended."""
    figure, (coverage, errors, alarms) = panels(3, columns=3, width=10.5, height=3.2)
    _over_time(coverage, errors, simulation, document)
    _alarms(alarms, simulation)
    keys = [
        key(REAL, "median run (band: 5th to 95th percentile)"),
        key(FAKE, "errors among accepted, all runs"),
        key(WRONG, "risk limit", linestyle="--"),
    ]
    if simulation.plan.drift:
        keys.append(key(MUTED, "new source appears", linestyle=":"))
    legend_below(figure, keys)
    raised = document["alarm"]["raised"]
    alt = (
        "Left: share of the stream accepted without a person. Middle: share of errors among the "
        "accepted. Right: share of runs suspended after so many audits. "
        f"Suspended at last: {'no run to tell of' if raised is None else percent(raised[0])}."
    )
    return finish(figure, "Coverage, errors and alarms over the stream", alt)


def _over_time(
    coverage: Axes, errors: Axes, simulation: Simulation, document: Mapping[str, Any]
) -> None:
    found, plan = document["over_time"], simulation.plan
    x = found["images"]
    if x:
        low, median, high = (
            [each[name] for each in found["coverage"]] for name in ("low", "median", "high")
        )
        coverage.fill_between(x, low, high, color=REAL, alpha=0.2, linewidth=0)
        coverage.plot(x, median, color=REAL, linewidth=1.6)
        y = [np.nan if each is None else each for each in found["errors"]]
        errors.plot(x, y, color=FAKE, linewidth=1.6)
    errors.axhline(plan.risk_limit, color=WRONG, linestyle="--", linewidth=1)
    for panel in (coverage, errors):
        panel.set_ylim(bottom=0)
        panel.set_xlim(0, plan.images)
        if plan.drift:
            panel.axvline(plan.change, color=MUTED, linestyle=":", linewidth=1.2)
    coverage.set_ylim(0, 1)
    for panel in (coverage, errors):
        panel.xaxis.set_major_locator(MaxNLocator(4))
        panel.yaxis.set_major_formatter(PercentFormatter(1))
    label(coverage, "Accepted without a person", "images since the certificate")
    label(errors, "Errors among the accepted", "images since the certificate")


def _alarms(panel: Axes, simulation: Simulation) -> None:
    changed = simulation.runs_with_change()
    audits = np.sort([run.alarm.audits_since_change for run in changed if run.alarm is not None])
    if audits.size:
        shares = np.arange(1, audits.size + 1) / len(changed)
        panel.step([0, *audits], [0, *shares], where="post", color=REAL, linewidth=1.6)
    panel.set_xlim(0, max(ENOUGH_AUDITS, *(audits[-1:] * 1.05)) if audits.size else ENOUGH_AUDITS)
    panel.set_ylim(0, 1.02)
    panel.yaxis.set_major_formatter(PercentFormatter(1))
    since = "the new source" if simulation.plan.drift else "the certificate"
    label(panel, "Runs suspended", f"audits since {since}")


def _share(found: list[float] | None) -> str:
    if found is None:
        return "–"
    value, low, high = found
    return f"{percent(value)} ({percent(low)} to {percent(high)})"


def _spread(found: Mapping[str, float] | None, form: str = "{:,.0f}") -> str:
    if found is None:
        return "–"
    low, median, high = (form.format(found[name]) for name in ("low", "median", "high"))
    return f"{median} ({low} to {high})"
